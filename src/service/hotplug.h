// hotplug.h - devices of --device that are unplugged and plugged in again while the container runs.
//
// The kernel tells of each device that appears (netlink(7), NETLINK_KOBJECT_UEVENT); then it is
// looked for by the path that --device named, which may be a link such as those of
// /dev/serial/by-id.  Who makes such links and sets owners, udev or mdev, hears of it when we do:
// so it is looked for a few times more.

#pragma once

#include <cstdint>
#include <optional>

#include "base/fd.h"
#include "base/vector.h"
#include "container/devices.h"
#include "container/launch.h"

namespace kist::service {

class Hotplug {
public:
    // For a container that has just been started.  Nothing when its Spec has no devices, or the
    // kernel tells us nothing.
    static std::optional<Hotplug> watch(const container::Spec& spec);

    // What to wait for with POLLIN.
    int descriptor() const { return socket_.get(); }
    // When step() wants to be called next, in clock::steady_ms(); INT64_MAX: not by time.
    int64_t due() const { return due_; }
    // Hears what there is to hear, and gives the container what has come back.
    void step(const container::Spec& spec, const container::Launched& launched,
              const container::Cgroup* cgroup, bool user_namespace);

private:
    Hotplug(Fd socket, Vector<container::DeviceNode> nodes)
        : socket_(std::move(socket)), nodes_(std::move(nodes))
    {
    }
    bool hear();

    Fd socket_;
    Vector<container::DeviceNode> nodes_;  // that the container has
    size_t looks_ = 0;                     // since the kernel spoke
    int64_t due_ = INT64_MAX;
};

}  // namespace kist::service
