// volume_store.h - volumes: directories that outlive containers.
//
// ROOT/volumes/NAME/ holds volume.json (its record) and _data (its files).  Everything here runs
// inside the outer user namespace when there is one, as the files belong to ids of it.

#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "base/json.h"
#include "base/result.h"
#include "container/idmap.h"
#include "container/spec.h"
#include "image/places.h"

namespace kist::container {

struct VolumeInfo {
    std::string name;
    std::string created;  // RFC 3339
    json::Map labels, options;
    bool anonymous = false;  // its name was made up, 64 hex digits
    bool filled = false;     // the image's content was copied up, or has been decided against
};

// Makes the volumes that `spec` names and that are missing; called when a container is created,
// from outside of the namespace.
Result<void> make_volumes(const Spec& spec, const image::Places& places,
                          const OuterNamespace& outer);
// Removes those that are anonymous and that no other container uses.
Result<void> remove_anonymous_volumes(const Spec& spec, const image::Places& places,
                                      const OuterNamespace& outer);

}  // namespace kist::container
