// check_try.h - the tries behind `kist check`: each one in a forked child, in namespaces that end
// with it.

#pragma once

#include "base/result.h"

namespace kist::container {

// Each answers 0 when it works, else the errno value of what failed.  The caller must be
// single-threaded.

// A user namespace made by an ordinary user (by nobody when we are root) with one id mapped, whose
// root may do something in it: AppArmor on Ubuntu allows making one, and then nothing more.
int try_user_namespace();
// An overlay mount: as root, or with `userxattr` in a user namespace.
int try_overlay_as_root();
int try_overlay_in_user_namespace();
// Installing the default filter and being held by it.
int try_seccomp();
// Calls `trial` in a new network namespace, and passes its error on; as root in the machine's own
// user namespace, or as an ordinary user (nobody when we are root) in one of his own.
Result<void> try_network(bool as_root, Result<void> (*trial)());
// The user may ask for echoes: net.ipv4.ping_group_range.
int try_ping();
// Whether the processor runs 32-bit programs beside 64-bit ones.
int try_32_bit();

}  // namespace kist::container
