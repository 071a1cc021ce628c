// transfer.h - files copied into and out of containers, by docker's rules for `cp`.
//
// An archive flows between two processes: one sees the container's files (visit.h), the other those
// of the caller, with the caller's rights.  Neither resolves a path of the other side.
//
// What SRC becomes: under its own name in DEST when that is a directory, as DEST when that does not
// exist or is a file; "SRC/." is what is in the directory.

#pragma once

#include <cstdint>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "container/visit.h"

namespace kist::container {

struct Transfer {
    String source, destination;  // the caller's is absolute
    bool follow = false;         // a link at `source`: what it links to
    bool keep_owners = false;    // numbers as they are; towards the host for root only
};

// Both answer with the bytes that were copied.  ENOENT, ENOTDIR, EEXIST name the path.
Result<uint64_t> copy_out(const VisitRequest& container, const Transfer& transfer);
Result<uint64_t> copy_in(const VisitRequest& container, const Transfer& transfer);

// The same as a tar archive: written to `file`, or read from it (also compressed) into the
// directory `destination`, with the owners that it says.
Result<void> copy_out_archive(const VisitRequest& container, const Transfer& transfer,
                              const Fd& file);
Result<void> copy_in_archive(const VisitRequest& container, const Transfer& transfer,
                             const Fd& file);

// The whole file system without volumes and other mounts, as an archive.
Result<void> export_root(const VisitRequest& container, const Fd& file);

}  // namespace kist::container
