// container.h - containers as users know them: run one, list them, remove them.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "container/idmap.h"
#include "container/spec.h"
#include "container/state.h"
#include "image/places.h"

namespace kist::container {

struct Outcome {
    int exit_code = 0;        // as docker says it: 128+n for a signal
    bool oom_killed = false;  // the kernel killed a process of it for want of memory
};

// Creates the container of `spec`, runs it in the foreground and says how it ended.  The
// container's stdio is ours, through pipes or a pty; signals are forwarded; with
// `spec.remove` nothing is left, otherwise the container stays listed.  An error that comes from
// the program itself (not found, not executable) has been recorded; exit_code_for() (launch.h)
// says the exit code.  EEXIST: the name is taken.  Must be called without other threads.
// `image_lock` (Store::lock_shared) is let go once the container's record keeps the image.
Result<Outcome> run_foreground(const Spec& spec, const image::Places& places,
                               const OuterNamespace& outer, Fd image_lock);

struct Summary {
    Spec spec;
    State state;
};

// All containers, newest first.  What killed commands left is swept on the way.  A container
// that vanishes meanwhile is left out.
Result<std::vector<Summary>> list(const image::Places& places, const OuterNamespace& outer);
// By name, id or unique prefix of the id.  ENOENT; EINVAL: the prefix is ambiguous.
Result<Summary> find(const image::Places& places, const OuterNamespace& outer,
                     std::string_view name);
// EBUSY: it runs, and `force` was not given.
Result<void> remove(const image::Places& places, const OuterNamespace& outer, std::string_view name,
                    bool force);

// Ids of the images that containers use, so that the store keeps them.
Result<std::vector<Digest>> images_in_use(const image::Places& places);
// Names of the containers made of `image`.
Result<std::vector<std::string>> containers_of(const image::Places& places, const Digest& image);

// Bytes of what a container has written to its root file system.  `store` is the store's root;
// run it inside the outer namespace.  0 when it is gone.
Result<uint64_t> writable_size(const Fd& store, const std::string& id);

}  // namespace kist::container
