// blob.h - a blob as it arrives, whatever happens to the connections.  The inside of
// distribution.h.

#pragma once

#include "base/string.h"
#include "registry/api.h"
#include "registry/distribution.h"

namespace kist::registry {

// The blob at `path`; waits for the first answer.  `api` is borrowed.
Result<std::unique_ptr<Blob>> open_blob(Api& api, const String& path, const Digest& digest,
                                        uint64_t size);

// "bytes 5-9/10" (RFC 9110, section 14.4); `total` is -1 for "*".  EPROTO: anything else.
struct ContentRange {
    uint64_t first = 0;
    uint64_t last = 0;
    int64_t total = -1;

    static Result<ContentRange> parse(std::string_view text);
};

}  // namespace kist::registry
