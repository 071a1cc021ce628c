// seccomp.h - which system calls a container may make.
//
// A filter is a classic BPF program (seccomp(2)) made in the parent and installed by the child.
// The default one allows what docker's does: the profile of moby, tag docker-v29.7.2
// (github.com/moby/profiles/seccomp v0.2.3, default.json), for amd64 with i386 and x32, and for
// arm64 with 32-bit arm.  It comes out of the one table in syscalls.tbl.
//
// Filters stack: each one installed is asked, and the strictest answer counts, so the filter of the
// id-map tier `single` is simply installed before a profile of the user's.  (Before, because
// that need not allow seccomp(2) itself.)

#pragma once

#include <linux/filter.h>
#include <sys/types.h>

#include <span>
#include <string_view>

#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/capabilities.h"

namespace kist::container {

using SeccompFilter = Vector<sock_filter>;

// The processors for which there are filters, with the 32-bit one each kernel also runs.
enum class Machine {
    amd64,  // with i386 and x32
    arm64,  // with arm (EABI)
};

#ifdef __aarch64__
constexpr Machine kNativeMachine = Machine::arm64;
#else
constexpr Machine kNativeMachine = Machine::amd64;
#endif

// The profile that a container gets when nothing else is said.  `bounding` is the container's
// bounding set: some calls are allowed with the capability they need.  Anything else fails with
// EPERM, or ENOSYS where the call is newer than the profile, so that libraries fall back.
// ENOTSUP for a machine that this build has no table of (the product knows only its own).
Result<SeccompFilter> default_filter(Capabilities bounding, Machine machine = kNativeMachine);

// --security-opt seccomp=FILE: a profile in docker's format (which podman writes too) or as the
// `linux.seccomp` object of an OCI bundle, given as text.  Calls that this build does not know are
// skipped, as docker does.  EINVAL says what is wrong and where; an empty profile ({}) is an empty
// filter, which means: install none.  Limits: kMaxProfile bytes, kMaxRules rules.
Result<SeccompFilter> profile_filter(const String& json, Capabilities bounding,
                                     Machine machine = kNativeMachine);

// The filter of the id-map tier `single`, where one user and one group exist: changing an owner or
// an identity to any other one, setgroups, and making a character device succeed without effect.
// `uid` and `gid` are the mapped ids by the container's own numbers.
Result<SeccompFilter> single_id_filter(uid_t uid, gid_t gid, Machine machine = kNativeMachine);

// default_filter() and single_id_filter() in one program: installing one costs about 0.1 ms.
Result<SeccompFilter> default_single_filter(Capabilities bounding, uid_t uid, gid_t gid,
                                            Machine machine = kNativeMachine);

// For the child: installs a filter on this thread by seccomp(2); allocates nothing.  0, or errno:
// EACCES without no_new_privs and CAP_SYS_ADMIN, EINVAL when the kernel has no seccomp filters.  An
// empty filter installs nothing.
int raw_install_filter(std::span<const sock_filter> filter);

}  // namespace kist::container
