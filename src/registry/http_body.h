// http_body.h - the body of an answer, unwrapped (RFC 9112, sections 6 and 7).

#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/string.h"
#include "registry/http_head.h"
#include "registry/transport.h"

namespace kist::registry {

class HttpBody {
public:
    // How the body of this answer to `method` ends.  EPROTO: it is said in two ways, or wrongly,
    // and a request could be smuggled behind it.
    static Result<HttpBody> of(const HttpHead& head, std::string_view method, const String& peer);

    // The next bytes, in the transport's buffer; empty at the end.  ECONNRESET: the stream ended
    // before the body.
    Result<std::string_view> next(Transport& transport);

    // Takes what next() gave out last.
    void settle(Transport& transport) { transport.consume(std::exchange(shown_, 0)); }

    // Nothing is left to be read.
    bool is_done() const { return framing_ == Framing::length && left_ == 0; }
    // Only the end of the connection ends it.
    bool until_close() const { return framing_ == Framing::close; }
    // Bytes in all, or -1.
    int64_t length() const { return length_; }

private:
    enum class Framing : uint8_t { length, chunked, close };

    Result<void> next_chunk(Transport& transport);

    String peer_;
    Framing framing_ = Framing::length;
    bool first_chunk_ = true;
    uint64_t left_ = 0;  // of the body, or of the chunk
    size_t shown_ = 0;   // bytes that next() gave out and that are not consumed yet
    int64_t length_ = -1;
};

}  // namespace kist::registry
