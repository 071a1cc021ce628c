// capabilities.h - the set of Linux capabilities that a container keeps.
//
// A set is one 64-bit mask, bit N being capability N of capabilities(7).  resolve() turns docker's
// --cap-add, --cap-drop and --privileged into such a set in the parent; the raw functions below
// impose it in the child, between clone and execve: they neither allocate nor touch Result, and
// answer 0 or an errno value.

#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::container {

struct Capabilities {
    uint64_t bits = 0;

    constexpr bool has(int number) const { return (bits >> number & 1) != 0; }
    constexpr void add(int number) { bits |= uint64_t{1} << number; }
    constexpr void remove(int number) { bits &= ~(uint64_t{1} << number); }
    bool operator==(const Capabilities&) const = default;
};

// What docker gives a container that asks for nothing: CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL,
// SETGID, SETUID, SETPCAP, NET_BIND_SERVICE, NET_RAW, SYS_CHROOT, MKNOD, AUDIT_WRITE, SETFCAP.
Capabilities default_capabilities();

// Every capability that this kernel and this program know (/proc/sys/kernel/cap_last_cap).
Capabilities all_capabilities();

// "CAP_NET_ADMIN", "NET_ADMIN" or "net_admin" to its number; EINVAL names the word and hints at
// the nearest one.
Result<int> capability_number(std::string_view name);
// Number to "CAP_NET_ADMIN"; nullptr when the number is unknown.
const char* capability_name(int number);
// The names of a set, in order of their numbers: what state files and inspect show.
Vector<String> capability_names(Capabilities set);

// docker's meaning of --cap-add and --cap-drop: names with or without CAP_, in any case, or ALL.
// Adding ALL gives everything but the dropped ones; dropping ALL leaves the added ones; otherwise
// the default set loses the dropped ones and then gains the added ones.  `privileged` is
// all_capabilities().  EINVAL: not a capability, or one that this kernel does not have.
Result<Capabilities> resolve_capabilities(std::span<const String> add, std::span<const String> drop,
                                          bool privileged);

// For the child.  0, or the errno value of the call that failed.
//
// Takes from the bounding set what `keep` does not name, up to what the kernel has.
int raw_limit_bounding_set(Capabilities keep);
// Empties the ambient set.
int raw_clear_ambient();
// capset(2) of this thread: `effective` and `permitted` as given, inheritable as given (docker:
// none).
int raw_set_capabilities(Capabilities effective, Capabilities permitted,
                         Capabilities inheritable = {});
// PR_SET_KEEPCAPS, so that permitted capabilities outlive the change from uid 0.
int raw_keep_capabilities(bool keep);

}  // namespace kist::container
