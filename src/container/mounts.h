// mounts.h - what is mounted in every container: /proc, /dev, /sys and what is below them.

#pragma once

#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "container/spec.h"

namespace kist::container {

struct SystemMounts {
    const Spec& spec;
    const Fd& root;               // of the container, mounted
    bool user_namespace = false;  // we are root of a user namespace only
    bool tty_group = true;        // group 5 exists in the id map
    bool cgroup = false;          // the container has a cgroup of its own
};

// Mounts the rows of the table in mounts.cpp; one that the user mounts something on is left out,
// and with "-v ...:/dev" all that is below /dev.
Result<void> mount_system(const SystemMounts& request);

// Covers what tells about the host or could change it, as docker does (moby's oci/defaults.go):
// masked paths, then read-only ones.  Nothing with --privileged or systempaths=unconfined.
Result<void> protect_system(const SystemMounts& request);

// Whether one of the user's mounts is at exactly `target`.
bool user_mounts_at(const Spec& spec, std::string_view target);

}  // namespace kist::container
