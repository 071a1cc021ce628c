// hostile_test.cpp - layers that want to get out of their tree.  The fixture checks after each test
// that the directory beside the tree is untouched.

#include <sys/statvfs.h>

#include "archive/tree_fixture.h"
#include "base/string.h"
#include "check.h"

namespace kist::archive {

using namespace test;

namespace {

class HostileLayer : public TreeTest {};

TEST_F(HostileLayer, IsRefusedWhenANameLeadsUpwards)
{
    for (const char* name : {"../outside/file", "a/../../outside/file", "a/..", "..", "/../x"}) {
        EXPECT_ERROR(apply(file(name) + end()), EBADMSG, "leads upwards");
        EXPECT_ERROR(apply(directory(name) + end()), EBADMSG, "leads upwards");
        EXPECT_ERROR(apply(symlink(name, "x") + end()), EBADMSG, "leads upwards");
    }
    EXPECT_ERROR(apply(hard_link("a", "../outside/file") + end()), EBADMSG, "leads upwards");
    EXPECT_ERROR(apply(file("../.wh.outside") + end()), EBADMSG, "leads upwards");
}

TEST_F(HostileLayer, HasItsAbsoluteNamesTakenInsideTheTree)
{
    EXPECT_OK(apply(file(outside_ + "/file", "inner") + file("//etc//./x") + end()));
    EXPECT_EQ(contents_of(outside_.substr(1) + "/file"), "inner");
    EXPECT_TRUE(exists("etc/x"));
}

TEST_F(HostileLayer, WritesThroughLinksOnlyInsideTheTree)
{
    String up = "../../../../../../../../../.." + outside_;
    for (const String& target : {outside_, up}) {
        EXPECT_OK(
            apply(directory(outside_) + symlink("link", target) + file("link/file", "x") + end()));
        EXPECT_EQ(contents_of(outside_.substr(1) + "/file"), "x") << target;
        EXPECT_TRUE(S_ISLNK(stat_of("link").st_mode));
        (void)fs::remove_tree(sys::borrow(AT_FDCWD), at("tmp"));
    }
}

TEST_F(HostileLayer, CannotUseAChainOfLinks)
{
    String chain = directory("a/b/c/") + symlink("a/b/c/up", "../../..") +
                   symlink("a/b/c/out", "up/..") + symlink("top", "a/b/c/out/" + outside_) +
                   symlink("via", "a/b/c/out/../../.." + outside_);
    (void)apply(chain + file("top/file", "x") + end());
    (void)apply(chain + file("via/file", "x") + end());
    (void)apply(chain + directory("via/directory/", 0777) + end());
    (void)apply(chain + file("via/.wh.file") + end());
    EXPECT_OK(apply(chain + file("a/b/c/out/x", "in the tree") + end()));
    EXPECT_EQ(contents_of("x"), "in the tree");
}

TEST_F(HostileLayer, IsRefusedBelowALinkThatLeadsNowhereInTheTree)
{
    EXPECT_ERROR(apply(symlink("link", outside_) + file("link/file", "x") + end()), EBADMSG,
                 "link leads to a place that the layer does not have");
}

TEST_F(HostileLayer, EndsALoopOfLinks)
{
    auto applied = apply(symlink("a", "b") + symlink("b", "a") + file("a/x") + end());
    EXPECT_ERROR(applied, ELOOP, "a/x");
}

TEST_F(HostileLayer, ReplacesALinkInsteadOfFollowingIt)
{
    String link = symlink("x", outside_ + "/file");
    const String kNew[] = {
        file("x", "new"),
        directory("x/", 0700),
        symlink("x", "elsewhere"),
        entry({.name = "x", .type = '6'}),
        entry({.name = "x", .type = '3', .major = 1, .minor = 3}),
        file(".wh.x"),
    };
    for (const String& replacement : kNew) {
        EXPECT_OK(apply(link + replacement + end()));
        auto target = sys::readlink_at(sys::borrow(AT_FDCWD), at("x"));
        EXPECT_FALSE(target && *target == outside_ + "/file");
    }
}

TEST_F(HostileLayer, LinksTheLinkAndNotWhatItPointsTo)
{
    EXPECT_OK(apply(symlink("s", outside_ + "/file") + hard_link("h", "s") +
                    entry({.name = "h2", .type = '1', .link = "s", .mode = 0, .uid = 5}) + end()));
    EXPECT_TRUE(S_ISLNK(stat_of("h").st_mode));
    EXPECT_EQ(stat_of("h").st_ino, stat_of("s").st_ino);
    EXPECT_OK(
        apply(symlink("s", outside_ + "/file") + hard_link("w", "s") + file("w", "x") + end()));
    EXPECT_EQ(contents_of("w"), "x");
}

TEST_F(HostileLayer, CannotHardLinkThroughALink)
{
    String link = symlink("out", outside_);
    EXPECT_ERROR(apply(link + hard_link("h", "out/file") + end()), EBADMSG, "does not have");
    EXPECT_ERROR(apply(link + hard_link("h", outside_ + "/file") + end()), EBADMSG,
                 "does not have");
    EXPECT_ERROR(apply(hard_link("h", "nothing") + end()), EBADMSG, "does not have");
    EXPECT_ERROR(apply(directory("d/") + hard_link("h", "d") + end()), EPERM, "hard link");
    EXPECT_ERROR(apply(hard_link("h", "/") + end()), EPERM, "hard link");
    EXPECT_ERROR(apply(hard_link("h", "") + end()), EPERM, "hard link");
}

TEST_F(HostileLayer, CannotSwapADirectoryForALinkBetweenEntries)
{
    // The directories are open while they are replaced.
    String before = directory("d/") + file("d/one") + directory("d/e/") + file("d/e/two");
    EXPECT_OK(
        apply(directory(outside_) + before + symlink("d", outside_) + file("d/file", "x") + end()));
    EXPECT_EQ(contents_of(outside_.substr(1) + "/file"), "x");

    EXPECT_OK(apply(before + symlink("d/e", outside_) + file("d/e/file", "y") +
                    file("d/e/.wh.directory") + end()));
    EXPECT_EQ(contents_of(outside_.substr(1) + "/file"), "y");
    EXPECT_TRUE(is_whiteout(outside_.substr(1) + "/directory"));
}

TEST_F(HostileLayer, FollowsALinkToWhereItPointsNow)
{
    EXPECT_OK(apply(directory("one/") + directory("two/") + symlink("l", "one") + file("l/a") +
                    symlink("l", "two") + file("l/b") + end()));
    EXPECT_TRUE(exists("one/a"));
    EXPECT_TRUE(exists("two/b"));
    EXPECT_FALSE(exists("one/b"));

    // "l" leads to the directory that holds "l", and the file takes its place.
    EXPECT_OK(
        apply(directory("self/") + symlink("self/l", ".") + file("self/l/l", "file") + end()));
    EXPECT_EQ(contents_of("self/l"), "file");
}

TEST_F(HostileLayer, DoesNotWriteIntoADirectoryThatIsGone)
{
    EXPECT_OK(apply(directory("d/") + file("d/one") + file("d", "file") + directory("d/") +
                    file("d/two") + end()));
    EXPECT_FALSE(exists("d/one"));
    EXPECT_TRUE(exists("d/two"));
    EXPECT_OK(apply(directory("p/q/") + file("p/q/one") + file(".wh.p") + file("p/q/two") + end()));
    EXPECT_FALSE(exists("p/q/one"));
    EXPECT_TRUE(exists("p/q/two"));
    EXPECT_EQ(xattr_of("p", "trusted.overlay.opaque"), "y");
    EXPECT_ERROR(apply(file("f") + file("f/x") + end()), ENOTDIR, "f/x");
}

TEST_F(HostileLayer, CannotHideWhatIsNotItsOwn)
{
    EXPECT_OK(apply(directory(outside_) + symlink("out", outside_) + file("out/.wh.file") +
                    file("out/.wh..wh..opq") + end()));
    EXPECT_TRUE(is_whiteout(outside_.substr(1) + "/file"));
    for (const char* name : {".wh.", ".wh..", ".wh...", "d/.wh.", "d/.wh..", "d/.wh..."})
        EXPECT_ERROR(apply(directory("d/") + file(name) + end()), EBADMSG, "whiteout of nothing");
    EXPECT_ERROR(apply(file(".wh.a/b") + end()), EBADMSG, "below the whiteout");
    EXPECT_ERROR(apply(entry({.name = "c", .type = '3'}) + end()), EBADMSG, "whiteout");
}

TEST_F(HostileLayer, CannotTalkToOverlayfs)
{
    EXPECT_OK(apply(pax(record("SCHILY.xattr.trusted.overlay.redirect", outside_) +
                        record("SCHILY.xattr.user.overlay.opaque", "y") +
                        record("SCHILY.xattr.trusted.kept", "1")) +
                    directory("d/") + end()));
    EXPECT_EQ(xattr_of("d", "trusted.overlay.redirect"), "none");
    EXPECT_EQ(xattr_of("d", "user.overlay.opaque"), "none");
    EXPECT_EQ(xattr_of("d", "trusted.kept"), "1");
}

TEST_F(HostileLayer, HasItsNamesLimited)
{
    String part(200, 'n');
    String deep;
    for (int i = 0; i < 20; i++)
        deep += part + "/";
    EXPECT_OK(apply(longer('L', deep + "x") + file("short") + end()));
    EXPECT_TRUE(exists(deep + "x"));
    for (int i = 0; i < 20; i++)
        deep += part + "/";
    EXPECT_ERROR(apply(longer('L', deep) + file("x") + end()), EBADMSG, "more than 4095");
    EXPECT_ERROR(apply(longer('L', String(256, 'n')) + file("x") + end()), EBADMSG,
                 "more than 255");
    EXPECT_ERROR(apply(longer('L', String(1 << 20, 'n')) + file("x") + end()), EBADMSG,
                 "a name of 1048577 bytes");
    EXPECT_ERROR(apply(pax(record("path", String((1 << 20) - 100, 'n'))) + file("x") + end()),
                 EBADMSG, "more than 4095");
    EXPECT_ERROR(apply(longer('K', deep) + symlink("x", "y") + end()), EBADMSG, "symbolic link");
    EXPECT_ERROR(apply(symlink("x", "") + end()), EBADMSG, "symbolic link");
    EXPECT_ERROR(apply(file("") + end()), EBADMSG, "without a name");
}

TEST_F(HostileLayer, IsNamedInErrorsWithoutControlCharacters)
{
    auto applied = apply(file("\x1b[2J\n/../x") + end());
    ASSERT_FALSE(applied);
    EXPECT_EQ(applied.error().message().find('\x1b'), String::npos);
    EXPECT_EQ(applied.error().message().find('\n'), String::npos);
}

TEST_F(HostileLayer, MayBeAsDeepAsANameCanBe)
{
    String name;
    while (name.size() < 4090)
        name += "d/";
    EXPECT_OK(apply(longer('L', name + "f") + file("x") + end()));
    EXPECT_TRUE(exists(name.substr(0, 3000)));
    EXPECT_OK(apply(longer('L', name + "f") + file("x") + file("d", "flat") + end()));
    EXPECT_EQ(contents_of("d"), "flat");
}

TEST_F(HostileLayer, CannotPromiseWhatItDoesNotHold)
{
    EXPECT_ERROR(apply(header_block({.name = "f", .size = 1l << 32})), EBADMSG, "ends");
    EXPECT_ERROR(apply(header_block({.name = "f", .size = 077777777777}) + "abc"), EBADMSG, "ends");
    EXPECT_ERROR(apply(pax(record("size", "9223372036854775807")) + file("f") + end()), EBADMSG,
                 "too many");
    EXPECT_ERROR(apply(header_block({.name = "f", .size = 5}).substr(0, 300)), EBADMSG, "ends");
    struct statvfs facts;
    ASSERT_EQ(::statvfs(tree_.c_str(), &facts), 0);
    EXPECT_LT(stat_of("f").st_blocks, 100);
}

TEST_F(HostileLayer, CannotRunAsItsCallerThroughASetIdFile)
{
    StringWriter records;
    ApplyOptions options = {.owners = Owners::record, .record_to = &records};
    EXPECT_OK(
        apply(entry({.name = "su", .mode = 06755}) + directory("d/", 03755) + end(), options));
    EXPECT_EQ(stat_of("su").st_mode & 07777, 0755u);
    EXPECT_EQ(records.text, String("su\0"
                                   "0 6755 0 0 0 0\n",
                                   18));
}

}  // namespace
}  // namespace kist::archive
