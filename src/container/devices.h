// devices.h - the nodes in a container's /dev.

#pragma once

#include <sys/types.h>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/device_filter.h"
#include "container/spec.h"

namespace kist::container {

inline constexpr size_t kMaxDevices = 4096;

// A node of the host that the container gets.
struct DeviceNode {
    String source, target;
    String access;    // "rwm"
    mode_t mode = 0;  // with its type
    dev_t number = 0;
    uid_t uid = 0;
    gid_t gid = 0;
    // Which file of the host it is: another one when the device was unplugged meanwhile.
    dev_t device = 0;
    ino_t inode = 0;
    bool operator==(const DeviceNode&) const = default;
};

// What --device and --privileged ask for, as nodes that the host has; a directory stands for all
// nodes in it.  ENOENT, ENODEV name the device.
Result<Vector<DeviceNode>> find_devices(const Spec& spec);

// Those of --device that are there now; what is not is left out.
Vector<DeviceNode> present_devices(const Spec& spec);

// The rules of the device filter for them, on top of docker's own and --device-cgroup-rule.
Result<Vector<DeviceRule>> device_rules(const Spec& spec, const Vector<DeviceNode>& nodes);

struct DeviceRequest {
    const Spec& spec;
    const Fd& root;  // of the container
    const Vector<DeviceNode>& nodes;
    bool user_namespace = false;  // bind the host's nodes, since mknod(2) is not ours
};

// Makes the standard nodes and links in /dev, and the nodes asked for.
Result<void> make_devices(const DeviceRequest& request);

struct DeviceRenewal {
    const Spec& spec;
    pid_t pid;          // of the container's first process, our child
    const Fd& process;  // its pidfd
    const Cgroup* cgroup = nullptr;
    bool user_namespace = false;
    const Vector<DeviceNode>& nodes;    // all that the container is to have now
    const Vector<DeviceNode>& changed;  // those of them that are to be made again
};

// Puts devices that were plugged in again into a running container.  Root makes the nodes and
// changes the device filter; an ordinary user binds them, in a child process that joins the
// container's namespaces (Linux 5.8).  The caller has one thread.
Result<void> renew_devices(const DeviceRenewal& renewal);

}  // namespace kist::container
