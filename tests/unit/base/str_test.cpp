// str_test.cpp - base/str.h

#include "base/str.h"

#include <climits>

#include "base/string.h"
#include "base/vector.h"

#include "check.h"

namespace kist {
namespace {

using namespace std::string_view_literals;

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

TEST(Str, NaturalNumbersAreReadInTheirBase)
{
    unsigned long long value = 1;
    EXPECT_TRUE(str::read_natural("18446744073709551615", value) && value == UINT64_MAX);
    EXPECT_TRUE(str::read_natural("0777", value, 8) && value == 0777);
    EXPECT_TRUE(str::read_natural("beEF", value, 16) && value == 0xbeef);
    for (const char* text : {"", "-1", "+1", " 1", "1 ", "18446744073709551616", "a", "/", ":", "g",
                             "99999999999999999999999"})
        EXPECT_FALSE(str::read_natural(text, value)) << text;
    EXPECT_FALSE(str::read_natural("8", value, 8));
    EXPECT_FALSE(str::read_natural("g", value, 16));

    std::string_view rest = "6.1x";
    EXPECT_TRUE(str::take_natural(rest, value) && value == 6);
    EXPECT_EQ(rest, ".1x");
    EXPECT_FALSE(str::take_natural(rest, value));
}

TEST(Str, IntegersAreReadToTheirLimits)
{
    long long value = 1;
    EXPECT_TRUE(str::read_integer("-9223372036854775808", value) && value == INT64_MIN);
    EXPECT_TRUE(str::read_integer("-0", value) && value == 0);
    for (const char* text : {"-9223372036854775809", "9223372036854775808", "--1", "-", "- 1"})
        EXPECT_FALSE(str::read_integer(text, value)) << text;
}

TEST(Str, ReadsBooleans)
{
    bool value = false;
    EXPECT_TRUE(str::read_boolean("true", value) && value);
    EXPECT_TRUE(str::read_boolean("0", value) && !value);
    EXPECT_TRUE(str::read_boolean("1", value) && value);
    for (const char* text : {"", "TRUE", "yes", "01", " 0"})
        EXPECT_TRUE(!str::read_boolean(text, value) && value) << text;
    EXPECT_TRUE(str::read_boolean("false", value) && !value);
}

TEST(Str, PatternsFitAsPathMatchHasThem)
{
    struct Row {
        const char *pattern, *text;
        bool fits;
    };
    for (const Row& row : {Row{"", "", true},
                           Row{"", "a", false},
                           Row{"alpine", "alpine", true},
                           Row{"alpine", "alpin", false},
                           Row{"al*", "alpine", true},
                           Row{"al*", "al", true},
                           Row{"*", "a/b", false},
                           Row{"*/*", "a/b", true},
                           Row{"*/b", "a/a/b", false},
                           Row{"*b*", "abcbd", true},
                           Row{"*.*:3.?", "x.y:3.1", true},
                           Row{"a*c*e", "abcdcde", true},
                           Row{"a*c*e", "abcdcd", false},
                           Row{"a*b/c*d", "axbyb/cd", true},
                           Row{"a?c", "a/c", false},
                           Row{"?", "", false},
                           Row{"[a-c]x", "bx", true},
                           Row{"[a-c]x", "dx", false},
                           Row{"[^a-c]x", "dx", true},
                           Row{"[^a-c]x", "bx", false},
                           Row{"[^a]", "/", false},
                           Row{"[]a]", "]", true},
                           Row{"[a-]", "-", true},
                           Row{"[\\]]", "]", true},
                           Row{"[a", "a", false},
                           Row{"[", "[", false},
                           Row{"\\*", "*", true},
                           Row{"\\*", "a", false},
                           Row{"a\\", "a\\", true}})
        EXPECT_EQ(str::matches(row.pattern, row.text), row.fits) << row.pattern << " " << row.text;
}

TEST(Str, AddressesAreWrittenAsShortAsCanBe)
{
    EXPECT_EQ(str::ip_address("\x7f\0\0\x01"sv), "127.0.0.1");
    EXPECT_EQ(str::ip_address("\xff\xff\xff\xff"sv), "255.255.255.255");
    auto six = [](std::initializer_list<unsigned> groups) {
        String bytes;
        for (unsigned group : groups) {
            bytes += char(group >> 8);
            bytes += char(group);
        }
        return str::ip_address(bytes);
    };
    EXPECT_EQ(six({0, 0, 0, 0, 0, 0, 0, 0}), "::");
    EXPECT_EQ(six({0, 0, 0, 0, 0, 0, 0, 1}), "::1");
    EXPECT_EQ(six({0x2001, 0xdb8, 0, 0, 0, 0, 0, 0}), "2001:db8::");
    EXPECT_EQ(six({0x2001, 0xdb8, 0, 1, 0, 0, 0, 1}), "2001:db8:0:1::1");
    EXPECT_EQ(six({0x2001, 0, 0, 1, 0, 0, 1, 0xffff}), "2001::1:0:0:1:ffff");
    EXPECT_EQ(six({1, 0, 3, 4, 5, 6, 7, 8}), "1:0:3:4:5:6:7:8");
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
    EXPECT_EQ(str::format("<%.*s>", 0, std::string_view().data()), "<>");
}

TEST(Str, FormatWritesWhatPrintfDoes)
{
    EXPECT_EQ(str::format("%d %u %x %X %o %c%%", -7, 7u, 0xbeefu, 0xbeefu, 0755u, 'z'),
              "-7 7 beef BEEF 755 z%");
    EXPECT_EQ(
        str::format("%ld %lld %llu %zu %llx", LONG_MIN, LLONG_MAX, ULLONG_MAX, SIZE_MAX, 10ull),
        "-9223372036854775808 9223372036854775807 18446744073709551615 18446744073709551615 a");
    EXPECT_EQ(str::format("%d %d %u %x", INT_MIN, INT_MAX, UINT_MAX, UINT_MAX),
              "-2147483648 2147483647 4294967295 ffffffff");
    EXPECT_EQ(str::format("%d%u%lld%zu%o", 0, 0u, 0ll, size_t{0}, 0u), "00000");
    EXPECT_EQ(str::format("%llo", ULLONG_MAX), "1777777777777777777777");
}

TEST(Str, FormatPadsAndCuts)
{
    EXPECT_EQ(str::format("[%5d|%-5d|%05d|%02d|%5u]", -42, -42, -42, 123, 7u),
              "[  -42|-42  |-0042|123|    7]");
    EXPECT_EQ(str::format("[%*d|%-*s|%0*llu]", 4, 1, 4, "a", 3, 5ull), "[   1|a   |005]");
    EXPECT_EQ(str::format("[%6s|%-6s|%3s]", "ab", "ab", "abcd"), "[    ab|ab    |abcd]");
    EXPECT_EQ(str::format("[%.2s|%.*s|%.12s|%.0s]", "abc", 1, "abc", "abc", "abc"), "[ab|a|abc|]");
    EXPECT_EQ(str::format("[%8.3s|%3c]", "abcdef", 'x'), "[     abc|  x]");
    const char unfinished[] = {'a', 'b'};
    EXPECT_EQ(str::format("%.*s", 2, unfinished), "ab");
}

TEST(Str, FormatEndsTheProgramAtADirectiveThatItDoesNotKnow)
{
    // Not literals: of these the compiler would know that they are wrong.
    for (const char* wrong : {"%f", "%p", "%hd", "%+d", "%.3d", "%#x", "%", "%5", "%n", "%i"})
        EXPECT_DEATH((void)str::format(wrong, 1), "") << wrong;
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
