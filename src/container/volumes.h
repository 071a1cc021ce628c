// volumes.h - what the user mounts: --volume, --mount, --tmpfs, and the image's volumes.

#pragma once

#include <optional>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "container/spec.h"

namespace kist::container {

// A mount of the Spec with its source in hand.
struct Volume {
    const Mount* mount = nullptr;
    std::optional<Fd> tree;  // bind: detached
    bool is_directory = true;
};

// Clones the sources of all binds while the host's paths are ours to name; one that is missing
// is made as a directory, or an error with --mount (ENOENT).  In the order to mount them in: what
// is nearer to the root first.  EINVAL: a target that is not to be covered (/, /proc).
Result<std::vector<Volume>> open_volumes(const Spec& spec);

struct VolumeRequest {
    const Spec& spec;
    const Fd& root;       // of the container, mounted
    const Fd& directory;  // containers/ID: anonymous volumes are kept in volumes/N there
};

// Mounts them below the root, making targets that are missing.
Result<void> mount_volumes(const VolumeRequest& request, const std::vector<Volume>& volumes);

}  // namespace kist::container
