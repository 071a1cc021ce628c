// clock.cpp - time as numbers and text.

#include "base/clock.h"

#include <algorithm>
#include <ctime>

#include "base/str.h"
#include "base/string.h"

namespace kist::clock {

namespace {

int64_t read_clock(clockid_t id, int64_t per_second)
{
    timespec time;
    ::clock_gettime(id, &time);
    return time.tv_sec * per_second + time.tv_nsec / (1'000'000'000 / per_second);
}

// Reads exactly `digits` digits off the front of `text`.
Result<int64_t> number(std::string_view& text, size_t digits)
{
    int64_t value = 0;
    for (size_t i = 0; i < digits; i++) {
        if (text.empty() || text[0] < '0' || text[0] > '9')
            return Error(EINVAL, "not a time as RFC 3339 writes it");
        value = value * 10 + (text[0] - '0');
        text.remove_prefix(1);
    }
    return value;
}

Result<void> expect(std::string_view& text, char wanted)
{
    if (text.empty() || (text[0] | 0x20) != (wanted | 0x20))
        return Error(EINVAL, "not a time as RFC 3339 writes it");
    text.remove_prefix(1);
    return {};
}

}  // namespace

int64_t now()
{
    return read_clock(CLOCK_REALTIME, 1);
}

int64_t now_nanos()
{
    return read_clock(CLOCK_REALTIME, 1'000'000'000);
}

int64_t steady_ms()
{
    return read_clock(CLOCK_MONOTONIC, 1000);
}

int64_t steady_nanos()
{
    return read_clock(CLOCK_MONOTONIC, 1'000'000'000);
}

int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
    // Years begin in March here, so that the leap day is the last of its year.
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    auto of_era = unsigned(year - era * 400);
    unsigned of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    unsigned day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    return era * 146097 + int64_t(day_of_era) - 719468;
}

String to_text(int64_t seconds, unsigned nanos)
{
    time_t when = seconds;
    tm parts;
    if (!::gmtime_r(&when, &parts))
        return "?";
    String text =
        str::format("%04d-%02d-%02dT%02d:%02d:%02d", parts.tm_year + 1900, parts.tm_mon + 1,
                    parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
    if (nanos)
        text += str::format(".%09u", nanos);
    return text + "Z";
}

String now_text()
{
    int64_t now = now_nanos();
    return to_text(now / 1'000'000'000, unsigned(now % 1'000'000'000));
}

Result<int64_t> from_text(std::string_view text, unsigned* nanos)
{
    int64_t year = TRY(number(text, 4));
    TRY(expect(text, '-'));
    int64_t month = TRY(number(text, 2));
    TRY(expect(text, '-'));
    int64_t day = TRY(number(text, 2));
    TRY(expect(text, 't'));
    int64_t hour = TRY(number(text, 2));
    TRY(expect(text, ':'));
    int64_t minute = TRY(number(text, 2));
    TRY(expect(text, ':'));
    int64_t second = TRY(number(text, 2));
    if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
        return Error(EINVAL, "not a time as RFC 3339 writes it");
    unsigned fraction = 0;
    if (text.starts_with('.')) {
        size_t end = std::min(text.find_first_not_of("0123456789", 1), text.size());
        for (size_t i = 1; i <= 9; i++)
            fraction = fraction * 10 + (i < end ? unsigned(text[i] - '0') : 0);
        text.remove_prefix(end);
    }
    if (nanos)
        *nanos = fraction;
    int64_t offset = 0;
    if (text.starts_with('+') || text.starts_with('-')) {
        int64_t sign = text[0] == '-' ? -1 : 1;
        text.remove_prefix(1);
        int64_t hours = TRY(number(text, 2));
        TRY(expect(text, ':'));
        offset = sign * (hours * 3600 + TRY(number(text, 2)) * 60);
    } else {
        TRY(expect(text, 'z'));
    }
    if (!text.empty())
        return Error(EINVAL, "not a time as RFC 3339 writes it");
    return days_from_civil(year, unsigned(month), unsigned(day)) * 86400 + hour * 3600 +
           minute * 60 + second - offset;
}

Result<int64_t> nanos_from_text(std::string_view text)
{
    unsigned fraction = 0;
    int64_t nanos = TRY(from_text(text, &fraction));
    if (__builtin_mul_overflow(nanos, 1'000'000'000, &nanos) ||
        __builtin_add_overflow(nanos, fraction, &nanos))
        return Error(ERANGE, "\"%.*s\" is too far away", int(text.size()), text.data());
    return nanos;
}

namespace {

struct DurationUnit {
    const char* name;
    int64_t nanos;
};
// clang-format off
constexpr DurationUnit kDurationUnits[] = {
    {"ns", 1}, {"us", 1000}, {"\u00b5s", 1000}, {"ms", 1'000'000},
    {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000},
};
// clang-format on

// Takes "1.5h" off the front of `text`.
Result<int64_t> duration_part(std::string_view& text, std::string_view whole)
{
    auto bad = [&] {
        return Error(EINVAL, "\"%.*s\" is not a duration", int(whole.size()), whole.data())
            .with_hint("durations are written 30s, 1m30s or 500ms");
    };
    size_t digits = text.find_first_not_of("0123456789.");
    std::string_view number = text.substr(0, digits);
    text.remove_prefix(number.size());
    std::string_view unit = text.substr(0, text.find_first_of("0123456789."));
    text.remove_prefix(unit.size());
    std::string_view fraction = number;
    std::string_view integer = str::cut(fraction, '.');
    int64_t scale = whole.find_first_not_of("0123456789.") == whole.npos ? 1'000'000'000 : 0;
    for (const DurationUnit& row : kDurationUnits)
        if (unit == row.name)
            scale = row.nanos;
    if (scale == 0 || (integer.empty() && fraction.empty()) || fraction.find('.') != fraction.npos)
        return bad();
    int64_t total = 0;
    long long count = integer.empty() ? 0 : TRY(str::to_integer(integer));
    if (__builtin_mul_overflow(count, scale, &total))
        return Error(ERANGE, "\"%.*s\" is too long", int(whole.size()), whole.data());
    for (char digit : fraction) {
        scale /= 10;
        total += (digit - '0') * scale;
    }
    return total;
}

}  // namespace

Result<int64_t> parse_duration(std::string_view text)
{
    std::string_view rest = text;
    int64_t total = 0;
    do {
        int64_t part = TRY(duration_part(rest, text));
        if (__builtin_add_overflow(total, part, &total))
            return Error(ERANGE, "\"%.*s\" is too long", int(text.size()), text.data());
    } while (!rest.empty());
    return total;
}

String duration_text(int64_t nanos)
{
    String text;
    for (size_t i = std::size(kDurationUnits); i-- > 0;) {
        const DurationUnit& unit = kDurationUnits[i];
        if (unit.nanos == 1000 && unit.name[0] != 'u')
            continue;
        if (int64_t count = nanos / unit.nanos; count > 0)
            text += str::format("%lld%s", static_cast<long long>(count), unit.name);
        nanos %= unit.nanos;
    }
    return text.empty() ? "0s" : text;
}

String ago(int64_t seconds)
{
    struct Unit {
        const char* name;
        int64_t seconds;
    };
    constexpr Unit kUnits[] = {{"year", 31'536'000}, {"month", 2'592'000}, {"week", 604'800},
                               {"day", 86'400},      {"hour", 3600},       {"minute", 60}};
    for (const Unit& unit : kUnits)
        if (seconds >= 2 * unit.seconds || (unit.seconds <= 3600 && seconds >= unit.seconds)) {
            auto count = static_cast<long long>(seconds / unit.seconds);
            if (count == 1)
                return str::format("About %s %s ago", unit.seconds == 3600 ? "an" : "a", unit.name);
            return str::format("%lld %ss ago", count, unit.name);
        }
    if (seconds < 1)
        return "Less than a second ago";
    return str::format("%lld second%s ago", static_cast<long long>(seconds),
                       seconds == 1 ? "" : "s");
}

}  // namespace kist::clock
