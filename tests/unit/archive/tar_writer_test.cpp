// tar_writer_test.cpp - what is written is read again, by us and by others.

#include "archive/tar_writer.h"

#include <cstdlib>

#include "archive/tree_fixture.h"
#include "base/string.h"
#include "check.h"

namespace kist::archive {

using namespace test;

namespace {

// The archive of `entry` alone, its file contents made of x.
Result<String> archive_of(const Entry& entry)
{
    StringWriter sink;
    TarWriter tar(sink);
    TRY(tar.add(entry));
    uint64_t size = entry.kind == Kind::file ? entry.size : 0;
    if (entry.sparse) {
        size = 0;
        for (const Extent& extent : entry.extents)
            size += extent.length;
    }
    TRY(tar.contents(String(size, 'x')));
    TRY(tar.finish());
    return sink.text;
}

Result<Entry> again(const String& archive)
{
    StringReader reader(archive, 700);
    Tar tar(reader);
    Entry found;
    if (!TRY(tar.next(found)))
        return Error(ENOENT, "no entry");
    Entry other;
    if (TRY(tar.next(other)))
        return Error(EEXIST, "a second entry");
    return found;
}

String chars(size_t count)
{
    return String(count, 'n');
}

TEST(TarWriter, WritesWhatTheReaderReads)
{
    const Entry kEntries[] = {
        {.name = "f", .mode = 04755, .uid = 1, .gid = 2, .mtime = {.tv_sec = 5}, .size = 513},
        {.name = "d/", .kind = Kind::directory, .mode = 01777},
        {.name = "s", .link = "/a b", .kind = Kind::symlink, .mode = 0777},
        {.name = "h", .link = "f", .kind = Kind::hard_link},
        {.name = "c", .kind = Kind::char_device, .device_major = 5, .device_minor = 1048575},
        {.name = "b", .kind = Kind::block_device, .device_major = 4095, .device_minor = 7},
        {.name = "p", .kind = Kind::fifo},
        {.name = chars(100)},
        {.name = chars(101)},
        {.name = chars(60) + "/" + chars(60)},
        {.name = chars(155) + "/" + chars(100)},
        {.name = chars(156) + "/" + chars(100)},
        {.name = chars(120) + "/", .kind = Kind::directory},
        {.name = chars(99) + "/", .kind = Kind::directory},
        {.name = chars(100) + "/", .kind = Kind::directory},
        {.name = "dir/" + chars(255)},
        {.name = "\xc3\xa4\xff\n"},
        {.name = "s", .link = chars(100), .kind = Kind::symlink},
        {.name = "s", .link = chars(101), .kind = Kind::symlink},
        {.name = "i", .uid = 2097151, .gid = 2097152},
        {.name = "i", .uid = 4294967294, .gid = 4294967294},
        {.name = "t", .mtime = {.tv_sec = 1, .tv_nsec = 1}},
        {.name = "t", .mtime = {.tv_sec = -2, .tv_nsec = 750000000}},
        {.name = "t", .mtime = {.tv_sec = -2}},
        {.name = "t", .mtime = {.tv_sec = 8589934592}},
        {.name = "x", .xattrs = {{"user.a", String("1\n\0=", 4)}, {"user.empty", ""}}},
        {.name = "z", .size = 8192, .sparse = true, .extents = {{512, 10}, {4096, 600}}},
        {.name = "z/" + chars(101), .size = 1ull << 40, .sparse = true},
    };
    for (const Entry& entry : kEntries) {
        String archive = MUST(archive_of(entry));
        EXPECT_EQ(archive.size() % 512, 0u);
        Entry found = MUST(again(archive));
        EXPECT_EQ(found.name, entry.name);
        EXPECT_EQ(found.link, entry.link) << entry.name;
        EXPECT_EQ(found.kind, entry.kind) << entry.name;
        EXPECT_EQ(found.mode, entry.mode) << entry.name;
        EXPECT_EQ(found.uid, entry.uid) << entry.name;
        EXPECT_EQ(found.gid, entry.gid) << entry.name;
        EXPECT_EQ(found.mtime.tv_sec, entry.mtime.tv_sec) << entry.name;
        EXPECT_EQ(found.mtime.tv_nsec, entry.mtime.tv_nsec) << entry.name;
        EXPECT_EQ(found.device_major, entry.device_major) << entry.name;
        EXPECT_EQ(found.device_minor, entry.device_minor) << entry.name;
        EXPECT_EQ(found.size, entry.size) << entry.name;
        EXPECT_EQ(found.sparse, entry.sparse) << entry.name;
        EXPECT_EQ(found.extents.size(), entry.extents.size()) << entry.name;
        ASSERT_EQ(found.xattrs.size(), entry.xattrs.size()) << entry.name;
        for (size_t i = 0; i < entry.xattrs.size(); i++) {
            EXPECT_EQ(found.xattrs[i].name, entry.xattrs[i].name);
            EXPECT_EQ(found.xattrs[i].value, entry.xattrs[i].value);
        }
    }
}

TEST(TarWriter, KeepsToUstarAsLongAsItCan)
{
    Entry plain = {.name = chars(155) + "/" + chars(100), .uid = 2097151, .size = 3};
    EXPECT_EQ(MUST(archive_of(plain)).size(), 512u + 512 + 1024);
    plain.mtime.tv_nsec = 1;
    EXPECT_EQ(MUST(archive_of(plain)).size(), 1024u + 512 + 512 + 1024);
}

// Lengths around the places where the number of digits of a record's own length changes.
TEST(TarWriter, CountsTheDigitsOfARecordAmongItsBytes)
{
    for (size_t size = 80; size < 110; size++) {
        String archive = MUST(archive_of({.name = "x", .xattrs = {{"user.a", chars(size)}}}));
        Entry found = MUST(again(archive));
        ASSERT_EQ(found.xattrs.size(), 1u);
        EXPECT_EQ(found.xattrs[0].value.size(), size);
    }
    for (size_t size = 970; size < 1000; size++) {
        String archive = MUST(archive_of({.name = chars(size)}));
        Entry found = MUST(again(archive));
        EXPECT_EQ(found.name.size(), size);
    }
}

TEST(TarWriter, HoldsTheContentsToTheHeader)
{
    StringWriter sink;
    TarWriter tar(sink);
    EXPECT_OK(tar.add({.name = "a", .size = 3}));
    EXPECT_ERROR(tar.contents("abcd"), EFBIG, "more contents");
    EXPECT_OK(tar.contents("ab"));
    EXPECT_ERROR(tar.add({.name = "b"}), EINVAL, "end early");
    EXPECT_ERROR(tar.finish(), EINVAL, "end early");
    EXPECT_OK(tar.zeros(1));
    EXPECT_OK(tar.finish());
    EXPECT_EQ(sink.text.size(), 2048u);
}

// A file of 9 GB has a size that ustar cannot say.
TEST(TarWriter, WritesFilesThatUstarCannot)
{
    class Counter : public Writer {
    public:
        Result<void> write(std::string_view bytes) override
        {
            if (head.size() < 4096)
                head.append(bytes);
            return {};
        }
        String head;
    } sink;
    TarWriter tar(sink);
    EXPECT_OK(tar.add({.name = "big", .size = 9ull << 30}));
    EXPECT_OK(tar.contents(String(1 << 20, 'x')));
    StringReader reader(sink.head);
    Tar back(reader);
    Entry found;
    ASSERT_TRUE(MUST(back.next(found)));
    EXPECT_EQ(found.size, 9ull << 30);
}

}  // namespace

}  // namespace kist::archive
