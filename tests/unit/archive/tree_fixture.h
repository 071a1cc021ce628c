// tree_fixture.h - an empty tree beside a directory that no layer may touch.

#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "archive/layer.h"
#include "archive/tar_builder.h"
#include "base/fs.h"
#include "base/string.h"
#include "base/sys.h"

namespace kist::archive::test {

class TreeTest : public ::testing::Test {
protected:
    TreeTest()
    {
        const char* place = ::getenv("TMPDIR");
        if (!place)
            place = ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";  // quicker by far
        String pattern = String(place) + "/kist-layer-XXXXXX";
        top_ = ::mkdtemp(pattern.data());
        ::chmod(top_.c_str(), 0755);
        tree_ = top_ + "/tree";
        outside_ = top_ + "/outside";
        ::mkdir(tree_.c_str(), 0755);
        ::mkdir(outside_.c_str(), 0755);
        Fd file = sys::open(outside_ + "/file", O_WRONLY | O_CREAT, 0644).take();
        EXPECT_TRUE(sys::write_all(file, "untouched"));
        ::mkdir((outside_ + "/directory").c_str(), 0755);
        timespec times[2] = {{.tv_sec = 77}, {.tv_sec = 77}};
        for (const char* name : {"/file", "/directory", ""})
            ::utimensat(AT_FDCWD, (outside_ + name).c_str(), times, 0);
        before_ = facts_outside();
    }
    ~TreeTest() override
    {
        // Whatever a layer did, the neighbours are as they were: names, contents, attributes.
        EXPECT_EQ(facts_outside(), before_);
        EXPECT_TRUE(fs::remove_tree(sys::borrow(AT_FDCWD), top_));
    }

    // Everything about the directory beside the tree, but times of access.
    String facts_outside()
    {
        String facts;
        for (const char* name : {"", "/file", "/directory"}) {
            struct stat s = {};
            EXPECT_EQ(::lstat((outside_ + name).c_str(), &s), 0) << name;
            facts +=
                str::format("%s %o %u %u %lu %ld %ld\n", name, s.st_mode, s.st_uid, s.st_gid,
                            (unsigned long)s.st_nlink, long(s.st_mtim.tv_sec), long(s.st_size));
        }
        auto contents = fs::read_path(outside_ + "/file");
        return facts + (contents ? *contents : "gone");
    }

    Result<Applied> apply(const String& archive, ApplyOptions options = {}, size_t piece = 65536)
    {
        StringReader reader(archive, piece);
        Fd tree = TRY(sys::open(tree_, O_RDONLY | O_DIRECTORY));
        return apply_layer(reader, tree, options);
    }

    String at(const String& name) const { return tree_ + "/" + name; }
    struct stat stat_of(const String& name) const
    {
        struct stat facts = {};
        EXPECT_EQ(::lstat(at(name).c_str(), &facts), 0) << name;
        return facts;
    }
    bool exists(const String& name) const
    {
        struct stat facts;
        return ::lstat(at(name).c_str(), &facts) == 0;
    }
    String contents_of(const String& name) const
    {
        auto contents = fs::read_path(at(name));
        return contents ? *contents : contents.error().message();
    }
    bool is_whiteout(const String& name) const
    {
        struct stat facts = stat_of(name);
        return S_ISCHR(facts.st_mode) && facts.st_rdev == 0;
    }
    String xattr_of(const String& name, const char* key) const
    {
        char value[256];
        ssize_t size = ::lgetxattr(at(name).c_str(), key, value, sizeof value);
        return size < 0 ? "none" : String(value, static_cast<size_t>(size));
    }

    String top_;
    String tree_;
    String outside_;
    String before_;
};

}  // namespace kist::archive::test
