// moment.cpp - times as docker's commands take them.

#include "cli/moment.h"

#include "base/clock.h"
#include "base/str.h"
#include "base/string.h"

namespace kist::cli {

namespace {

constexpr size_t kDate = 10, kMinutes = 16;  // lengths of 2026-11-22 and 2026-11-22T10:04

// "1700000000.25": in nanoseconds.
Result<int64_t> seconds_of(std::string_view text)
{
    std::string_view fraction = text;
    int64_t nanos = TRY(str::to_integer(str::cut(fraction, '.')));
    bool late = __builtin_mul_overflow(nanos, 1'000'000'000, &nanos);
    int64_t part = 0;
    for (size_t i = 0; i < 9; i++)
        part = part * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
    if (late || __builtin_add_overflow(nanos, part, &nanos))
        return Error(ERANGE, "\"%.*s\" is too far away", int(text.size()), text.data());
    return nanos;
}

// Fills in what the shorter forms leave out.
String completed(std::string_view text)
{
    String whole(text);
    if (whole.size() == kDate)
        return whole + "T00:00:00Z";
    size_t zone = whole.find_first_of("Zz+-", kDate);
    String tail = zone == whole.npos ? "Z" : whole.substr(zone);
    whole.erase(std::min(zone, whole.size()));
    if (whole.size() == kMinutes)
        whole += ":00";
    return whole + tail;
}

}  // namespace

Result<int64_t> parse_moment(std::string_view text, int64_t now)
{
    size_t odd = text.find_first_not_of("0123456789.");
    bool number = odd == text.npos && text.find('.') == text.rfind('.');
    if (number && !text.empty())
        return seconds_of(text);
    if (text.size() >= kDate && text[4] == '-' && text[7] == '-')
        return clock::nanos_from_text(completed(text));
    auto ago = clock::parse_duration(text);
    if (!ago)
        return Error(EINVAL, "\"%.*s\" is not a time", int(text.size()), text.data())
            .with_hint("times are written 2026-11-22T10:04:05Z, 1763805845 or 10m (ago)");
    return now - *ago;
}

}  // namespace kist::cli
