// live_test.cpp - what is unpacked into a directory that others use (cp).

#include <gtest/gtest.h>

#include "archive/layer.h"
#include "archive/tree.h"
#include "archive/tree_fixture.h"
#include "base/string.h"
#include "check.h"

namespace kist::archive {

using namespace test;

namespace {

class Live : public TreeTest {
protected:
    Result<Applied> copy(const String& archive, const String& prefix = "")
    {
        return apply(archive, {.owners = Owners::record, .live = true, .prefix = prefix});
    }
};

TEST_F(Live, GoesWhereThePrefixSays)
{
    MUST(copy(directory("./") + directory("./d") + file("./d/f") + hard_link("./h", "./d/f") +
                  symlink("./s", "/d/f") + end(),
              "new"));
    EXPECT_EQ(contents_of("new/d/f"), "contents");
    EXPECT_EQ(stat_of("new/h").st_ino, stat_of("new/d/f").st_ino);
    MUST(copy(file(".", "alone") + end(), "one"));
    EXPECT_EQ(contents_of("one"), "alone");
    EXPECT_ERROR(copy(file(".") + end()), EBADMSG, "without a name");
    EXPECT_ERROR(copy(file("../f") + end(), "new"), EBADMSG, "upwards");
}

TEST_F(Live, LeavesTheDirectoryItselfAsItIs)
{
    ::chmod(tree_.c_str(), 03777);
    MUST(copy(directory("./", 0700) + directory("./d", 0500) + file("./d/f") + end()));
    struct stat facts;
    ASSERT_EQ(::stat(tree_.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777, 03777u);
    EXPECT_NE(facts.st_mtim.tv_sec, 1000000000);
    EXPECT_EQ(stat_of("d").st_mode & 07777, 0500u);
    EXPECT_EQ(stat_of("d").st_mtim.tv_sec, 1000000000);
}

TEST_F(Live, TakesNamesOfWhiteoutsAsNames)
{
    MUST(copy(file(".wh.a") + file(".wh..wh..opq") + end()));
    EXPECT_EQ(contents_of(".wh.a"), "contents");
    EXPECT_EQ(contents_of(".wh..wh..opq"), "contents");
}

TEST_F(Live, ReplacesFilesButNeverADirectoryByAFile)
{
    MUST(copy(directory("d") + file("d/f") + file("f") + symlink("l", "d") + end()));
    MUST(copy(file("f", "new") + symlink("d/f", "x") + file("l", "was a link") + end()));
    EXPECT_EQ(contents_of("f"), "new");
    EXPECT_EQ(contents_of("l"), "was a link");
    EXPECT_TRUE(S_ISLNK(stat_of("d/f").st_mode));
    EXPECT_ERROR(copy(file("d") + end()), EEXIST, "place of a directory");
    EXPECT_ERROR(copy(directory("f") + end()), EEXIST, "place of a file");
    MUST(copy(symlink("to", "d") + end()));
    EXPECT_ERROR(copy(directory("to") + file("to/g") + end()), EEXIST, "place of a file");
    EXPECT_FALSE(exists("d/g"));
}

TEST_F(Live, LeadsNowhereElse)
{
    ::symlink(outside_.c_str(), at("out").c_str());
    ::symlink("../outside/file", at("file").c_str());
    EXPECT_FALSE(copy(file("out/file", "theirs") + end()));
    MUST(copy(file("file", "ours") + end()));
    EXPECT_EQ(contents_of("file"), "ours");
    Fd tree = MUST(sys::open(tree_, O_RDONLY | O_DIRECTORY));
    ::symlink((outside_ + "/file").c_str(), at("again").c_str());
    EXPECT_ERROR(chmod_at(tree, "again", 0777), ELOOP, "link");
}

TEST_F(Live, LeavesOutSetIdBitsAndDevicesOfOthers)
{
    MUST(copy(entry({.name = "s", .mode = 06755, .uid = 5}) +
              entry({.name = "dev", .type = '3', .major = 1, .minor = 3}) + end()));
    EXPECT_EQ(stat_of("s").st_mode & 07777, 0755u);
    EXPECT_EQ(stat_of("s").st_uid, ::geteuid());
    EXPECT_FALSE(exists("dev"));
    if (::geteuid() != 0)
        return;
    MUST(apply(entry({.name = "r", .mode = 04755, .uid = 5, .gid = 6}) + end(),
               {.live = true, .roots = true}));
    EXPECT_EQ(stat_of("r").st_uid, 0u);
    EXPECT_EQ(stat_of("r").st_gid, 0u);
    EXPECT_EQ(stat_of("r").st_mode & 07777, 04755u);
}

TEST_F(Live, LeavesNoHalfOfAFile)
{
    String archive = entry({.name = "f", .contents = String(3000, 'x')});
    EXPECT_ERROR(copy(archive.substr(0, 1500)), EBADMSG, "in the middle");
    EXPECT_FALSE(exists("f"));
}

}  // namespace

}  // namespace kist::archive
