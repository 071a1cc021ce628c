// hotplug.cpp - devices that come back while their container runs.

#include "service/hotplug.h"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "base/clock.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/vector.h"

namespace kist::service {

namespace {

using container::DeviceNode;

constexpr uint32_t kFromKernel = 1;            // the group; udev's own is 2
constexpr size_t kMaxEvent = 8192;             // bytes; the kernel's buffer has 2048
constexpr int kPauseMs[] = {200, 1000, 3000};  // before each look but the first

}  // namespace

std::optional<Hotplug> Hotplug::watch(const container::Spec& spec)
{
    if (spec.devices.empty())
        return {};
    Fd socket(
        ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT));
    sockaddr_nl address = {};
    address.nl_family = AF_NETLINK;
    address.nl_groups = kFromKernel;
    if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) {
        log::debug("devices that come back are not noticed: %s", strerror(errno));
        return {};
    }
    return Hotplug(std::move(socket), container::present_devices(spec));
}

// Whether one of the events is that of a new node: "add@/devices/..." NUL "MAJOR=188" NUL ...
bool Hotplug::hear()
{
    bool heard = false;
    char event[kMaxEvent];
    while (true) {
        ssize_t size =
            sys::retry([&] { return ::recv(socket_.get(), event, sizeof event, MSG_DONTWAIT); });
        if (size < 0 && errno == ENOBUFS) {
            heard = true;  // there were more than could be kept
            continue;
        }
        if (size <= 0)
            return heard;
        std::string_view text(event, size_t(size));
        heard |= text.starts_with("add@") && text.find("MAJOR=") != text.npos;
    }
}

void Hotplug::step(const container::Spec& spec, const container::Launched& launched,
                   const container::Cgroup* cgroup, bool user_namespace)
{
    if (hear())
        looks_ = 0;
    else if (clock::steady_ms() < due_)
        return;
    due_ = looks_ < std::size(kPauseMs) ? clock::steady_ms() + kPauseMs[looks_++] : INT64_MAX;

    Vector<DeviceNode> nodes = container::present_devices(spec), changed;
    for (const DeviceNode& node : nodes)
        if (std::find(nodes_.begin(), nodes_.end(), node) == nodes_.end())
            changed.push_back(node);
    if (changed.empty())
        return;
    auto renewed = container::renew_devices({
        .spec = spec,
        .pid = launched.pid,
        .process = launched.process,
        .cgroup = cgroup,
        .user_namespace = user_namespace,
        .nodes = nodes,
        .changed = changed,
    });
    if (renewed)
        nodes_ = std::move(nodes);
    else
        log::debug("devices: %s", renewed.error().message().c_str());
}

}  // namespace kist::service
