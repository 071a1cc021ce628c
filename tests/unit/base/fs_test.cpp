// fs_test.cpp - base/fs.h

#include "base/fs.h"
#include "base/string.h"
#include "base/vector.h"

#include <sys/stat.h>

#include <algorithm>

#include "check.h"
#include "temporary.h"

namespace kist {
namespace {

TEST(Fs, ReplaceLeavesOneWholeFileOfTheModeAsked)
{
    test::TemporaryDirectory place;
    EXPECT_OK(fs::replace(place.fd(), "f", "old"));
    EXPECT_OK(fs::replace(place.fd(), "f", "new", 0640, fs::Durable::no));
    EXPECT_EQ(MUST(fs::read(place.fd(), "f")), "new");
    EXPECT_EQ(MUST(sys::stat_at(place.fd(), "f")).st_mode & 0777, 0640u);
    EXPECT_EQ(MUST(fs::list(place.fd())), Vector<String>{"f"});
}

TEST(Fs, AFailedReplaceLeavesNothing)
{
    test::TemporaryDirectory place;
    EXPECT_OK(sys::mkdir_at(place.fd(), "f", 0755));
    EXPECT_ERROR(fs::replace(place.fd(), "f", "x"), EISDIR, "rename");
    EXPECT_EQ(MUST(fs::list(place.fd())), Vector<String>{"f"});
}

TEST(Fs, ReadHasALimit)
{
    test::TemporaryDirectory place;
    EXPECT_OK(fs::replace(place.fd(), "f", String(100, 'x')));
    EXPECT_EQ(MUST(fs::read(place.fd(), "f", 100)).size(), 100u);
    EXPECT_ERROR(fs::read(place.fd(), "f", 99), EFBIG, "larger than 99 bytes");
    EXPECT_ERROR(fs::read(place.fd(), "none"), ENOENT, "none");
}

TEST(Fs, ReadWaitsForNobodyWhereThereIsNoRegularFile)
{
    test::TemporaryDirectory place;
    ASSERT_EQ(::mkfifo((place.path() + "/fifo").c_str(), 0600), 0);
    EXPECT_OK(sys::symlink_at("/dev/zero", place.fd(), "zero"));
    EXPECT_OK(sys::mkdir_at(place.fd(), "directory", 0700));
    for (const char* name : {"fifo", "zero", "directory"})
        EXPECT_ERROR(fs::read(place.fd(), name), EBADMSG, "is not a regular file");
}

TEST(Fs, WhatAUserNamesMayBeAPipe)
{
    sys::Pipe pipe = MUST(sys::pipe());
    EXPECT_OK(sys::write_all(pipe.writer, "A=1\n"));
    pipe.writer.close();
    EXPECT_EQ(MUST(fs::read_path(str::format("/proc/self/fd/%d", pipe.reader.get()))), "A=1\n");
}

TEST(Fs, DirectoriesAreMadeWithTheirParents)
{
    test::TemporaryDirectory place;
    EXPECT_OK(fs::make_directory(place.fd(), "a/b/c"));
    EXPECT_OK(fs::make_directory(place.fd(), "a/b/c"));
    EXPECT_OK(fs::make_directories(place.path() + "/d/e"));
    EXPECT_TRUE(S_ISDIR(MUST(sys::stat_at(place.fd(), "a/b/c")).st_mode));
    EXPECT_TRUE(S_ISDIR(MUST(sys::stat_at(place.fd(), "d/e")).st_mode));
}

TEST(Fs, RemoveTreeFollowsNoLink)
{
    test::TemporaryDirectory place;
    EXPECT_OK(fs::make_directory(place.fd(), "keep"));
    Fd keep = MUST(sys::open_at(place.fd(), "keep", O_RDONLY | O_DIRECTORY));
    EXPECT_OK(fs::replace(keep, "f", "x"));
    Fd tree = MUST(fs::make_directory(place.fd(), "tree/sub"));
    EXPECT_OK(sys::symlink_at("../../keep", tree, "link"));
    EXPECT_OK(sys::symlink_at("nowhere", tree, "dangling"));
    EXPECT_OK(fs::remove_tree(place.fd(), "tree"));
    EXPECT_OK(fs::remove_tree(place.fd(), "tree"));
    EXPECT_EQ(MUST(fs::list(place.fd())), Vector<String>{"keep"});
    EXPECT_EQ(MUST(fs::read(keep, "f")), "x");
}

TEST(Fs, RemoveTreeTakesUnreadableAndVeryDeepDirectories)
{
    test::TemporaryDirectory place;
    EXPECT_OK(fs::make_directory(place.fd(), "tree/locked/inner"));
    EXPECT_EQ(::fchmodat(place.fd().get(), "tree/locked", 0, 0), 0);
    Fd at = MUST(fs::make_directory(place.fd(), "tree"));
    for (int depth = 0; depth < 1000; depth++) {
        Fd below = MUST(fs::make_directory(at, "d"));
        EXPECT_EQ(::fchmod(at.get(), 0555), 0);
        at = std::move(below);
    }
    EXPECT_OK(fs::remove_tree(place.fd(), "tree"));
    EXPECT_TRUE(MUST(fs::list(place.fd())).empty());
}

TEST(Fs, StampsTellWhenAFileIsAnother)
{
    test::TemporaryDirectory directory;
    String file = directory.path() + "/file", other = directory.path() + "/other",
           link = directory.path() + "/link";
    EXPECT_EQ(fs::stamp_of(link), 0u);
    EXPECT_OK(fs::replace(directory.fd(), "file", "one"));
    EXPECT_OK(fs::replace(directory.fd(), "other", "two"));
    EXPECT_OK(sys::symlink_at("file", directory.fd(), "link"));
    uint64_t first = fs::stamp_of(link);
    EXPECT_EQ(first, fs::stamp_of(file));
    EXPECT_NE(first, fs::stamp_of(other));
    EXPECT_EQ(first, fs::stamp_of(link));
    // The link leads elsewhere; the file is replaced by one of the same size.
    EXPECT_OK(sys::unlink_at(directory.fd(), "link"));
    EXPECT_OK(sys::symlink_at("other", directory.fd(), "link"));
    EXPECT_NE(fs::stamp_of(link), first);
    EXPECT_OK(fs::replace(directory.fd(), "file", "six"));
    EXPECT_NE(fs::stamp_of(file), first);
}

}  // namespace
}  // namespace kist
