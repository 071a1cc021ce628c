// clock.h - time: the wall clock and its RFC 3339 text, and the steady clock for time-outs.

#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/string.h"

namespace kist::clock {

int64_t now();        // seconds since 1970, by the system's clock
int64_t now_nanos();  // nanoseconds since 1970
inline constexpr int64_t kNanosPerMs = 1'000'000;

int64_t steady_ms();     // milliseconds of CLOCK_MONOTONIC, for measuring intervals
int64_t steady_nanos();  // nanoseconds of it

// "2026-11-22T11:24:00Z", with nine digits of fraction when `nanos` is not 0 (RFC 3339).
String to_text(int64_t seconds, unsigned nanos = 0);
String now_text();  // now, with its nanoseconds
// Seconds since 1970; offset and fraction are understood, the fraction goes to `nanos`.
Result<int64_t> from_text(std::string_view text, unsigned* nanos = nullptr);
// The same in nanoseconds since 1970; what these cannot hold (before 1678, after 2261) is ERANGE.
Result<int64_t> nanos_from_text(std::string_view text);

// "1m30s", "500ms", "1.5h" as Go writes durations (units ns, us, ms, s, m, h), or a bare number of
// seconds; in nanoseconds.  EINVAL; ERANGE: more than about 290 years.
Result<int64_t> parse_duration(std::string_view text);
// The shortest such text: "1m30s", "500ms", "0s".
String duration_text(int64_t nanos);

// Days since 1970-01-01 of a date in the Gregorian calendar, and back.
int64_t days_from_civil(int64_t year, unsigned month, unsigned day);

// "5 minutes ago", as docker words it.
String ago(int64_t seconds);

}  // namespace kist::clock
