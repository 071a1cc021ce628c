// tar_writer.h - the counterpart of tar.h: entries in, a pax archive out (pax(1), POSIX.1-2001).
//
// Each header is plain ustar as far as ustar can say it; what it cannot hold (long names, large
// numbers, nanoseconds, extended attributes) goes into pax records in front of it.  The same
// entries always make the same bytes.

#pragma once

#include <cstdint>
#include <string_view>

#include "archive/tar.h"
#include "base/result.h"
#include "base/stream.h"
#include "base/string.h"

namespace kist::archive {

class TarWriter {
public:
    // `sink` is borrowed.  It is written to in large pieces.
    explicit TarWriter(Writer& sink) : sink_(sink) {}

    // Writes the header of `entry`.  A file's contents follow by contents(): exactly `size` bytes,
    // or, of a sparse one, those of its extents one after the other (GNU's sparse format 1.0).
    // Other kinds have none, whatever `size` says.  A directory's name gets its slash here.
    // EINVAL: the contents of the entry before are not complete.
    Result<void> add(const Entry& entry);
    // EFBIG: more than the header said.
    Result<void> contents(std::string_view bytes);
    // Contents that are zeros.
    Result<void> zeros(uint64_t count);
    // Ends the archive; nothing may follow.
    Result<void> finish();

private:
    Result<void> put(std::string_view bytes);
    Result<void> flush();

    Writer& sink_;
    String buffer_;
    uint64_t left_ = 0;     // contents still to come
    uint64_t padding_ = 0;  // and what fills their last block
};

}  // namespace kist::archive
