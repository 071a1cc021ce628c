// inflate.h - gzip (RFC 1952) as a stream.

#pragma once

#include <memory>

#include "base/result.h"
#include "base/stream.h"

namespace kist::archive {

// Unpacks the gzip stream that `source` (borrowed) yields: any number of members, checksums and
// lengths verified, garbage after the last member refused.  EBADMSG says what is wrong with it.
std::unique_ptr<Reader> gunzip(Reader& source);

// Unpacks gzip, passes a plain stream through; chosen by the first bytes, whatever the media type
// says.  zstd is refused by name.
Result<std::unique_ptr<Reader>> decompress(Reader& source);

// The name of a compression that is known by the first bytes of a stream but not understood
// ("zstd"); null for all others.
const char* refused_format(std::string_view start);

}  // namespace kist::archive
