// volume_use.h - what a container's mounts mean as volumes.

#pragma once

#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/directories.h"
#include "container/spec.h"
#include "container/volume_store.h"
#include "image/places.h"

namespace kist::container {

// "--opt" of `volume create`, docker's local driver: type=tmpfs[,o=...], or type=none with o=bind
// and device=PATH.  The Mount that they mean where `asked` mounts the volume.  ENOTSUP names what
// is not supported.
Result<Mount> mount_of_options(const json::Map& options, const Mount& asked);

// Which container mounts a volume.
struct VolumeUse {
    String volume, container_id, container;
};
Result<Vector<VolumeUse>> volume_uses(const image::Places& places);

// The record of the volume that `mount` names, when it is to be made.
VolumeInfo volume_of(const Mount& mount);

bool has_anonymous_volumes(const Spec& spec);

// Its anonymous volumes stay when it is removed (`rm` without -v).
void keep_volumes(Spec& spec);

// The mounts that --volumes-from CONTAINER[:ro] stands for, for make_spec().  ENOENT: there is no
// such container.
Result<Vector<Mount>> inherited_mounts(const Vector<String>& containers,
                                       const Directories& directories);

}  // namespace kist::container
