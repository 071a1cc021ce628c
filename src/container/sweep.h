// sweep.h - finishing what a killed command left behind.

#pragma once

#include <optional>

#include "base/fd.h"
#include "base/result.h"
#include "base/vector.h"
#include "container/directories.h"
#include "container/idmap.h"
#include "container/state.h"

namespace kist::container {

// The first process of a container as its record knows it, if it still lives: a number that was
// given to another process since, or before this boot, is not taken for it.
Result<std::optional<Fd>> find_process(const State& state);

// How a container ends, whoever finds out: kills what still lives of it, removes its links,
// addresses and ports (network/unwire.h), mounts, cgroup and volatile files, and removes it (--rm;
// anonymous volumes with it) or records `state`. The caller holds its lock. When its processes,
// cgroup or links cannot be removed, it stays on record for the next sweep to try again.  Goes on
// past other errors; the first one is returned.
Result<void> finish(const Directories& directories, const image::Places& places,
                    const OuterNamespace& outer, const Spec& spec, State& state);

// Finishes containers whose monitor is gone.  Looks only at those of this boot (STATE/locks) but
// for the first time after a boot, when it looks at all.  Errors are logged at debug: a container
// that cannot be swept now keeps no command from its work.  Those that lived in this boot and whose
// monitor was killed are returned: their end has not been told of, nor their restart policy heeded.
Vector<Spec> sweep(const Directories& directories, const image::Places& places,
                   const OuterNamespace& outer);

}  // namespace kist::container
