// text.h - words that only help and the manual need: packed, and unpacked when they are asked for.
//
// The text stands where it belongs, "Limit memory"_help; what is compiled in there is its number
// alone.  third_party/texts.py finds these literals in the sources and packs them, at build time.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/string.h"

namespace kist::cli {

// FNV-1a, 32 bits (draft-eastlake-fnv).
constexpr uint32_t number_of(std::string_view text)
{
    uint32_t number = 2166136261u;
    for (char c : text)
        number = (number ^ static_cast<unsigned char>(c)) * 16777619u;
    return number;
}

struct Text {
    uint32_t number = 0;  // 0: no text

    // The words.  The first call unpacks them all, and they stay for good.
    const char* words() const;
    constexpr explicit operator bool() const { return number != 0; }
};

consteval Text operator""_help(const char* text, size_t size)
{
    return {number_of({text, size})};
}

// The licences of everything that is linked in.
const char* licenses();

}  // namespace kist::cli
