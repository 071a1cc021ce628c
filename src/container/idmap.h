// idmap.h - which ids the container has, and the outer user namespace that holds them.
//
// Root needs no user namespace.  An ordinary user gets one outer user namespace per id map, shared
// by all of that user's kist processes that touch layers, and the parent of each container's own.
// The tiers (chosen in this order, reported by `kist info`):
//
//     root     no user namespace
//     subuid   newuidmap and newgidmap, found at fixed paths, write /etc/subuid's ranges; or root
//              wrote the maps, at boot (given_ids.h) or of a namespace that we are in already
//     single   only the caller's id exists, as the container's USER

#pragma once

#include <sys/types.h>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "image/places.h"
#include "image/store.h"

namespace kist::container {

struct IdRange {
    unsigned inside = 0, outside = 0, count = 0;
};

struct OuterNamespace {
    image::StoreMap map;         // tier, and its text for the store
    Vector<IdRange> uids, gids;  // empty: root, no namespace
    String reason;               // why not a better tier ("newuidmap is not installed")
    bool given = false;          // we are in it already, as its root
};

// Chooses the tier; makes nothing yet.  Reads /etc/subuid and /etc/subgid by name and by uid.
// EPERM: the kernel forbids user namespaces; the hint says which switch to set.
Result<OuterNamespace> choose_outer();

// Moves the calling process, which must be single-threaded, into the outer user namespace and a
// mount namespace below it, as root there; nothing for tier root.  Joins the one that this
// user's running containers keep alive, else makes it, under a lock in the state directory.
Result<void> enter_outer(const OuterNamespace& outer, const image::Places& places);

}  // namespace kist::container
