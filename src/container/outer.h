// outer.h - making and finding the outer user namespace (idmap.h), for launch.
//
// A namespace lives as long as something refers to it.  Monitors stay outside but each holds a
// descriptor of it; STATE/outer names them, one line each: "PID START-TIME DESCRIPTOR MAP". Whoever
// needs the namespace opens /proc/PID/fd/DESCRIPTOR of one that still lives.  STATE/outer.lock is
// held while it is looked for, made and written down.

#pragma once

#include <sys/types.h>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/idmap.h"
#include "image/places.h"

namespace kist::container {

// EPERM, with the switch to set in the hint, when this kernel keeps the caller from making user
// namespaces.  Looks, and makes none.
Result<void> check_user_namespaces();

// newuidmap or newgidmap at one of the fixed places; "" when it is in none.
String find_map_program(const char* name);

// Ranges as /proc/PID/uid_map wants them; `identity`: for a namespace nested in the outer one.
String map_text(const Vector<IdRange>& ranges, bool identity);
// The other way round: the lines of /proc/PID/uid_map.
Result<Vector<IdRange>> parse_id_map(std::string_view text);
// What `path` (/etc/subuid, /etc/subgid) gives to the user of this name or number, behind the id
// `own` as 0.
Vector<IdRange> subordinate_ids(const char* path, unsigned own, const String& name,
                                const String& number);
// Whether `file` is a user namespace (nsfs), and whose.
bool is_user_namespace(const Fd& file, uid_t& owner);
// Whether `id` exists inside; always without ranges.
bool has_id(const Vector<IdRange>& ranges, unsigned id);

// STATE/outer.lock, held while the result lives or until unlock_outer().
Result<Fd> lock_outer(const image::Places& places);
void unlock_outer(const Fd& lock);

// The calling process, single-threaded, becomes root of the outer namespace: a living one, or a new
// one.  The caller holds the lock.  Returns a descriptor of it.
Result<Fd> join_outer(const OuterNamespace& outer, const image::Places& places);

// After setns(2) to a user namespace, where we are nobody yet.
Result<void> become_root_inside();

// Notes that the calling process holds `user_namespace` open.  The caller holds the lock.
Result<void> record_outer(const OuterNamespace& outer, const image::Places& places,
                          const Fd& user_namespace);

// Writes the maps of `process`, whose user namespace is nested in the caller's.
Result<void> write_nested_maps(const OuterNamespace& outer, pid_t process);

}  // namespace kist::container
