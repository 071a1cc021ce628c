// settings.h - kernel settings of a container that are neither mounts nor confinement.

#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "container/spec.h"

namespace kist::container {

// Checks --sysctl and --ulimit before anything is started: only settings that belong to a namespace
// the container has of its own, and limits that exist.  EINVAL.
Result<void> check_settings(const Spec& spec);

// Writes /proc/self/oom_score_adj: what `spec` says, else `usual`; needs the host's /proc.  EPERM:
// asked for lower than ours, without right.
Result<void> set_oom_score(const Spec& spec, std::optional<int> usual);

// Host name, loopback link and sysctls, in the namespaces that the calling process is in; `root`
// has the container's /proc mounted, still writable.
Result<void> apply_namespace_settings(const Spec& spec, const Fd& root);

// --ulimit.  Last among what may allocate or open files.  EPERM names the limit that is above ours.
Result<void> apply_limits(const Spec& spec);

}  // namespace kist::container
