// clone.h - one process in new namespaces, by clone3(2), or clone(2) where that is missing.

#pragma once

#include <sys/types.h>

#include <cstdint>

#include "base/fd.h"
#include "base/result.h"

namespace kist::container {

struct CloneRequest {
    uint64_t namespaces = 0;     // CLONE_NEW*
    bool sibling = false;        // the child of our parent, not ours
    const Fd* cgroup = nullptr;  // directory of the cgroup to be born in
};

// 0 in the child, as fork(2); its pid in the parent.  The caller has one thread.  A kernel that
// cannot start a process in a cgroup says so here (any error with `cgroup` set): ask again without.
Result<pid_t> clone_process(const CloneRequest& request);

// Names the first of `namespaces` that this kernel was built without; "" when it has all.
const char* missing_namespace(uint64_t namespaces);

}  // namespace kist::container
