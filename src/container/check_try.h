// check_try.h - the tries behind `kist check`: each one in a forked child, in namespaces that end
// with it.

#pragma once

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
// A question to nf_tables in a new network namespace.
int try_nf_tables(bool in_user_namespace);
// Whether the processor runs 32-bit programs beside 64-bit ones.
int try_32_bit();

}  // namespace kist::container
