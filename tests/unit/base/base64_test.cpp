// base64_test.cpp - base/base64.h

#include "base/base64.h"

#include "check.h"

namespace kist {
namespace {

TEST(Base64, TextAndBytesAgree)
{
    const struct {
        const char* bytes;
        const char* text;
    } kRows[] = {{"", ""},
                 {"f", "Zg=="},
                 {"fo", "Zm8="},
                 {"foo", "Zm9v"},
                 {"foob", "Zm9vYg=="},
                 {"fooba", "Zm9vYmE="},
                 {"\xff\xfe", "//4="},
                 {"\xfb", "+w=="}};
    for (auto& row : kRows) {
        EXPECT_EQ(base64::encode(row.bytes), row.text);
        EXPECT_EQ(MUST(base64::decode(row.text)), row.bytes) << row.text;
    }
}

TEST(Base64, PaddingMayBeMissingAndTheUrlAlphabetIsKnown)
{
    EXPECT_EQ(MUST(base64::decode("Zg")), "f");
    EXPECT_EQ(MUST(base64::decode("Zm8")), "fo");
    EXPECT_EQ(MUST(base64::decode("__4")), "\xff\xfe");
    EXPECT_EQ(MUST(base64::decode("-w==")), "\xfb");
}

TEST(Base64, OtherTextIsRefused)
{
    for (const char* text : {"Z", "Zg=", "Zg===", "Z=g=", "Zm9v!", "Zm 9v", "=", "====", "Zh=="})
        EXPECT_ERROR(base64::decode(text), EBADMSG, "base64") << text;
}

}  // namespace
}  // namespace kist
