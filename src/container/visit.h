// visit.h - a container's files as it sees them, looked at or changed from outside of it.
//
// A child process does it, inside of the outer user namespace.  When the container runs, its root
// is that of its first process; otherwise the child mounts it where nobody else sees it, and the
// container's lock is held meanwhile, so that nobody starts it.  The child never makes that root
// its own, and runs nothing of the container's: every path is resolved by open_in_root().

#pragma once

#include <sys/types.h>

#include <optional>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "container/container.h"
#include "container/directories.h"
#include "container/idmap.h"
#include "container/report.h"

namespace kist::container {

struct VisitRequest {
    const image::Places& places;
    const OuterNamespace& outer;
    const Directories& directories;
    const Summary& container;
    bool volumes = true;  // and other mounts; otherwise the root file system alone
};

struct Visited {
    const Fd& root;           // of the container
    bool one_owner = false;   // tier single: owners and devices cannot be given
    bool root_owner = false;  // tier root: devices can be made
};

// What to do there, in the child.
using Errand = Result<void> (*)(const Visited& visited, void* context);

class Visit {
public:
    // Forks the child.  What `request` refers to outlives the visit.  EBUSY: the container is just
    // starting or ending, or somebody else is there.
    static Result<Visit> start(const VisitRequest& request, Errand errand, void* context);
    // Waits for the child; what went wrong there.
    Result<void> finish();

    Visit(Visit&& other) noexcept;
    ~Visit();  // ends a child that was not waited for

private:
    Visit(const VisitRequest& request, Fd report, pid_t child, std::optional<Fd> lock);
    void release();

    const Directories& directories_;
    const String& id_;
    Fd report_;
    pid_t child_;
    std::optional<Fd> lock_;
};

}  // namespace kist::container
