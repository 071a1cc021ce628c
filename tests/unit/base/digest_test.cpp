// digest_test.cpp - SHA-256 against FIPS 180-4's examples and BearSSL, and digests as text.

#include "base/digest.h"
#include "base/string.h"

#include <bearssl.h>
#include <gtest/gtest.h>

#include <cstring>

#include "check.h"

namespace kist {

void sha256_portable(uint32_t* state, const uint8_t* blocks, size_t count);

namespace {

TEST(Sha256, GivesTheValuesOfTheStandard)
{
    const struct {
        String text;
        const char* hex;
    } kKnown[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {String(1000000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    };
    for (auto& known : kKnown)
        EXPECT_EQ(Digest::of(known.text).hex(), known.hex);
}

String pattern(size_t size)
{
    String bytes(size, '\0');
    for (size_t i = 0; i < size; i++)
        bytes[i] = static_cast<char>(i * 131 + i / 251);
    return bytes;
}

TEST(Sha256, AgreesWithBearSslForEveryLengthAroundABlock)
{
    for (size_t size = 0; size < 300; size++) {
        String bytes = pattern(size);
        br_sha256_context context;
        br_sha256_init(&context);
        br_sha256_update(&context, bytes.data(), bytes.size());
        Digest expected;
        br_sha256_out(&context, expected.bytes.data());
        EXPECT_EQ(Digest::of(bytes), expected) << size;
    }
}

TEST(Sha256, DoesNotCareHowItsInputIsCut)
{
    String bytes = pattern(1000);
    for (size_t piece = 1; piece < 200; piece++) {
        Sha256 hash;
        for (size_t at = 0; at < bytes.size(); at += piece)
            hash.add(std::string_view(bytes).substr(at, piece));
        EXPECT_EQ(hash.finish(), Digest::of(bytes)) << piece;
    }
}

TEST(Sha256, HasAPortableWayThatAgreesWithTheChosenOne)
{
    String padded = "abc\x80" + String(59, '\0') + '\x18';
    uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    sha256_portable(state, reinterpret_cast<const uint8_t*>(padded.data()), 1);
    EXPECT_EQ(state[0], 0xba7816bfu);
    EXPECT_EQ(state[7], 0xf20015adu);
}

TEST(Digest, IsReadBackFromItsText)
{
    Digest digest = Digest::of("abc");
    auto again = Digest::parse(digest.text());
    ASSERT_TRUE(again);
    EXPECT_EQ(*again, digest);
}

TEST(Digest, RefusesOtherTexts)
{
    const String kDigits = Digest::of("abc").hex();
    const String kBad[] = {
        "",
        "sha256:",
        kDigits,
        "sha512:" + kDigits,
        "sha256:" + kDigits + "0",
        "sha256:" + kDigits.substr(1),
        "sha256:" + String(64, 'A'),
        "SHA256:" + kDigits,
        "sha256:" + String(64, 'g'),
        " sha256:" + kDigits,
        "sha256:" + String(4096, '0'),
    };
    for (auto& bad : kBad) {
        auto parsed = Digest::parse(bad);
        ASSERT_FALSE(parsed) << bad;
        EXPECT_TRUE(parsed.error().is(EINVAL));
        EXPECT_LT(parsed.error().message().size(), 200u);
    }
}

}  // namespace
}  // namespace kist
