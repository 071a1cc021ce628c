// device_filter.h - which device nodes a container may make and open.
//
// cgroup v2 has no file for it: a small eBPF program (BPF_PROG_TYPE_CGROUP_DEVICE, see bpf(2)) is
// attached to the container's cgroup.  It needs CAP_BPF or CAP_SYS_ADMIN in the first user
// namespace, hence root; without it the caller drops CAP_MKNOD and refuses block nodes.

#pragma once

#include <linux/bpf.h>

#include <span>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/vector.h"

namespace kist::container {

struct DeviceRule {
    char type = 'a';  // 'b' block, 'c' character, 'a' both
    int major = -1;   // -1: any
    int minor = -1;
    bool read = false;
    bool write = false;
    bool make = false;  // mknod
    bool operator==(const DeviceRule&) const = default;
};

// "c 1:3 rwm", "b 8:* r", "a" or "a *:* rwm" of --device-cgroup-rule.  EINVAL.
Result<DeviceRule> parse_device_rule(std::string_view text);
// "rwm", "r", ... of --device HOST:CONTAINER:rwm into `rule`.  EINVAL.
Result<void> parse_device_access(std::string_view text, DeviceRule& rule);

// What a container has from the start: null zero full random urandom tty console ptmx pts, and
// mknod of any character device.  (docker lets block nodes be made, too, though not opened.)
Vector<DeviceRule> default_device_rules();

// The program that allows what any of `rules` allows, and nothing else.  E2BIG past
// kMaxDeviceRules.
Result<Vector<bpf_insn>> device_program(std::span<const DeviceRule> rules);

// Loads the program for `rules` and attaches it to a cgroup for as long as that lives.  Privileged
// containers get none.  EPERM: not root; EINVAL: the kernel lacks CONFIG_CGROUP_BPF.
Result<void> attach_device_filter(const Fd& cgroup, std::span<const DeviceRule> rules);

// Attaches the program for `rules` in the place of those that are attached.
Result<void> replace_device_filter(const Fd& cgroup, std::span<const DeviceRule> rules);

// Whether attach_device_filter() can work here at all: loads a program and throws it away.
bool can_filter_devices();

}  // namespace kist::container
