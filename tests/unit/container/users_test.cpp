// users_test.cpp - who the container's process is, by the container's own files.

#include "container/users.h"

#include <sys/stat.h>

#include "base/string.h"
#include "base/vector.h"
#include "check.h"
#include "container_fixture.h"

namespace kist::container {

namespace {

constexpr const char* kPasswd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "broken line\n"
    "app:x:1000:1000:An application:/home/app:/bin/sh\n"
    "1001:x:55:55::/numeric:/bin/sh\n"
    "nohome:x:70:71\n"
    "huge:x:4294967295:0::/:/bin/sh\n";
constexpr const char* kGroup =
    "root:x:0:\nbin:x:1:root,daemon\nstaff:x:50:app,other\nvideo:x:44:app\napp:x:1000:\n";

// "uid:gid groups home"
String describe(const char* user, const Vector<String>& more = {})
{
    auto identity = look_up_user(kPasswd, kGroup, user, more);
    if (!identity)
        return identity.error().message();
    String text = str::format("%u:%u", identity->uid, identity->gid);
    for (gid_t group : identity->groups)
        text += str::format(" %u", group);
    return text + " " + identity->home;
}

TEST(Users, AreLookedUpByDockersRules)
{
    const struct {
        const char *user, *expected;
    } kRows[] = {
        {"", "0:0 1 /root"},
        {"root", "0:0 1 /root"},
        {"0", "0:0 1 /root"},
        {"app", "1000:1000 50 44 /home/app"},
        {"1000", "1000:1000 50 44 /home/app"},
        {"app:video", "1000:44 /home/app"},
        {"app:4321", "1000:4321 /home/app"},
        {":staff", "0:50 /root"},
        {"77", "77:0 /"},
        {"77:50", "77:50 /"},
        {"1001", "55:55 /numeric"},  // a name of digits comes first
        {"nohome", "70:71 /"},
    };
    for (auto& row : kRows)
        EXPECT_EQ(describe(row.user), row.expected) << row.user;
}

TEST(Users, MoreGroupsAreNamesOrNumbers)
{
    EXPECT_EQ(describe("app", {"video", "9", "root"}), "1000:1000 50 44 9 0 /home/app");
    EXPECT_EQ(describe("app", {"nosuch"}),
              "unable to find group nosuch: no matching entries in group file");
}

TEST(Users, UnknownNamesAndImpossibleNumbersAreRefused)
{
    EXPECT_EQ(describe("ghost"), "unable to find user ghost: no matching entries in passwd file");
    EXPECT_EQ(describe("app:ghosts"),
              "unable to find group ghosts: no matching entries in group file");
    EXPECT_EQ(describe("huge"), "unable to find user huge: no matching entries in passwd file");
    EXPECT_EQ(describe("4294967295"), "user 4294967295: ids go from 0 to 2147483647");
    EXPECT_EQ(describe("0:99999999999999999999"),
              "group 99999999999999999999: ids go from 0 to 2147483647");
}

TEST(Users, HaveTheNameOfTheFirstWithTheirNumber)
{
    std::string_view passwd = "1000:x:7:7::/:\nrobin:x:1000:1000::/home/robin:/bin/sh\nx:x:1000\n";
    EXPECT_EQ(user_name(passwd, "1000"), "robin");
    EXPECT_EQ(user_name(passwd, "7"), "1000");
    EXPECT_EQ(user_name(passwd, "8"), "");
    EXPECT_EQ(user_name("", "0"), "");
}

TEST(Users, OnlyPlainOnesAreSettledWithoutLooking)
{
    Identity identity;
    EXPECT_TRUE(is_plain_user("", identity));
    EXPECT_TRUE(is_plain_user("7:8", identity));
    EXPECT_EQ(identity.uid, 7u);
    EXPECT_EQ(identity.gid, 8u);
    for (const char* looked_up : {"7", "app", "app:1", "7:app", ":", "7:", "7:99999999999"})
        EXPECT_FALSE(is_plain_user(looked_up, identity)) << looked_up;
}

TEST(Users, FilesThatAreNoFilesAreNotRead)
{
    test::TemporaryDirectory place;
    test::write_file(place.path(), "etc/group", kGroup);
    ASSERT_EQ(::mkfifo((place.path() + "/etc/passwd").c_str(), 0600), 0);
    Identity identity = MUST(look_up_user(place.fd(), "12", {}));
    EXPECT_EQ(identity.uid, 12u);
}

TEST(Users, LinksAreFollowedInsideTheContainerOnly)
{
    test::TemporaryDirectory place;
    test::write_file(place.path(), "root/other/passwd", "in:x:5:6::/:/bin/sh\n");
    test::write_file(place.path(), "secret", "out:x:7:8::/:/bin/sh\n");
    Fd root = MUST(sys::open_at(place.fd(), "root", O_RDONLY | O_DIRECTORY));
    Fd etc = MUST(fs::make_directory(root, "etc"));
    EXPECT_OK(sys::symlink_at("/other/passwd", etc, "passwd"));
    Identity identity = MUST(look_up_user(root, "in", {}));
    EXPECT_EQ(identity.gid, 6u);

    EXPECT_OK(sys::unlink_at(etc, "passwd"));
    EXPECT_OK(sys::symlink_at("../../secret", etc, "passwd"));
    EXPECT_ERROR(look_up_user(root, "out", {}), ENOENT, "unable to find user out");
}

}  // namespace

}  // namespace kist::container
