// http_date.cpp - dates as HTTP writes them.

#include "registry/http_date.h"

#include "base/clock.h"
#include "base/str.h"

namespace kist::registry {

std::optional<int64_t> parse_http_date(std::string_view text)
{
    constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
    // "Sun, 06 Nov 1994 08:49:37 GMT"
    //  0    5  8   12   17 20 23 26
    if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT")
        return std::nullopt;
    size_t month = kMonths.find(text.substr(8, 3));
    auto day = str::to_integer(text.substr(5, 2));
    auto year = str::to_integer(text.substr(12, 4));
    auto hour = str::to_integer(text.substr(17, 2));
    auto minute = str::to_integer(text.substr(20, 2));
    auto second = str::to_integer(text.substr(23, 2));
    if (month == kMonths.npos || month % 3 || !day || !year || !hour || !minute || !second)
        return std::nullopt;
    return clock::days_from_civil(*year, unsigned(month / 3 + 1), unsigned(*day)) * 86400 +
           *hour * 3600 + *minute * 60 + *second;
}

}  // namespace kist::registry
