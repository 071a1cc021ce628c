// location_test.cpp - paths of the command line, inside of a root.

#include "container/location.h"

#include "base/string.h"
#include "check.h"
#include "container/container_fixture.h"

namespace kist::container {

using namespace test;

namespace {

TEST(Location, IsFoundInsideOfTheRoot)
{
    TemporaryDirectory top;
    String root = top.path() + "/root";
    write_file(root, "etc/passwd", "x");
    write_file(root, "real/deep/file", "x");
    write_file(top.path(), "outside", "x");
    ::symlink("/real", (root + "/absolute").c_str());
    ::symlink("../../../../real/deep", (root + "/etc/up").c_str());
    ::symlink("absolute/deep/file", (root + "/chain").c_str());
    ::symlink("../outside", (root + "/out").c_str());
    ::symlink("missing", (root + "/dangling").c_str());
    ::symlink("loop", (root + "/loop").c_str());
    Fd fd = MUST(sys::open(root, O_PATH | O_DIRECTORY));

    const struct {
        const char* path;
        bool follow;
        int error;
        const char* name;  // "": the directory itself
        mode_t type;       // 0: missing
    } kPaths[] = {
        {"/", false, 0, "", S_IFDIR},
        {"//", false, 0, "", S_IFDIR},
        {"/.", false, 0, "", S_IFDIR},
        {"/..", false, 0, "", S_IFDIR},
        {"/../../etc", false, 0, "", S_IFDIR},
        {"/etc/../real/", false, 0, "", S_IFDIR},
        {"/etc/.", false, 0, "", S_IFDIR},
        {"/etc/passwd", false, 0, "passwd", S_IFREG},
        {"/etc/passwd/", false, ENOTDIR, "", 0},
        {"/etc/passwd/.", false, ENOTDIR, "", 0},
        {"/etc/passwd/x", false, ENOTDIR, "", 0},
        {"/etc/new", false, 0, "new", 0},
        {"/etc/new/", false, 0, "new", 0},
        {"/no/new", false, ENOENT, "", 0},
        {"/absolute", false, 0, "absolute", S_IFLNK},
        {"/absolute", true, 0, "", S_IFDIR},
        {"/absolute/", false, 0, "", S_IFDIR},
        {"/absolute/deep/file", false, 0, "file", S_IFREG},
        {"/etc/up", true, 0, "", S_IFDIR},
        {"/chain", true, 0, "file", S_IFREG},
        {"/out", true, 0, "outside", 0},  // in the root, where there is none
        {"/dangling", false, 0, "dangling", S_IFLNK},
        {"/dangling", true, 0, "missing", 0},
        {"/loop", true, ELOOP, "", 0},
    };
    for (auto& expected : kPaths) {
        auto place = locate(fd, expected.path, expected.follow);
        ASSERT_EQ(bool(place), expected.error == 0) << expected.path;
        if (!place) {
            EXPECT_TRUE(place.error().is(expected.error)) << place.error().message();
            continue;
        }
        EXPECT_EQ(place->name, expected.name) << expected.path;
        EXPECT_EQ(place->mode & S_IFMT, expected.type) << expected.path;
    }
}

TEST(Location, KnowsWhatTheEndOfAPathAsksFor)
{
    EXPECT_TRUE(names_contents("/a/."));
    EXPECT_TRUE(names_contents("/"));
    EXPECT_FALSE(names_contents("/a/"));
    EXPECT_FALSE(names_contents("/a."));
    EXPECT_TRUE(asserts_directory("/a/"));
    EXPECT_TRUE(asserts_directory("/a/."));
    EXPECT_FALSE(asserts_directory("/a"));
}

}  // namespace

}  // namespace kist::container
