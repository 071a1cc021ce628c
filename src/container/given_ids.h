// given_ids.h - an outer user namespace (idmap.h) that root made for a user, where there is no
// newuidmap.
//
// /run/kist-users/UID/ is root's.  `namespace` there is the user namespace itself, kept by a bind
// mount of /proc/PID/ns/user (namespaces(7)) and not by a process; `uid_map` and `gid_map` say how
// it maps ids, in the form of the files in /proc.  It lasts until the machine goes down, and all
// kist commands of that user find it there.

#pragma once

#include <optional>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/idmap.h"
#include "container/users.h"

namespace kist::container {

struct GivenIds {
    Vector<IdRange> uids, gids;
    Fd user_namespace;
};

// What root gave to the user that we are; nothing when it gave nothing.
std::optional<GivenIds> find_given_ids();

// As root: makes the namespace for a user and keeps it, with the user's own id as 0 and behind it
// what /etc/subuid and /etc/subgid give to `name`.  A user without a line there gets 65,536 ids
// that follow from the uid, so that they are the same after the next boot; the line is added where
// the file can be written.  Nothing changes when it is there already.
Result<void> give_ids(const Identity& identity, const String& name);

// The first id of a range of 65,536 for the user `uid`, free of those that `subid`, the text of
// /etc/subuid, gives to others.
unsigned choose_range(std::string_view subid, unsigned uid);

}  // namespace kist::container
