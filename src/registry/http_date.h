// http_date.h - dates as HTTP writes them (RFC 9110, section 5.6.7).

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace kist::registry {

// Seconds since 1970 of "Sun, 06 Nov 1994 08:49:37 GMT".  The two obsolete forms are not
// understood; no date here is worth failing for.
std::optional<int64_t> parse_http_date(std::string_view text);

}  // namespace kist::registry
