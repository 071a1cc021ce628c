// pack_test.cpp - trees made into archives, and back into the same trees.

#include "archive/pack.h"

#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include <cstdlib>

#include "archive/tree_fixture.h"
#include "base/string.h"
#include "base/vector.h"
#include "check.h"

namespace kist::archive {

using namespace test;

namespace {

class Pack : public TreeTest {
protected:
    Result<String> packed(const PackOptions& options = {})
    {
        StringWriter sink;
        TarWriter tar(sink);
        Fd tree = TRY(sys::open(tree_, O_PATH | O_DIRECTORY));
        TRY(pack(tree, options, tar));
        TRY(tar.finish());
        return sink.text;
    }

    // "NAME" or "NAME -> LINK" of each entry, a line each.
    static Result<String> names(const String& archive)
    {
        StringReader reader(archive);
        Tar tar(reader);
        Entry entry;
        String lines;
        while (TRY(tar.next(entry)))
            lines += entry.name + (entry.link.empty() ? "" : " -> " + entry.link) + "\n";
        return lines;
    }

    String listed(const PackOptions& options = {})
    {
        auto archive = packed(options);
        auto lines = archive ? names(*archive) : std::move(archive);
        return lines ? *lines : lines.error().message();
    }

    void make(const String& name, std::string_view contents, mode_t mode = 0644)
    {
        Fd file = sys::open(at(name), O_WRONLY | O_CREAT, mode).take();
        EXPECT_OK(sys::write_all(file, contents));
        EXPECT_EQ(::chmod(at(name).c_str(), mode), 0);
    }

    // The tree as other eyes see it: everything that an archive is to keep.
    String portrait(const String& place)
    {
        String command = "cd " + place +
                         " && find . ! -type d -printf '%p %y %m %U %G %n %T@ %l %s\n' -o "
                         "-printf '%p %y %m %U %G "
                         "%T@\n' | LC_ALL=C sort; cd " +
                         place +
                         " && find . -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum";
        FILE* pipe = ::popen(command.c_str(), "r");
        String text;
        char buffer[4096];
        for (size_t got; (got = ::fread(buffer, 1, sizeof buffer, pipe)) > 0;)
            text.append(buffer, got);
        ::pclose(pipe);
        return text;
    }

    void fill()
    {
        ::mkdir(at("b").c_str(), 0700);
        ::mkdir(at("a.d").c_str(), 02755);
        ::mkdir(at("a").c_str(), 0555);
        make("a/file", "contents", 04711);
        make("b/" + String(200, 'l'), String(100000, 'y'));
        make("a/empty", "");
        ::link(at("a/file").c_str(), at("b/again").c_str());
        ::symlink("/etc/passwd", at("link").c_str());
        ::link(at("link").c_str(), at("link2").c_str());
        ::symlink(String(300, 't').c_str(), at("long").c_str());
        ::mkfifo(at("pipe").c_str(), 0620);
        ::setxattr(at("a/file").c_str(), "user.note", "x\0y", 3, 0);
        if (::geteuid() == 0) {
            ::mknod(at("null").c_str(), S_IFCHR | 0666, makedev(1, 3));
            ::chown(at("a/empty").c_str(), 12, 4000000);
            ::lchown(at("link").c_str(), 3, 4);
        }
        timespec times[2] = {{.tv_sec = 77}, {.tv_sec = 1600000000, .tv_nsec = 123456789}};
        for (const char* name : {"a/file", "a/empty", "link", "a", "b"})
            ::utimensat(AT_FDCWD, at(name).c_str(), times, AT_SYMLINK_NOFOLLOW);
    }
};

TEST_F(Pack, IsInTheOrderOfNamesWithLinksAfterWhatTheyLinkTo)
{
    make("b", "");
    ::mkdir(at("a").c_str(), 0755);
    make("a/z", "1");
    ::link(at("a/z").c_str(), at("c").c_str());
    make("a.txt", "");
    EXPECT_EQ(listed(), "a/\na/z\na.txt\nb\nc -> a/z\n");
    EXPECT_EQ(listed({.prefix = "x", .top = true}),
              "x/\nx/a/\nx/a/z\nx/a.txt\nx/b\nx/c -> x/a/z\n");
    EXPECT_EQ(listed({.top = true}).substr(0, 6), "./\na/\n");
}

TEST_F(Pack, MakesTheSameTreeAgain)
{
    fill();
    String archive = MUST(packed({.top = true}));
    EXPECT_EQ(archive, MUST(packed({.top = true})));
    String before = portrait(tree_);
    ASSERT_TRUE(fs::remove_tree(sys::borrow(AT_FDCWD), tree_));
    ::mkdir(tree_.c_str(), 0700);
    MUST(apply(archive, {.owners = ::geteuid() == 0 ? Owners::apply : Owners::record}));
    EXPECT_EQ(portrait(tree_), before);
    EXPECT_EQ(xattr_of("a/file", "user.note"), String("x\0y", 3));
}

TEST_F(Pack, IsUnderstoodByGnuTarAndPython)
{
    if (::system("tar --version > /dev/null 2>&1 && python3 -c 'import tarfile' 2> /dev/null") != 0)
        GTEST_SKIP() << "needs tar and python3";
    if (::geteuid() != 0)
        GTEST_SKIP() << "needs root, to compare owners";
    fill();
    Fd holes = MUST(sys::open(at("holes"), O_RDWR | O_CREAT, 0600));
    EXPECT_EQ(::ftruncate(holes.get(), 3 << 20), 0);
    EXPECT_EQ(::pwrite(holes.get(), "data", 4, 1 << 20), 4);
    for (bool sparse : {false, true}) {
        Fd file = MUST(sys::open(top_ + "/t.tar", O_WRONLY | O_CREAT | O_TRUNC, 0600));
        EXPECT_OK(sys::write_all(file, MUST(packed({.top = true, .sparse = sparse}))));
        String whole = portrait(tree_);
        for (const char* how :
             {"tar -C gnu -xpf t.tar --numeric-owner --xattrs",
              "python3 -c 'import tarfile; tarfile.open(\"t.tar\").extractall(\"gnu\", "
              "numeric_owner=True)'"}) {
            String command = "cd " + top_ + " && rm -rf gnu && mkdir gnu && " + how;
            ASSERT_EQ(::system(command.c_str()), 0) << how;
            String other = portrait(top_ + "/gnu");
            if (how[0] == 'p') {  // its times are floating point, its hard links copies of links
                EXPECT_EQ(::system(("diff -r --no-dereference -x null -x pipe " + tree_ + " " +
                                    top_ + "/gnu")
                                       .c_str()),
                          0);
                continue;
            }
            EXPECT_EQ(other, whole) << how;
        }
    }
}

TEST_F(Pack, KeepsHolesOrFillsThemWithZeros)
{
    Fd file = MUST(sys::open(at("holes"), O_RDWR | O_CREAT, 0600));
    EXPECT_EQ(::ftruncate(file.get(), 8 << 20), 0);
    EXPECT_EQ(::pwrite(file.get(), "data", 4, 1 << 20), 4);
    String small = MUST(packed({.sparse = true}));
    EXPECT_LT(small.size(), 1u << 20);
    String large = MUST(packed());
    EXPECT_GT(large.size(), 8u << 20);
    for (const String* archive : {&small, &large}) {
        ASSERT_TRUE(fs::remove_tree(sys::borrow(AT_FDCWD), tree_));
        ::mkdir(tree_.c_str(), 0700);
        MUST(apply(*archive));
        struct stat facts = stat_of("holes");
        EXPECT_EQ(facts.st_size, 8 << 20);
        Fd again = MUST(sys::open(at("holes"), O_RDONLY));
        String contents = MUST(sys::read_all(again, 8 << 20));
        EXPECT_EQ(contents.substr(1 << 20, 5), String("data\0", 5));
        EXPECT_EQ(contents.find_first_not_of('\0'), 1u << 20);
        if (archive == &small)
            EXPECT_LT(facts.st_blocks, 2048);
    }
}

TEST_F(Pack, LeavesOutSocketsAndWhatBelongsToOverlayfs)
{
    Fd listener(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = {}};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", at("socket").c_str());
    ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    make("f", "");
    EXPECT_EQ(::setxattr(at("f").c_str(), "user.overlay.origin", "x", 1, 0), 0);
    EXPECT_EQ(::setxattr(at("f").c_str(), "user.kept", "x", 1, 0), 0);
    String archive = MUST(packed());
    EXPECT_EQ(MUST(names(archive)), "f\n");
    EXPECT_EQ(archive.find("overlay"), archive.npos);
    EXPECT_NE(archive.find("SCHILY.xattr.user.kept=x"), archive.npos);
}

TEST_F(Pack, WritesTheMarksOfALayerAsItsArchiveHadThem)
{
    String archive = directory("d") + file("d/.wh..wh..opq", "") + file("d/kept") +
                     file("d/.wh.gone", "") + end();
    MUST(apply(archive, {.user_xattr = true}));
    EXPECT_EQ(listed({.marks = Marks::whiteouts}), "d/\nd/.wh..wh..opq\nd/.wh.gone\nd/kept\n");
    EXPECT_EQ(listed(), "d/\nd/kept\n");
}

TEST_F(Pack, GivesBackTheOwnersThatWereOnlyRecorded)
{
    String archive = entry({.name = "d", .type = '5', .mode = 0700, .uid = 7, .gid = 8}) +
                     entry({.name = "d/z", .contents = "1", .mode = 04755, .uid = 5, .gid = 6}) +
                     hard_link("a", "d/z") +
                     entry({.name = "dev", .type = '3', .mode = 0666, .major = 1, .minor = 3}) +
                     entry({.name = "gone", .type = '4', .major = 8}) + file("gone") +
                     symlink("by", "d") + entry({.name = "by/f", .contents = "2", .uid = 9}) +
                     end();
    StringWriter record;
    MUST(apply(archive, {.owners = Owners::record, .record_to = &record}));
    String again = MUST(packed({.prefix = "p", .owners = record.text}));
    StringReader reader(again);
    Tar tar(reader);
    Entry entry;
    String lines;
    while (MUST(tar.next(entry)))
        lines +=
            str::format("%s %c %o %u:%u %u,%u\n", entry.name.c_str(), char(entry.kind), entry.mode,
                        entry.uid, entry.gid, entry.device_major, entry.device_minor);
    String ours = str::format("%u:%u", ::geteuid(), ::getegid());
    EXPECT_EQ(lines,
              "p/a 0 4755 5:6 0,0\n"
              "p/by 2 777 " +
                  ours +
                  " 0,0\n"
                  "p/d/ 5 700 7:8 0,0\n"
                  "p/d/f 0 644 9:0 0,0\n"
                  "p/d/z 1 4755 5:6 0,0\n"
                  "p/gone 0 644 " +
                  ours +
                  " 0,0\n"
                  "p/dev 3 666 0:0 1,3\n");
    EXPECT_ERROR(packed({.owners = "x"}), EBADMSG, "owners");
    EXPECT_ERROR(packed({.owners = std::string_view("x\0"
                                                    "0 644 1 1 1\n",
                                                    14)}),
                 EBADMSG, "owners");
}

// What a shuffled tree of random names, sizes and kinds becomes, many times over.
TEST_F(Pack, MakesAnyTreeAgain)
{
    unsigned seed = 7;
    auto random = [&](unsigned below) { return unsigned(::rand_r(&seed)) % below; };
    for (int round = 0; round < 20; round++) {
        ASSERT_TRUE(fs::remove_tree(sys::borrow(AT_FDCWD), tree_));
        ::mkdir(tree_.c_str(), 0755);
        Vector<String> directories = {""}, files;
        for (int i = 0; i < 60; i++) {
            String name(1 + random(random(2) ? 12 : 250), char('a' + random(26)));
            String path = directories[random(unsigned(directories.size()))] + name;
            if (path.size() > 3000 || exists(path))
                continue;
            switch (random(5)) {
                case 0:
                    ::mkdir(at(path).c_str(), random(01000) | 0700);
                    directories.push_back(path + "/");
                    break;
                case 1: ::symlink(String(1 + random(300), 'x').c_str(), at(path).c_str()); break;
                case 2:
                    if (!files.empty()) {
                        const String& target = files[random(unsigned(files.size()))];
                        EXPECT_EQ(::link(at(target).c_str(), at(path).c_str()), 0);
                        break;
                    }
                    [[fallthrough]];
                default: {
                    make(path, String(random(3000), char(random(256))), random(01000));
                    if (random(4) == 0)
                        EXPECT_EQ(::truncate(at(path).c_str(), random(100000)), 0);
                    files.push_back(path);
                }
            }
        }
        String before = portrait(tree_);
        String archive = MUST(packed({.top = true, .sparse = round % 2 == 0}));
        ASSERT_TRUE(fs::remove_tree(sys::borrow(AT_FDCWD), tree_));
        ::mkdir(tree_.c_str(), 0755);
        MUST(apply(archive, {.owners = ::geteuid() == 0 ? Owners::apply : Owners::record}));
        EXPECT_EQ(portrait(tree_), before);
    }
}

}  // namespace

}  // namespace kist::archive
