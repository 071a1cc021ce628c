// copy.h - copying trees of files with all that belongs to them.
//
// Used where overlayfs cannot stack layers, and to fill a new volume from the image.

#pragma once

#include "base/fd.h"
#include "base/result.h"

namespace kist::container {

struct CopyRules {
    // The tree is a layer: its whiteouts remove what is in `to`, its opaque directories empty it.
    bool layer = false;
};

// Copies what is in the directory `from` into the directory `to`, and its own owner, mode, times
// and attributes.  Hard links stay hard links, holes stay holes, and the blocks are shared where
// the file system can (FICLONE).  What this id map cannot do (foreign owners, device nodes) is left
// out. Follows no link.  ELOOP: directories nested deeper than kMaxCopyDepth.
Result<void> copy_tree(const Fd& from, const Fd& to, CopyRules rules);

// Owner, mode, attributes and times of an open file, as far as this id map has them.
Result<void> copy_attributes(const Fd& from, const Fd& to);

inline constexpr int kMaxCopyDepth = 200;

}  // namespace kist::container
