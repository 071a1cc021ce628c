// provision.h - what root prepares at boot for an ordinary user's containers, and becoming that
// user.

#pragma once

#include "base/result.h"
#include "base/string.h"
#include "container/users.h"
#include "image/places.h"

namespace kist::container {

struct HostUser {
    String name;  // its number when /etc/passwd has no name for it
    Identity identity;
};

// A user of this machine, by name or number.  ENOENT; EINVAL: it is root.
Result<HostUser> find_host_user(const String& user);

// As root, for `user`:
// - its user namespace, with the maps written (given_ids.h);
// - below our own part of the cgroup v2 tree the cgroup user-UID, which is the user's to divide and
//   has all controllers that there are; its leaf `login` gets the calling process, and is the
//   place for the user's shells.  Without cgroup v2 there is none;
// - /run/user/UID.
// What is there already stays.
Result<void> provision(const HostUser& user);

// The calling process, single-threaded, becomes `user`, as far as a login does that: ids, groups,
// HOME, USER, LOGNAME, XDG_RUNTIME_DIR; what root's environment says about kist's places is
// dropped.  `root` and `state` are what --root and --state said: on the way, directories for the
// user's store and state are made where only root can do that, and given to the user.
Result<void> become(const HostUser& user, const String& root, const String& state);

}  // namespace kist::container
