// delegation.h - the part of the cgroup v2 tree in which this process may make cgroups.
//
// The mount is found by its file-system magic, since on hybrid machines it is not /sys/fs/cgroup.
// Root and ordinary users are served by one rule, starting at our own cgroup:
//   1. the nearest cgroup at or above it that systemd marked as delegated and that we may write,
//   2. else the highest one that we may write: the root of the tree for root, the part that
//   somebody
//      gave to the user otherwise.
// A cgroup that hands controllers to its children may hold no process itself (the kernel's rule;
// only the real root is exempt).  Our own kist processes move into a leaf for that; others are
// never moved.

#pragma once

#include <string_view>

#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::container {

struct Delegation {
    String mount;            // where cgroup v2 is mounted
    String path;             // absolute; containers are placed at <path>/kist/<id>
    String own;              // absolute; the cgroup that this process is in
    bool real_root = false;  // `path` is the root of the whole tree
    String system_root;      // in front of /proc and /run; only tests set it
};

// Where containers' cgroups go.  ENOTSUP: there is no cgroup v2 here (the hint says how to get it);
// EACCES: nothing is delegated to this user (the hint says how to).  Either means: run without a
// cgroup, and refuse limits with this error.  With a `system_root` mountinfo's "cgroup2" is
// believed; otherwise statfs(2) has the last word.
Result<Delegation> find_delegation(const String& system_root = "");

// The part of the tree that the user's systemd has (user@UID.service), in which it makes scopes for
// its user (scope.h).  ENOENT: it does not run, or keeps that to itself.
Result<Delegation> find_user_manager(const String& system_root = "");

// Makes the files of `controller` appear in the children of `directory`, one of place.path or a
// cgroup below it, handing the controller down from place.path on.  Errors say why it is not to be
// had (off at boot, cgroup v1, not delegated, foreign processes in the way) and what to do.
Result<void> hand_down(const Delegation& place, const String& directory,
                       std::string_view controller);

// Why `controller` is not to be had at `place`, as an error with its fix.
Error missing_controller(const Delegation& place, std::string_view controller);

// The controllers that place.path has ("cpu memory pids"), as words.
Result<Vector<String>> controllers_of(const Delegation& place);

}  // namespace kist::container
