// inflate_test.cpp - gzip streams, whole and damaged.  The compressed bytes are made by hand from
// stored blocks, and were made by gzip(1) where Huffman codes are wanted.

#include "archive/inflate.h"

#include "archive/tar_builder.h"
#include "base/string.h"
#include "check.h"

namespace kist::archive {

using namespace test;

namespace {

uint32_t crc_of(std::string_view bytes)
{
    uint32_t crc = ~0u;
    for (unsigned char byte : bytes) {
        crc ^= byte;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

String little_endian(uint32_t value, int size)
{
    String bytes;
    for (int i = 0; i < size; i++)
        bytes += static_cast<char>(value >> (8 * i));
    return bytes;
}

const String kHead("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);

String stored(std::string_view bytes)
{
    String blocks;
    do {
        std::string_view part = bytes.substr(0, 65535);
        bytes.remove_prefix(part.size());
        auto size = static_cast<uint32_t>(part.size());
        blocks += static_cast<char>(bytes.empty());
        blocks += little_endian(size, 2) + little_endian(~size, 2);
        blocks += part;
    } while (!bytes.empty());
    return blocks;
}

String member(std::string_view bytes, const String& head = kHead)
{
    return head + stored(bytes) + little_endian(crc_of(bytes), 4) +
           little_endian(static_cast<uint32_t>(bytes.size()), 4);
}

Result<String> all(Reader& reader)
{
    String text;
    for (;;) {
        std::string_view bytes = TRY(reader.next());
        if (bytes.empty())
            break;
        text += bytes;
    }
    EXPECT_TRUE(TRY(reader.next()).empty());  // and ever after
    return text;
}

Result<String> unpacked(std::string_view bytes, size_t piece = 1000)
{
    StringReader source(bytes, piece);
    return all(*gunzip(source));
}

String long_text()
{
    String text;
    for (int i = 0; i < 100000; i++)
        text += str::format("%d,", i * 7919);
    return text;
}

TEST(Gunzip, UnpacksAMemberHoweverItIsCut)
{
    String text = long_text();
    String packed = member(text);
    for (size_t piece : {1, 3, 100, 65536, 10000000})
        EXPECT_EQ(MUST(unpacked(packed, piece)), text);
    EXPECT_EQ(MUST(unpacked(member(""))), "");
}

TEST(Gunzip, UnpacksHuffmanCodes)
{
    // printf 'kist kist kist kist kist kist\n' | gzip -9n
    const String packed(
        "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\xce\x2c\x2e"
        "\x51\xc8\xc6\x41\x70\x01\x00\x19\x93\x8e\xef\x1e\x00\x00\x00",
        29);
    EXPECT_EQ(MUST(unpacked(packed, 1)), "kist kist kist kist kist kist\n");
}

TEST(Gunzip, ReadsMembersOneBehindTheOther)
{
    EXPECT_EQ(MUST(unpacked(member("one ") + member("") + member("two"), 1)), "one two");
}

TEST(Gunzip, SkipsWhatAHeaderMayHold)
{
    String head("\x1f\x8b\x08\x1e\0\0\0\0\0\x03\x03\0abcname\0comment\0", 28);
    String checked = head + little_endian(crc_of(head), 2);
    EXPECT_EQ(MUST(unpacked(member("text", checked), 1)), "text");
    String wrong = head + little_endian(crc_of(head) + 1, 2);
    EXPECT_ERROR(unpacked(member("text", wrong)), EBADMSG, "header is damaged");
}

TEST(Gunzip, RefusesWhatIsDamaged)
{
    String packed = member(long_text());
    for (size_t size : {size_t(0), size_t(1), size_t(9), size_t(10), size_t(20), packed.size() - 9,
                        packed.size() - 8, packed.size() - 1})
        EXPECT_ERROR(unpacked(packed.substr(0, size)), EBADMSG, "ends early");

    String other = packed;
    other[other.size() - 1] ^= 1;
    EXPECT_ERROR(unpacked(other), EBADMSG, "checksum");
    other = packed;
    other[other.size() - 5] ^= 1;
    EXPECT_ERROR(unpacked(other), EBADMSG, "checksum");
    other = packed;
    other[1000] ^= 1;
    EXPECT_ERROR(unpacked(other), EBADMSG, "checksum");
    other = packed;
    other[12] ^= 1;  // a length and its complement
    EXPECT_ERROR(unpacked(other), EBADMSG, "damaged");

    EXPECT_ERROR(unpacked(member("a") + String(1, '\0')), EBADMSG, "something else behind");
    EXPECT_ERROR(unpacked(member("a") + "more"), EBADMSG, "something else behind");
    EXPECT_ERROR(unpacked("plain text, rather long"), EBADMSG, "not gzip");
    EXPECT_ERROR(unpacked(String("\x1f\x8b\x07\0\0\0\0\0\0\x03", 10)), EBADMSG, "method");
    EXPECT_ERROR(unpacked(String("\x1f\x8b\x08\x20\0\0\0\0\0\x03", 10)), EBADMSG, "flags");
}

TEST(Gunzip, LimitsItsHeader)
{
    String head("\x1f\x8b\x08\x08\0\0\0\0\0\x03", 10);
    EXPECT_ERROR(unpacked(head + String(1 << 20, 'n')), EBADMSG, "longer than");
}

TEST(Decompress, LooksAtTheFirstBytes)
{
    const struct {
        String bytes;
        String text;
    } kGood[] = {{"", ""}, {"a", "a"}, {"plain text", "plain text"}, {member("packed"), "packed"}};
    for (auto& good : kGood)
        for (size_t piece : {1, 100}) {
            StringReader source(good.bytes, piece);
            auto reader = MUST(decompress(source));
            EXPECT_EQ(MUST(all(*reader)), good.text);
        }
    const struct {
        String bytes;
        const char* name;
    } kBad[] = {{"\x28\xb5\x2f\xfd....", "zstd"},
                {"\xfd"
                 "7zXZ\0",
                 "xz"},
                {"BZh91AY", "bzip2"}};
    for (auto& bad : kBad) {
        StringReader source(bad.bytes, 1);
        EXPECT_ERROR(decompress(source), EBADMSG, bad.name);
    }
}

}  // namespace
}  // namespace kist::archive
