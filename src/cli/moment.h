// moment.h - a point in time as --since and --until take it.

#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace kist::cli {

// In nanoseconds since 1970: RFC 3339, also shortened as docker has it ("2026-11-22T10:04",
// "2026-11-22"; without a zone it is UTC), seconds since 1970 with or without a fraction, or a
// duration, which is so long before `now`.  EINVAL, ERANGE.
Result<int64_t> parse_moment(std::string_view text, int64_t now);

}  // namespace kist::cli
