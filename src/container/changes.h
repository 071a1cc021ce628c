// changes.h - what a container has changed in its root file system.

#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/spec.h"

namespace kist::container {

struct Change {
    char kind;    // A: added, C: changed, D: deleted
    String path;  // absolute in the container
};

inline constexpr size_t kMaxChanges = 4 << 20;

// Compares the container's own layer, or its copied root, with the image's layers; in the order of
// names, a directory before what is in it.  What kist itself puts there (the places of its mounts)
// does not count.  Runs inside the outer namespace; `store` is the store's root.  Of a container
// that never ran nothing has changed.
Result<Vector<Change>> find_changes(const Spec& spec, const Fd& store);

}  // namespace kist::container
