// layer_test.cpp - what an honest layer becomes.

#include "archive/layer.h"

#include <grp.h>
#include <sched.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "archive/tree_fixture.h"
#include "base/string.h"
#include "check.h"

namespace kist::archive {

using namespace test;

namespace {

class Layer : public TreeTest {};

TEST_F(Layer, BecomesFilesWithTheirContentsModesOwnersAndTimes)
{
    String archive =
        directory("etc/") +
        entry({.name = "etc/passwd", .contents = "root", .mode = 0640, .uid = 3, .gid = 4}) +
        symlink("etc/link", "/etc/passwd") + hard_link("etc/other", "etc/passwd") +
        entry({.name = "etc/pipe", .type = '6', .mode = 0622}) +
        entry({.name = "etc/null", .type = '3', .mode = 0666, .major = 1, .minor = 3}) + end();
    for (size_t piece : {1, 7, 512, 513, 100000}) {
        Applied applied = MUST(apply(archive, {}, piece));
        EXPECT_EQ(applied.entries, 6u);
        EXPECT_EQ(applied.bytes, 4u);
    }
    struct stat passwd = stat_of("etc/passwd");
    EXPECT_EQ(passwd.st_mode, S_IFREG | 0640u);
    EXPECT_EQ(passwd.st_uid, 3u);
    EXPECT_EQ(passwd.st_gid, 4u);
    EXPECT_EQ(passwd.st_mtim.tv_sec, 1000000000);
    EXPECT_EQ(passwd.st_nlink, 2u);
    EXPECT_EQ(contents_of("etc/passwd"), "root");
    EXPECT_EQ(stat_of("etc/other").st_ino, passwd.st_ino);
    EXPECT_TRUE(S_ISLNK(stat_of("etc/link").st_mode));
    EXPECT_EQ(stat_of("etc/link").st_mtim.tv_sec, 1000000000);
    EXPECT_EQ(stat_of("etc/pipe").st_mode, S_IFIFO | 0622u);
    EXPECT_EQ(stat_of("etc/null").st_mode, S_IFCHR | 0666u);
    EXPECT_EQ(stat_of("etc/null").st_rdev, makedev(1, 3));
    EXPECT_EQ(stat_of("etc").st_mtim.tv_sec, 1000000000);
}

TEST_F(Layer, MayBeEmptyOrEndWithoutItsBlocksOfZeros)
{
    EXPECT_OK(apply(""));
    EXPECT_OK(apply(end()));
    EXPECT_OK(apply(file("a")));
    EXPECT_OK(apply(file("b") + String(512, '\0')));
    EXPECT_OK(apply(header_block({.name = "c", .contents = "abc"}) + "abc"));
    EXPECT_EQ(contents_of("c"), "abc");
}

TEST_F(Layer, IsReadToTheEndOfItsSource)
{
    String archive = file("a") + end() + String(100000, 'x');
    StringReader reader(archive, 1000);
    Fd tree = MUST(sys::open(tree_, O_RDONLY | O_DIRECTORY));
    EXPECT_OK(apply_layer(reader, tree, {}));
    EXPECT_EQ(reader.left(), 0u);
}

TEST_F(Layer, GivesDirectoriesTheirModesAndTimesWhenAllIsInThem)
{
    String archive = directory("r/", 0555) + file("r/a") + directory("r/g/", 02775) +
                     entry({.name = "r/g/b", .gid = 7}) + directory("r/g/s/", 0700) +
                     directory("t/", 01777) + file("t/c") + hard_link("r/d", "t/c");
    for (int i = 0; i < 40; i++)  // more than stay open
        archive +=
            directory("many/" + kist::test::to_text(i), 0500) + file(str::format("many/%d/x", i));
    for (int i = 0; i < 40; i++)
        archive += file(str::format("many/%d/y", i));
    EXPECT_OK(apply(archive + end()));
    const struct {
        const char* name;
        unsigned mode;
    } kExpected[] = {{"r", 0555}, {"r/g", 02775}, {"r/g/s", 0700}, {"t", 01777}, {"many/3", 0500}};
    for (auto& expected : kExpected) {
        EXPECT_EQ(stat_of(expected.name).st_mode & 07777, expected.mode) << expected.name;
        EXPECT_EQ(stat_of(expected.name).st_mtim.tv_sec, 1000000000) << expected.name;
    }
    EXPECT_EQ(stat_of("r/g/b").st_gid, 7u);
    EXPECT_EQ(stat_of("r/g/s").st_gid, 0u);
    EXPECT_TRUE(exists("many/39/y"));
}

TEST_F(Layer, SetsTheAttributesOfTheTreeItself)
{
    EXPECT_OK(
        apply(entry({.name = "./", .type = '5', .mode = 0750, .uid = 9}) + file("./a") + end()));
    struct stat top = stat_of("");
    EXPECT_EQ(top.st_mode & 07777, 0750u);
    EXPECT_EQ(top.st_uid, 9u);
    EXPECT_EQ(top.st_mtim.tv_sec, 1000000000);
}

TEST_F(Layer, MergesADirectoryThatComesTwiceAndTakesItsNewAttributes)
{
    EXPECT_OK(apply(directory("d/", 0755) + file("d/a") +
                    entry({.name = "d", .type = '5', .mode = 0711, .uid = 3, .mtime = 55}) +
                    file("d/b") + end()));
    EXPECT_TRUE(exists("d/a"));
    EXPECT_TRUE(exists("d/b"));
    EXPECT_EQ(stat_of("d").st_mode & 07777, 0711u);
    EXPECT_EQ(stat_of("d").st_uid, 3u);
    EXPECT_EQ(stat_of("d").st_mtim.tv_sec, 55);
}

TEST_F(Layer, ReplacesWhatItMadeBefore)
{
    EXPECT_OK(apply(file("a", "one") + file("a", "two") + directory("b/") + file("b/c") +
                    file("b", "now a file") + file("d") + directory("d/") + symlink("e", "a") +
                    file("e", "not a link") + end()));
    EXPECT_EQ(contents_of("a"), "two");
    EXPECT_EQ(contents_of("b"), "now a file");
    EXPECT_TRUE(S_ISDIR(stat_of("d").st_mode));
    EXPECT_EQ(contents_of("e"), "not a link");
}

TEST_F(Layer, KeepsAFileThatIsLinkedToItself)
{
    EXPECT_OK(apply(file("a") + hard_link("a", "a") + hard_link("b", "a") + hard_link("b", "a") +
                    hard_link("a", "b") + end()));
    EXPECT_EQ(contents_of("a"), "contents");
    EXPECT_EQ(stat_of("b").st_nlink, 2u);
}

TEST_F(Layer, MakesParentsThatItDoesNotMention)
{
    EXPECT_OK(apply(file("a/b/c/d") + end()));
    EXPECT_EQ(stat_of("a/b").st_mode & 07777, 0755u);
    EXPECT_EQ(contents_of("a/b/c/d"), "contents");
}

TEST_F(Layer, TurnsWhiteoutsIntoOverlayfsOwn)
{
    EXPECT_OK(apply(directory("d/") + file("d/.wh.gone") + file("d/sub/.wh..wh..opq") +
                    file("d/made") + file("d/.wh.made") + file("d/.wh.made") +
                    file(".wh..wh.plnk/1.2") + file(".wh..wh.aufs") + file("d/back") +
                    file("d/.wh.back") + file("d/back", "again") + end()));
    EXPECT_TRUE(is_whiteout("d/gone"));
    EXPECT_TRUE(is_whiteout("d/made"));
    EXPECT_EQ(contents_of("d/back"), "again");
    EXPECT_EQ(xattr_of("d/sub", "trusted.overlay.opaque"), "y");
    EXPECT_EQ(xattr_of("d", "trusted.overlay.opaque"), "none");
    EXPECT_FALSE(exists(".wh..wh.plnk"));
    EXPECT_FALSE(exists(".wh..wh.aufs"));
    EXPECT_EQ(stat_of("d").st_mtim.tv_sec, 1000000000);
}

TEST_F(Layer, HidesTheLowerDirectoryWhenOneComesAfterItsWhiteout)
{
    EXPECT_OK(apply(file(".wh.d") + directory("d/") + file("d/new") + end()));
    EXPECT_EQ(xattr_of("d", "trusted.overlay.opaque"), "y");
    EXPECT_TRUE(exists("d/new"));
}

TEST_F(Layer, MarksWithUserAttributesWhenAskedTo)
{
    auto applied = apply(file("d/.wh..wh..opq") + end(), {.user_xattr = true});
    if (!applied && applied.error().is(ENOTSUP))
        GTEST_SKIP() << "no user attributes on this file system";
    EXPECT_OK(applied);
    EXPECT_EQ(xattr_of("d", "user.overlay.opaque"), "y");
}

TEST_F(Layer, KeepsSetIdBitsAndCapabilitiesOverAChangeOfOwner)
{
    // struct vfs_cap_data, revision 2: cap_net_raw permitted and effective
    const String capability("\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
    EXPECT_OK(apply(entry({.name = "su", .mode = 06755, .uid = 0, .gid = 5}) +
                    pax(record("SCHILY.xattr.security.capability", capability)) +
                    entry({.name = "ping", .contents = "x", .mode = 0755, .uid = 4}) + end()));
    EXPECT_EQ(stat_of("su").st_mode & 07777, 06755u);
    EXPECT_EQ(xattr_of("ping", "security.capability"), capability);
    EXPECT_EQ(stat_of("ping").st_uid, 4u);
}

TEST_F(Layer, DoesNotDependOnTheUmask)
{
    mode_t before = ::umask(077);
    auto applied = apply(entry({.name = "f", .mode = 0666}) + directory("d/", 0777) + file("i/f") +
                         entry({.name = "p", .type = '6', .mode = 0666}) + end());
    ::umask(before);
    EXPECT_OK(applied);
    EXPECT_EQ(stat_of("f").st_mode & 07777, 0666u);
    EXPECT_EQ(stat_of("d").st_mode & 07777, 0777u);
    EXPECT_EQ(stat_of("i").st_mode & 07777, 0755u);
    EXPECT_EQ(stat_of("p").st_mode & 07777, 0666u);
}

TEST_F(Layer, LeavesNothingToASetGroupIdTree)
{
    ASSERT_EQ(::chown(tree_.c_str(), 0, 50), 0);
    ASSERT_EQ(::chmod(tree_.c_str(), 02755), 0);
    EXPECT_OK(apply(file("f") + directory("d/") + end()));
    EXPECT_EQ(stat_of("f").st_gid, 0u);
    EXPECT_EQ(stat_of("d").st_gid, 0u);
    EXPECT_EQ(stat_of("d").st_mode & 07777, 0755u);
}

TEST_F(Layer, LeavesDevicesOutOrRecordsThem)
{
    StringWriter records;
    String archive = file("b", "a file first") +
                     entry({.name = "b", .type = '4', .mode = 0660, .gid = 6, .major = 8}) + end();
    EXPECT_OK(apply(archive, {.make_devices = false}));
    EXPECT_FALSE(exists("b"));
    EXPECT_OK(apply(archive, {.record_to = &records, .make_devices = false}));
    EXPECT_EQ(records.text, String("b\0"
                                   "4 660 0 6 8 0\n",
                                   16));
}

// Runs `body` as another user; its failures are the child's exit status.
template <class Body>
void as_another_user(Body body)
{
    pid_t child = ::fork();
    if (child == 0) {
        bool became = ::setgroups(0, nullptr) == 0 && ::setgid(12345) == 0 && ::setuid(12345) == 0;
        _exit(became && body() ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

TEST_F(Layer, IsMadeByAnOrdinaryUserWhoRecordsTheOwners)
{
    ASSERT_EQ(::chown(tree_.c_str(), 12345, 12345), 0);
    String archive = entry({.name = "closed/", .type = '5', .mode = 0500}) + file("closed/a", "a") +
                     entry({.name = "none/", .type = '5', .mode = 0}) + file("none/a", "a");
    for (int i = 0; i < 30; i++)
        archive += directory("other" + kist::test::to_text(i)) + file(str::format("other%d/x", i));
    archive += file("closed/b", "b") + file("none/b", "b") + hard_link("l", "none/a") +
               entry({.name = "owned", .mode = 0, .uid = 33, .gid = 44}) +
               entry({.name = "null", .type = '3', .mode = 0666, .major = 1, .minor = 3}) +
               pax(record("SCHILY.xattr.security.capability", "x")) + file("capable") +
               symlink("link", "x") + entry({.name = "pipe", .type = '6'}) + file(".wh.hidden") +
               end();
    as_another_user([&] {
        StringWriter records;
        auto applied = apply(archive, {.owners = Owners::record, .record_to = &records});
        if (!applied)
            fprintf(stderr, "%s\n", applied.error().message().c_str());
        return applied && records.text == String(
                                              "owned\0"
                                              "0 0 33 44 0 0\n"
                                              "null\0"
                                              "3 666 0 0 1 3\n",
                                              39);
    });
    EXPECT_EQ(stat_of("closed").st_mode & 07777, 0500u);
    EXPECT_EQ(stat_of("none").st_mode & 07777, 0u);
    EXPECT_EQ(stat_of("none").st_mtim.tv_sec, 1000000000);
    EXPECT_EQ(stat_of("owned").st_uid, 12345u);
    EXPECT_EQ(contents_of("none/b"), "b");
    EXPECT_EQ(contents_of("l"), "a");
    EXPECT_TRUE(is_whiteout("hidden"));
    EXPECT_FALSE(exists("null"));
}

TEST_F(Layer, NamesTheOwnerThatTheUserNamespaceLacks)
{
    ASSERT_EQ(::chown(tree_.c_str(), 12345, 12345), 0);
    as_another_user([&] {
        if (::unshare(CLONE_NEWUSER) < 0)
            return true;  // not allowed here
        auto self = sys::borrow(AT_FDCWD);
        (void)fs::poke(self, "/proc/self/setgroups", "deny");
        if (!fs::poke(self, "/proc/self/uid_map", "0 12345 1") ||
            !fs::poke(self, "/proc/self/gid_map", "0 12345 1"))
            return true;
        auto applied = apply(entry({.name = "f", .uid = 33}) + end());
        return !applied && applied.error().is(EINVAL) &&
               applied.error().message().find("f: owner 33:0 is not mapped") == 0 &&
               applied.error().hint().find("/etc/subuid") != String::npos;
    });
}

}  // namespace
}  // namespace kist::archive
