// tar_test.cpp - headers: what each format says, and what none may say.

#include "archive/tar.h"

#include "archive/tar_builder.h"
#include "base/string.h"
#include "check.h"

namespace kist::archive {

using namespace test;

namespace {

// The first entry of an archive.
Result<Entry> first(const String& archive)
{
    StringReader reader(archive, 100);
    Tar tar(reader);
    Entry found;
    if (!TRY(tar.next(found)))
        return Error(ENOENT, "no entry");
    return found;
}

TEST(Tar, TakesPaxRecordsOverTheHeader)
{
    String records = record("path", "long/name") + record("linkpath", "target") +
                     record("uid", "70000") + record("gid", "4294967294") +
                     record("mtime", "-1.25") + record("comment", "nothing") +
                     record("SCHILY.xattr.user.a", "1") + record("SCHILY.xattr.user.a", "2") +
                     record("SCHILY.xattr.user.empty", "");
    Entry entry = MUST(first(pax(records) + symlink("x", "y")));
    EXPECT_EQ(entry.name, "long/name");
    EXPECT_EQ(entry.link, "target");
    EXPECT_EQ(entry.uid, 70000u);
    EXPECT_EQ(entry.gid, 4294967294u);
    EXPECT_EQ(entry.mtime.tv_sec, -2);
    EXPECT_EQ(entry.mtime.tv_nsec, 750000000);
    ASSERT_EQ(entry.xattrs.size(), 2u);
    EXPECT_EQ(entry.xattrs[0].value, "2");
    EXPECT_EQ(entry.xattrs[1].value, "");
}

TEST(Tar, KeepsGlobalRecordsUntilALocalOneTakesThemBack)
{
    String archive = pax(record("uid", "5") + record("gid", "6"), 'g') + file("a") +
                     pax(record("uid", "7") + record("gid", "")) + file("b") + file("c") + end();
    StringReader reader(archive);
    Tar tar(reader);
    Entry entry;
    const struct {
        const char* name;
        unsigned uid, gid;
    } kExpected[] = {{"a", 5, 6}, {"b", 7, 0}, {"c", 5, 6}};
    for (auto& expected : kExpected) {
        ASSERT_TRUE(MUST(tar.next(entry)));
        EXPECT_EQ(entry.name, expected.name);
        EXPECT_EQ(entry.uid, expected.uid);
        EXPECT_EQ(entry.gid, expected.gid);
    }
    EXPECT_FALSE(MUST(tar.next(entry)));
}

TEST(Tar, RefusesDamagedRecords)
{
    const String kBad[] = {
        "x",
        "5",
        "99 path=a\n",
        "10 path=ab",
        "9 patha\n",
        "4 =\n",
        "0 path=a\n",
        "-1 a=b\n",
        "18446744073709551627 a=b\n",
        record("uid", "-1"),
        record("uid", "4294967295"),
        record("mtime", "1e9"),
        record("mtime", "1.x"),
        record("size", "-5"),
        record("size", "0x10"),
        record("path", String("a\0b", 3)),
        record(String("SCHILY.xattr.a\0b", 16), "x"),
        record("SCHILY.xattr.", "x"),
    };
    for (const String& bad : kBad)
        EXPECT_FALSE(first(pax(bad) + file("a"))) << bad;
}

TEST(Tar, LimitsWhatItKeeps)
{
    String records;
    for (int i = 0; i < 300; i++)
        records += record("SCHILY.xattr.user." + kist::test::to_text(i), "x");
    EXPECT_ERROR(first(pax(records) + file("a")), EBADMSG, "extended attributes");
    EXPECT_ERROR(first(pax(String((1 << 20) + 1, 'x')) + file("a")), EBADMSG, "pax header");
    String map = "0,0";
    for (int i = 0; i < 70000; i++)
        map += ",0,0";
    EXPECT_ERROR(first(pax(record("GNU.sparse.map", map)) + file("a")), EBADMSG, "pieces");
}

TEST(Tar, ReadsNumbersInOctalAndBinary)
{
    const struct {
        String field;     // 12 bytes of size
        long long value;  // -1 when refused
    } kFields[] = {
        {"00000000010\0", 8},
        {"         10 ", 8},
        {String(12, '\0'), 0},
        {"777777777777", 0777777777777},
        {"          -1", -1},
        {"        0x10", -1},
        {"89abcdefghij", -1},
        {String("\x80\0\0\0\0\0\0\0\0\0\0\x08", 12), 8},
        {String("\x80\0\0\0\x7f\0\0\0\0\0\0\0", 12), -1},  // more than a file may have
        {String("\x80\1\0\0\0\0\0\0\0\0\0\0", 12), -1},
        {String(12, '\xff'), -1},
    };
    for (auto& field : kFields) {
        String block = header_block({.name = "f"});
        field.field.size() == 12 ? put(block, 124, field.field)
                                 : put(block, 124, field.field + String(1, '\0'));
        put_checksum(block);
        auto entry = first(block + String(512, 'x'));
        EXPECT_EQ(entry ? static_cast<long long>(entry->size) : -1, field.value) << field.field;
    }
}

TEST(Tar, JoinsThePrefixOfUstarButNotOfGnu)
{
    String block = header_block({.name = "name"});
    put(block, 345, "prefix/of/it");
    put_checksum(block);
    EXPECT_EQ(MUST(first(block)).name, "prefix/of/it/name");
    put(block, 257, "ustar  ");
    put_checksum(block);
    EXPECT_EQ(MUST(first(block)).name, "name");
}

TEST(Tar, AcceptsSignedChecksums)
{
    String block = header_block({.name = "n\xff\xfe"});
    put(block, 148, "        ");
    int sum = 0;
    for (char c : block)
        sum += static_cast<signed char>(c);
    put(block, 148, str::format("%06o", unsigned(sum)) + String("\0 ", 2));
    EXPECT_OK(first(block));
    block[0] ^= 1;
    EXPECT_ERROR(first(block), EBADMSG, "checksum");
}

TEST(Tar, KnowsDirectoriesByTheirSlashAndRefusesUnknownTypes)
{
    EXPECT_EQ(MUST(first(entry({.name = "d/", .type = '\0'}))).kind, Kind::directory);
    EXPECT_EQ(MUST(first(entry({.name = "f", .type = '7'}))).kind, Kind::file);
    for (char type : {'M', 'V', 'N', 'A', 'Z', '8', '\x80'})
        EXPECT_ERROR(first(entry({.name = "x", .type = type})), EBADMSG, "unknown type");
}

TEST(Tar, RefusesALoneBlockOfZerosBetweenEntries)
{
    String archive = file("a") + String(512, '\0') + file("b") + end();
    StringReader reader(archive);
    Tar tar(reader);
    Entry entry;
    EXPECT_TRUE(MUST(tar.next(entry)));
    EXPECT_ERROR(tar.next(entry), EBADMSG, "zeros");
}

TEST(Tar, RefusesMapsThatDoNotFit)
{
    const String kSize = record("GNU.sparse.size", "100");
    const String kBad[] = {
        kSize + record("GNU.sparse.map", "0,4,2,4"),   // one in the other
        kSize + record("GNU.sparse.map", "50,4,0,4"),  // backwards
        kSize + record("GNU.sparse.map", "96,8"),      // over the end
        kSize + record("GNU.sparse.map", "0,4"),       // too little
        kSize + record("GNU.sparse.map", "0"),         //
        kSize + record("GNU.sparse.map", "0,9223372036854775807,5,9223372036854775807"),
        kSize + record("GNU.sparse.offset", "0"),    // without a length
        kSize + record("GNU.sparse.numbytes", "8"),  // without an offset
        record("GNU.sparse.major", "2") + record("GNU.sparse.minor", "0"),
        record("GNU.sparse.map", "0,8") + record("GNU.sparse.size", "9000000000000000000"),
        record("GNU.sparse.major", "1") + record("GNU.sparse.minor", "0") + kSize,
    };
    for (const String& bad : kBad)
        EXPECT_ERROR(first(pax(bad) + file("a", "12345678") + end()), EBADMSG, "a") << bad;
    EXPECT_OK(first(pax(kSize + record("GNU.sparse.map", "0,8,100,0")) + file("a", "12345678")));
}

}  // namespace
}  // namespace kist::archive
