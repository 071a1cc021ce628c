// confine.h - the last steps before execve(2): identity, capabilities, seccomp.
//
// The order is the security of it: bounding set, groups, ids (keeping capabilities), then without
// no_new_privs seccomp before capset, with it seccomp last.  The parent-death signal is set once
// the ids have changed, which would clear it.  Raw system calls, read back: libc's wrappers speak
// for threads that a cloned child does not have.

#pragma once

#include "container/capabilities.h"
#include "container/seccomp.h"
#include "container/users.h"

namespace kist::container {

struct Confinement {
    Capabilities capabilities;    // bounding set; what a root user has
    bool change_identity = true;  // false: the id map has one id, which is already ours
    bool keep_groups = false;
    bool no_new_privileges = false;
    bool outlives_parent = false;  // goes on when kist is killed
    SeccompFilter id_filter;       // of the tier single; empty: none
    SeccompFilter filter;
};

// Confines the calling process for good.  EPIPE: the monitor, which holds the other end of
// `report`, is gone already.
Result<void> confine(const Confinement& confinement, const Identity& identity, const Fd& report);

// Dies with its parent from here on (PR_SET_PDEATHSIG).
Result<void> die_with_parent();

}  // namespace kist::container
