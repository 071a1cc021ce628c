// input.h - what fuzz targets share: the input as a stream that comes in pieces.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/stream.h"

namespace kist::fuzz {

inline std::string_view text_of(const uint8_t* data, size_t size)
{
    return {reinterpret_cast<const char*>(data), size};
}

// Hands out `bytes` in pieces of at most `piece`, as a connection would.
class Pieces : public Reader {
public:
    Pieces(std::string_view bytes, size_t piece) : rest_(bytes), piece_(piece ? piece : 1) {}

    Result<std::string_view> next() override
    {
        std::string_view part = rest_.substr(0, piece_);
        rest_.remove_prefix(part.size());
        return part;
    }

private:
    std::string_view rest_;
    size_t piece_;
};

// A property that must hold whatever the input; a fuzzer sees the abort.
inline void must(bool holds)
{
    if (!holds)
        __builtin_trap();
}

}  // namespace kist::fuzz
