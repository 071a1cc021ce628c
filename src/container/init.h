// init.h - the container's first process, from clone(2) to execve(2).
//
// It is a copy of the monitor with one thread and namespaces of its own.  It gets the container
// ready with ordinary code; whatever fails is sent to the monitor from one place, and nothing ever
// returns into the caller's code.

#pragma once

#include "base/fd.h"
#include "base/vector.h"
#include "container/confine.h"
#include "container/devices.h"
#include "container/launch.h"

namespace kist::container {

// What the monitor decided before it cloned.
struct Plan {
    const LaunchOptions& options;
    bool user_namespace = false;  // we are root of a user namespace, not of the machine
    bool map_self = false;        // tier single: we write our own id maps, `mapped` to the caller
    bool wait_for_go = false;     // id maps or cgroup are given to us by others
    bool late_cgroupns = false;   // we were not started in our cgroup
    uid_t caller_uid = 0;         // tier single: whom `mapped` stands for
    gid_t caller_gid = 0;
    Identity mapped;
    bool tty_group = true;  // group 5 exists
    Confinement confinement;
    Vector<DeviceNode> devices;
};

// In the cloned process.  `report` is its end of the socket pair.
[[noreturn]] void run_first_process(const Plan& plan, Fd report);

// In a cloned process with user and mount namespaces: looks up the image's USER (tier single, which
// must know it before the map is written) and reports it.
[[noreturn]] void run_user_lookup(const Plan& plan, Fd report);

}  // namespace kist::container
