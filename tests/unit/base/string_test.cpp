// string_test.cpp - base/string.h

#include "base/string.h"

#include <gtest/gtest.h>

#include <optional>

#include "base/result.h"
#include "check.h"

namespace kist {
namespace {

TEST(String, IsEmptyAndEndsWithANulAtFirst)
{
    String text;
    EXPECT_TRUE(text.empty());
    EXPECT_STREQ(text.c_str(), "");
    EXPECT_EQ(text, "");
    text.clear();
    text.resize(0);
    text = "";
    EXPECT_STREQ(text.c_str(), "");
}

TEST(String, GrowsAndEndsWithANulEachTime)
{
    String text;
    for (size_t i = 0; i < 1000; i++) {
        text += static_cast<char>('a' + i % 26);
        ASSERT_EQ(text.size(), i + 1);
        ASSERT_EQ(strlen(text.c_str()), i + 1);
    }
    EXPECT_EQ(text.substr(26, 3), "abc");
    EXPECT_EQ(text.find("cab"), String::npos);
    text.resize(3);
    EXPECT_STREQ(text.c_str(), "abc");
}

TEST(String, TakesPartsOfItself)
{
    String text = "abcdef";
    text.append(std::string_view(text).substr(1, 2));
    EXPECT_EQ(text, "abcdefbc");
    text.assign(std::string_view(text).substr(3));
    EXPECT_EQ(text, "defbc");
    text.replace(1, 3, std::string_view(text).substr(0, 4));
    EXPECT_EQ(text, "ddefbc");
    text = text;
    EXPECT_EQ(text, "ddefbc");
    text += text;
    EXPECT_EQ(text, "ddefbcddefbc");
}

TEST(String, ReplacesInsertsAndErases)
{
    String text = "one two three";
    EXPECT_EQ(text.replace(4, 3, "2"), "one 2 three");
    EXPECT_EQ(text.insert(0, "zero "), "zero one 2 three");
    EXPECT_EQ(text.erase(4, 4), "zero 2 three");
    EXPECT_EQ(text.erase(4), "zero");
    EXPECT_EQ(text.erase(), "");
    EXPECT_EQ(text.insert(0, "again"), "again");
}

TEST(String, IsJoinedWhateverIsTemporary)
{
    String a = "a", b = "b";
    EXPECT_EQ(a + b, "ab");
    EXPECT_EQ(a + "-" + b + '.' + std::string_view("c"), "a-b.c");
    EXPECT_EQ("x" + a, "xa");
    EXPECT_EQ('x' + a + String("y") + String(), "xay");
    EXPECT_EQ(std::string_view("v") + b, "vb");
    EXPECT_EQ(String(3, 'z') + a, "zzza");
    EXPECT_EQ(a, "a");
}

TEST(String, IsMovedOutOf)
{
    String from = "some text that is long enough to be somewhere else";
    String to = std::move(from);
    EXPECT_EQ(to.size(), 50U);
    EXPECT_TRUE(from.empty());
    EXPECT_STREQ(from.c_str(), "");
    from = std::move(to);
    EXPECT_EQ(from.size(), 50U);
    String& same = from;
    from = std::move(same);
    EXPECT_EQ(from.size(), 50U);
}

TEST(String, KeepsBytesThatAreNoText)
{
    String bytes("a\0b", 3);
    EXPECT_EQ(bytes.size(), 3U);
    EXPECT_EQ(bytes.find('\0'), 1U);
    EXPECT_FALSE(bytes == "a");
    EXPECT_LT(String("a"), bytes);
    EXPECT_LT(bytes, String("b"));
}

Result<String> text_or_error(bool good)
{
    if (!good)
        return Error(ENOENT, "no %s", "text");
    return String("text");
}

Result<String> passed_on(bool good)
{
    String text = TRY(text_or_error(good), "cannot read");
    return text + "!";
}

TEST(String, LendsAResultTheRoomForItsError)
{
    EXPECT_EQ(sizeof(Result<String>), sizeof(String));
    EXPECT_EQ(*passed_on(true), "text!");
    auto refused = passed_on(false);
    EXPECT_ERROR(refused, ENOENT, "cannot read: no text");
    Result<String> moved = std::move(refused);
    Error error = std::move(moved).error();
    EXPECT_EQ(error.message(), "cannot read: no text");
    moved = String("now good");
    EXPECT_EQ(*moved, "now good");
    moved = Error(EIO, "bad again");
    EXPECT_EQ(moved.error().code(), EIO);
}

}  // namespace
}  // namespace kist
