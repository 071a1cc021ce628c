// container.h - containers as users know them: all of them, or one by its name.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/carried.h"
#include "base/result.h"
#include "container/directories.h"
#include "container/idmap.h"
#include "container/spec.h"
#include "container/state.h"
#include "image/places.h"

namespace kist::container {

struct Summary {
    using Growth = CarriedAsBytes<Summary>;
    Spec spec;
    State state;
};

// The same without the sweep, for who has opened the directories (service/engine.h).
Result<std::vector<Summary>> list(const Directories& directories);
Result<Summary> find(const Directories& directories, std::string_view name);

// All containers, newest first.  What killed commands left is swept on the way.  A container
// that vanishes meanwhile is left out.
Result<std::vector<Summary>> list(const image::Places& places, const OuterNamespace& outer);
// By name, id or unique prefix of the id.  ENOENT; EINVAL: the prefix is ambiguous.
Result<Summary> find(const image::Places& places, const OuterNamespace& outer,
                     std::string_view name);
// Ids of the images that containers use, so that the store keeps them.
Result<std::vector<Digest>> images_in_use(const image::Places& places);
// Names of the containers made of `image`.
Result<std::vector<std::string>> containers_of(const image::Places& places, const Digest& image);

// Bytes of what a container has written to its root file system.  `store` is the store's root;
// run it inside the outer namespace.  0 when it is gone.
Result<uint64_t> writable_size(const Fd& store, const std::string& id);

}  // namespace kist::container
