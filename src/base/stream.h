// stream.h - bytes that flow: the two interfaces that archives, connections and files share.
//
// A Reader hands out its own buffer instead of filling the caller's, so that a layer passes from
// the socket through TLS, SHA-256, inflate and tar without being copied from stage to stage.

#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace kist {

class Reader {
public:
    virtual ~Reader() = default;
    // The next bytes, as many as are at hand; empty at the end, and ever after.  The view is
    // valid until the next call.  After an error the reader is used no more.
    virtual Result<std::string_view> next() = 0;
    // Passes over bytes that nobody wants: at most `most`, and how many it were.  0 where they
    // have to be read.
    virtual Result<uint64_t> skip_over([[maybe_unused]] uint64_t most) { return uint64_t(0); }
};

class Writer {
public:
    virtual ~Writer() = default;
    // Takes all of `bytes`, or fails.
    virtual Result<void> write(std::string_view bytes) = 0;
};

}  // namespace kist
