// container.h - containers as users know them: all of them, or one by its name.

#pragma once

#include <string_view>

#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/directories.h"
#include "container/spec.h"
#include "container/state.h"
#include "image/places.h"

namespace kist::container {

struct Summary {
    Spec spec;
    State state;
};

// All containers, newest first; one that vanishes meanwhile is left out.  service::open_engine()
// has swept what killed commands left.
Result<Vector<Summary>> list(const Directories& directories);
// By name, id or unique prefix of the id.  ENOENT; EINVAL: the prefix is ambiguous.
Result<Summary> find(const Directories& directories, std::string_view name);

// Those that are there; one that is just being made or removed is left out.  An error when one
// cannot be read: what it uses would be taken for unused.
Result<Vector<Spec>> all_specs(const image::Places& places);
// Ids of the images that containers use, so that the store keeps them.
Result<Vector<Digest>> images_in_use(const image::Places& places);
// Names of the containers made of `image`.
Result<Vector<String>> containers_of(const image::Places& places, const Digest& image);

// Bytes of what a container has written to its root file system.  `store` is the store's root;
// run it inside the outer namespace.  0 when it is gone.
Result<uint64_t> writable_size(const Fd& store, const String& id);

}  // namespace kist::container
