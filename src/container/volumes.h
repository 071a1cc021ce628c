// volumes.h - what the user mounts: --volume, --mount, --tmpfs, and the image's volumes.

#pragma once

#include <optional>

#include "base/fd.h"
#include "base/result.h"
#include "base/vector.h"
#include "container/spec.h"

namespace kist::container {

// A mount of the Spec with its source in hand.
struct Volume {
    Mount mount;             // a volume whose options say so has become a bind or a tmpfs
    std::optional<Fd> tree;  // bind, volume: detached
    std::optional<Fd> home;  // volume: its own directory (volume_store.h)
    bool is_directory = true;
};

// Clones the sources of all binds while the host's paths are ours to name; one that is missing
// is made as a directory, or an error with --mount (ENOENT).  A volume that is missing is made.  In
// the order to mount them in: what is nearer to the root first.  EINVAL: a target that is not to be
// covered (/, /proc).  `store` is the store's root, opened in this mount namespace.
Result<Vector<Volume>> open_volumes(const Spec& spec, const Fd& store);

// Gives new volumes what the image has at their targets (volume_fill.h).  `root` is mounted, and
// nothing is mounted in it yet.
Result<void> fill_volumes(const Spec& spec, const Fd& root, const Vector<Volume>& volumes);

struct VolumeRequest {
    const Spec& spec;
    const Fd& root;  // of the container, mounted
};

// Mounts them below the root, making targets that are missing.
Result<void> mount_volumes(const VolumeRequest& request, const Vector<Volume>& volumes);

}  // namespace kist::container
