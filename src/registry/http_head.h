// http_head.h - the status line and headers of an answer (RFC 9112, sections 4 and 5).
//
// Strict where answers could be read in two ways (framing, names, folded lines), tolerant where
// servers are known to be careless (line ends without CR, no reason).

#pragma once

#include <string_view>

#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "registry/http.h"
#include "registry/transport.h"

namespace kist::registry {

struct HttpHead {
    int status = 0;
    int minor = 1;  // of the version: HTTP/1.0 or 1.1
    String reason;
    Vector<Header> headers;

    // The first header called `name`, in any case; nullptr when there is none.
    const String* find(std::string_view name) const;
    // Whether the list in `header` (of all its occurrences) has `word`, in any case.
    bool lists(std::string_view header, std::string_view word) const;
};

// Reads the next head, past interim ones (1xx).  `peer` is for messages.
// EPROTO: not HTTP, or against its rules.  ECONNRESET: the stream ended.
Result<HttpHead> read_head(Transport& transport, const String& peer);

// A line up to LF, without it and a CR before it.  EPROTO: longer than `limit`.
Result<String> read_line(Transport& transport, size_t limit, const String& peer);

}  // namespace kist::registry
