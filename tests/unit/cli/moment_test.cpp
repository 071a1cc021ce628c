// moment_test.cpp - times as --since and --until take them.

#include "cli/moment.h"

#include "check.h"

namespace kist::cli {

namespace {

TEST(Moment, IsATimeInAnyOfDockersForms)
{
    constexpr int64_t kSecond = 1'000'000'000, kNow = 1'800'000'000 * kSecond;
    const struct {
        const char* text;
        int64_t nanos;
    } kRows[] = {
        {"2023-11-14T22:13:20Z", 1'700'000'000 * kSecond},
        {"2023-11-14T22:13:20.000000001Z", 1'700'000'000 * kSecond + 1},
        {"2023-11-15T00:13:20+02:00", 1'700'000'000 * kSecond},
        {"2023-11-14T17:13:20.5-05:00", 1'700'000'000 * kSecond + kSecond / 2},
        {"2023-11-14T22:13:20", 1'700'000'000 * kSecond},
        {"2023-11-14T22:13:20.25", 1'700'000'000 * kSecond + kSecond / 4},
        {"2023-11-14T22:13", 1'699'999'980 * kSecond},
        {"2023-11-14T22:13+00:00", 1'699'999'980 * kSecond},
        {"2023-11-14", 1'699'920'000 * kSecond},
        {"1700000000", 1'700'000'000 * kSecond},
        {"1700000000.000000001", 1'700'000'000 * kSecond + 1},
        {"1700000000.5", 1'700'000'000 * kSecond + kSecond / 2},
        {"1700000000.1234567899", 1'700'000'000 * kSecond + 123'456'789},
        {"0", 0},
        {"10m", kNow - 600 * kSecond},
        {"1h30m", kNow - 5400 * kSecond},
        {"500ms", kNow - kSecond / 2},
    };
    for (auto& row : kRows)
        EXPECT_EQ(MUST(parse_moment(row.text, kNow)), row.nanos) << row.text;
}

TEST(Moment, OtherTextIsRefused)
{
    for (const char* text : {"", ".", ".5", "1.2.3", "yesterday", "2023-13-14", "10x",
                             "2023-11-14T", "2023-11-14T22", "2023-11-14 22:13:20Z", "-10m"})
        EXPECT_FALSE(parse_moment(text, 0)) << text;
    EXPECT_ERROR(parse_moment("soon", 0), EINVAL, "\"soon\" is not a time");
    EXPECT_ERROR(parse_moment("99999999999", 0), ERANGE, "too far away");
}

}  // namespace

}  // namespace kist::cli
