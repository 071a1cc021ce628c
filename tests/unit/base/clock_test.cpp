// clock_test.cpp - base/clock.h

#include "base/clock.h"

#include "check.h"

namespace kist {
namespace {

TEST(Clock, TextAndSecondsAgree)
{
    const struct {
        int64_t seconds;
        const char* text;
    } kRows[] = {
        {0, "1970-01-01T00:00:00Z"},          {951782400, "2000-02-29T00:00:00Z"},
        {1795346640, "2026-11-22T11:24:00Z"}, {4107542400, "2100-03-01T00:00:00Z"},
        {-86400, "1969-12-31T00:00:00Z"},     {253402300799, "9999-12-31T23:59:59Z"},
    };
    for (auto& row : kRows) {
        EXPECT_EQ(clock::to_text(row.seconds), row.text);
        EXPECT_EQ(MUST(clock::from_text(row.text)), row.seconds) << row.text;
    }
    EXPECT_EQ(clock::to_text(0, 5), "1970-01-01T00:00:00.000000005Z");
}

TEST(Clock, FractionsAndOffsetsAreUnderstood)
{
    const struct {
        const char* text;
        int64_t seconds;
    } kRows[] = {
        {"1970-01-01T00:00:01.987654321Z", 1},
        {"1970-01-01t01:00:00+01:00", 0},
        {"1969-12-31T23:30:00-00:30", 0},
        {"1970-01-01T00:00:00z", 0},
    };
    for (auto& row : kRows)
        EXPECT_EQ(MUST(clock::from_text(row.text)), row.seconds) << row.text;
}

TEST(Clock, OtherTextIsRefused)
{
    for (const char* text :
         {"", "1970", "1970-01-01", "1970-01-01T00:00:00", "1970-13-01T00:00:00Z",
          "1970-00-01T00:00:00Z", "1970-01-32T00:00:00Z", "1970-01-01T24:00:00Z",
          "1970-01-01T00:00:00Zx", "1970-01-01T00:00:00+1", "197O-01-01T00:00:00Z"})
        EXPECT_ERROR(clock::from_text(text), EINVAL, "RFC 3339") << text;
}

TEST(Clock, NanosecondsOfATimeAreRead)
{
    const struct {
        const char* text;
        int64_t nanos;
    } kRows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01T00:00:01.5Z", 1'500'000'000},
        {"1970-01-01T00:00:00.000000001Z", 1},
        {"1970-01-01T00:00:00.1234567899Z", 123'456'789},
        {"1970-01-01T00:00:00.25+00:01", -59'750'000'000},
        {"2262-04-11T23:47:16.854775807Z", INT64_MAX},
    };
    for (auto& row : kRows)
        EXPECT_EQ(MUST(clock::nanos_from_text(row.text)), row.nanos) << row.text;
    EXPECT_ERROR(clock::nanos_from_text("2262-04-11T23:47:16.854775808Z"), ERANGE, "too far away");
    EXPECT_ERROR(clock::nanos_from_text("9999-01-01T00:00:00Z"), ERANGE, "too far away");
}

TEST(Clock, AgoIsWordedAsDockerDoes)
{
    const struct {
        int64_t seconds;
        const char* text;
    } kRows[] = {
        {0, "Less than a second ago"}, {30, "30 seconds ago"},      {60, "About a minute ago"},
        {300, "5 minutes ago"},        {3600, "About an hour ago"}, {7200, "2 hours ago"},
        {86400, "24 hours ago"},       {172800, "2 days ago"},      {1209600, "2 weeks ago"},
        {5184000, "2 months ago"},     {63072000, "2 years ago"}};
    for (auto& row : kRows)
        EXPECT_EQ(clock::ago(row.seconds), row.text);
}

TEST(Clock, TheSteadyClockGoesForward)
{
    int64_t before = clock::steady_ms();
    EXPECT_GE(clock::steady_ms(), before);
    EXPECT_GT(clock::now(), 1'700'000'000);
}

}  // namespace
}  // namespace kist
