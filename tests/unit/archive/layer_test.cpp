// layer_test.cpp - what an honest layer becomes.

#include "archive/layer.h"

#include <sys/sysmacros.h>

#include "archive/tree_fixture.h"
#include "check.h"

namespace kist::archive {

using namespace test;

namespace {

class Layer : public TreeTest {};

TEST_F(Layer, BecomesFilesWithTheirContentsModesOwnersAndTimes)
{
    std::string archive =
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

}  // namespace
}  // namespace kist::archive
