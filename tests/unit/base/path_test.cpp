// path_test.cpp - base/path.h

#include "base/path.h"

#include "check.h"

namespace kist {
namespace {

TEST(Path, CleanLeavesNoDotsAndNoEmptyParts)
{
    const struct {
        const char* path;
        const char* clean;
    } kRows[] = {
        {"/a//./b/../c", "/a/c"},
        {"", "."},
        {".", "."},
        {"/", "/"},
        {"//", "/"},
        {"/..", "/"},
        {"../a", "a"},
        {"a/../..", "."},
        {"/../../etc", "/etc"},
        {"a/b/", "a/b"},
        {"./a", "a"},
        {"a/..b", "a/..b"},
        {"/a/../../b", "/b"},
        {"...", "..."},
    };
    for (auto& row : kRows)
        EXPECT_EQ(path::clean(row.path), row.clean) << row.path;
}

TEST(Path, JoinPutsOneSlashBetween)
{
    EXPECT_EQ(path::join("a", "b"), "a/b");
    EXPECT_EQ(path::join("a/", "b"), "a/b");
    EXPECT_EQ(path::join("/", "b"), "/b");
    EXPECT_EQ(path::join("a", "/b"), "/b");
    EXPECT_EQ(path::join("", "b"), "b");
}

TEST(Path, BaseAndDirectoryAreTheTwoHalves)
{
    const struct {
        const char* path;
        const char* directory;
        const char* base;
    } kRows[] = {{"/a/b", "/a", "b"},
                 {"b", ".", "b"},
                 {"/b", "/", "b"},
                 {"/", "/", "/"},
                 {"a/b/", "a", "b"}};
    for (auto& row : kRows) {
        EXPECT_EQ(path::directory(row.path), row.directory) << row.path;
        EXPECT_EQ(path::base(row.path), row.base) << row.path;
    }
}

}  // namespace
}  // namespace kist
