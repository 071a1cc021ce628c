// volume.h - what more than one command does with volumes.

#pragma once

#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "cli/context.h"
#include "cli/filter.h"
#include "cli/print.h"
#include "container/volume_use.h"

namespace kist::cli {

using container::VolumeInfo;
using container::VolumeStore;
using container::VolumeUse;

// To look at volumes and to make them, from outside of the user namespace.
Result<VolumeStore> open_volumes(const Context& context);
// To change them: moves this process into the outer user namespace.
Result<VolumeStore> enter_volumes(const Context& context);

// What `volume inspect` shows of it: JSON.  ENOENT.
Result<String> volume_document(const Context& context, const String& name);

// An event, for `kist events`.
void tell_volume(const Context& context, const char* action, const String& name);

// Names of the containers that use a volume, in front of each a blank.
String users_of(const Vector<VolumeUse>& uses, const String& volume);

struct SeenVolume {
    const VolumeInfo& info;
    bool used;  // by a container
};
// --filter KEY=VALUE; EINVAL names the keys there are.
Result<Conditions> parse_volume_filters(const Vector<String>& words, FilterUse use);
bool match_volume(const Conditions& conditions, const SeenVolume& seen);

struct PrunedVolumes {
    Vector<String> names;
    uint64_t bytes = 0;
};

// Removes the volumes that no container uses: anonymous ones, or `all`.  `filters` are label=...
// and label!=...; EINVAL.  Enters the outer user namespace.
Result<PrunedVolumes> prune_volumes(const Context& context, bool all,
                                    const Vector<String>& filters);

// The row of `system df`: type, count, active, size, reclaimable.  The process is inside of the
// outer user namespace.
Result<Row> volume_usage(const Context& context);

}  // namespace kist::cli
