// scope.h - a cgroup of our own from the user's systemd, where nothing is delegated to us.
//
// A login session's cgroup belongs to root; the user's systemd (user@UID.service) has a part of the
// tree, and makes cgroups in it for whoever asks: StartTransientUnit of org.freedesktop.systemd1(5)
// with Delegate=yes.  It lives as long as a process is in it, and no longer than that systemd,
// which ends with the user's last session unless the user lingers (loginctl enable-linger).

#pragma once

#include <sys/types.h>

#include "base/result.h"
#include "base/string.h"

namespace kist::container {

// Whether it makes sense to ask: an ordinary user on a machine with systemd.
bool can_ask_for_scope();

// Whether the user's systemd answers; the hint of an error says what to do.
Result<void> check_scope();

// Moves the calling process into a new scope "kist-<the id's first 12 digits>.scope", of which
// find_delegation() then answers.  Takes 5 seconds at most.  The hint of an error says what to do.
Result<void> enter_scope(const String& id);

// Moves `process` into the cgroup `path` (absolute, Cgroup::path()), which is somewhere below a
// scope of ours.  For callers that may not do it themselves because of where `process` comes from:
// a login session's processes can be moved by systemd only.
Result<void> move_into_scope(const String& path, pid_t process);
bool is_in_scope(const String& path);

}  // namespace kist::container
