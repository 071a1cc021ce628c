// gzip.cpp - any bytes as a gzip stream: at once and in pieces, with the same outcome.

#include "archive/inflate.h"
#include "base/string.h"
#include "input.h"

using namespace kist;

namespace {

constexpr size_t kMaxOutput = 8 << 20;  // enough; a bomb would only take time

// The plain bytes, and whether the stream was whole.
bool unpack(std::string_view packed, size_t piece, String& plain)
{
    fuzz::Pieces source(packed, piece);
    auto stream = archive::gunzip(source);
    while (plain.size() < kMaxOutput) {
        auto part = stream->next();
        if (!part)
            return false;
        if (part->empty())
            return true;
        plain += *part;
    }
    return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    if (size < 1)
        return 0;
    std::string_view packed = fuzz::text_of(data + 1, size - 1);
    String whole;
    String pieces;
    bool first = unpack(packed, packed.size(), whole);
    bool second = unpack(packed, data[0], pieces);
    fuzz::must(first == second);
    if (first && whole.size() < kMaxOutput)
        fuzz::must(whole == pieces);

    fuzz::Pieces source(packed, data[0]);
    if (auto stream = archive::decompress(source))
        (void)(*stream)->next();
    return 0;
}
