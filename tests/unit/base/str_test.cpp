// str_test.cpp - base/str.h

#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"

#include "check.h"

namespace kist {
namespace {

TEST(Str, CutTakesTheFrontUpToTheSeparator)
{
    std::string_view rest = "a:b::c";
    EXPECT_EQ(str::cut(rest, ':'), "a");
    EXPECT_EQ(str::cut(rest, ':'), "b");
    EXPECT_EQ(str::cut(rest, ':'), "");
    EXPECT_EQ(str::cut(rest, ':'), "c");
    EXPECT_TRUE(rest.empty());
    EXPECT_EQ(str::cut(rest, ':'), "");
}

TEST(Str, TrimTakesBlanksOffBothEnds)
{
    EXPECT_EQ(str::trim(" \t a b\r\n"), "a b");
    EXPECT_EQ(str::trim(" \n"), "");
    EXPECT_EQ(str::trim(""), "");
}

TEST(Str, WordsAreSplitAtBlanks)
{
    EXPECT_EQ(str::words("  a\tbc  d "), (Vector<std::string_view>{"a", "bc", "d"}));
    EXPECT_TRUE(str::words(" ").empty());
}

TEST(Str, WholeNumbersMustBeTheWholeText)
{
    EXPECT_EQ(MUST(str::to_integer("-42")), -42);
    EXPECT_EQ(MUST(str::to_integer("9223372036854775807")), INT64_MAX);
    for (const char* text : {"", " 1", "1 ", "+1", "0x10", "1.0", "9223372036854775808", "-"})
        EXPECT_ERROR(str::to_integer(text), EINVAL, "is not a whole number") << text;
}

TEST(Str, SizesHaveUnits)
{
    const struct {
        const char* text;
        unsigned long long bytes;
    } kRows[] = {{"0", 0},          {"7", 7},          {"7b", 7},          {"64k", 64 << 10},
                 {"64m", 64 << 20}, {"64M", 64 << 20}, {"3G", 3ull << 30}, {"1t", 1ull << 40}};
    for (auto& row : kRows)
        EXPECT_EQ(MUST(str::to_bytes(row.text)), row.bytes) << row.text;
    for (const char* text : {"", "m", "-1", "1.5g", "64mb", "64 m", "9223372036854775807k"})
        EXPECT_FALSE(str::to_bytes(text)) << text;
}

TEST(Str, DistanceCountsEdits)
{
    EXPECT_EQ(str::distance("", "abc"), 3u);
    EXPECT_EQ(str::distance("kitten", "sitting"), 3u);
    EXPECT_EQ(str::distance("same", "same"), 0u);
}

TEST(Str, FormatGrowsToFit)
{
    EXPECT_EQ(str::format("%s-%d", String(5000, 'x').c_str(), 7), String(5000, 'x') + "-7");
    EXPECT_EQ(str::format("%s", ""), "");
}

TEST(Str, PrintableTextHasNoControlsAndAnEnd)
{
    const struct {
        String text;
        size_t limit;
        const char* shown;
    } kRows[] = {
        {"plain", 10, "plain"},
        {"a\nb\tc\x1b[31m", 20, "a b c [31m"},
        {"0123456789", 10, "0123456789"},
        {"0123456789a", 10, "0123456789..."},
        {String("a\0b", 3), 10, "a b"},
        {"h\xc3\xa9", 10, "h\xc3\xa9"},
        {"ab\xc3\xa9", 3, "ab..."},
        {"\x7f"
         "a\x80\xc2\x9b"
         "b",
         10, "a b"},
        {"  spread \r\n out  ", 20, "spread out"},
    };
    for (auto& row : kRows)
        EXPECT_EQ(str::printable(row.text, row.limit), row.shown);
}

}  // namespace
}  // namespace kist
