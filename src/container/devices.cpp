// devices.cpp - the nodes in a container's /dev.
//
// Root makes nodes; in a user namespace, where no node that was made could be opened, the host's
// own are bound on empty files.

#include "container/devices.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/path.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/mount_api.h"
#include "container/mounts.h"
#include "container/target.h"

namespace kist::container {

namespace {

constexpr int kMaxDepth = 8;

// clang-format off
constexpr struct { const char* name; unsigned major, minor; } kNodes[] = {
    {"full",    1, 7},
    {"null",    1, 3},
    {"random",  1, 8},
    {"tty",     5, 0},
    {"urandom", 1, 9},
    {"zero",    1, 5},
};
constexpr struct { const char* name; const char* target; } kLinks[] = {
    {"core",   "/proc/kcore"},
    {"fd",     "/proc/self/fd"},
    {"ptmx",   "pts/ptmx"},
    {"stderr", "/proc/self/fd/2"},
    {"stdin",  "/proc/self/fd/0"},
    {"stdout", "/proc/self/fd/1"},
};
// What --privileged does not bring in from the host's /dev: it has its own.
constexpr const char* kOwn[] = {"/dev/console", "/dev/mqueue", "/dev/ptmx", "/dev/pts", "/dev/shm"};
// clang-format on

bool is_own(const String& path)
{
    for (const char* own : kOwn)
        if (path == own)
            return true;
    for (auto& node : kNodes)
        if (path == str::format("/dev/%s", node.name))
            return true;
    return false;
}

// Adds the node at `device.source`, or all that are below it.
Result<void> collect(const Device& device, Vector<DeviceNode>& found, int depth)
{
    struct stat facts;
    if (::stat(device.source.c_str(), &facts) < 0)
        return os_error("device %s", device.source.c_str());
    if (S_ISCHR(facts.st_mode) || S_ISBLK(facts.st_mode)) {
        if (found.size() >= kMaxDevices)
            return Error(E2BIG, "more than %zu devices", kMaxDevices);
        found.push_back({device.source, device.target, device.permissions, facts.st_mode,
                         facts.st_rdev, facts.st_uid, facts.st_gid, facts.st_dev, facts.st_ino});
        return {};
    }
    if (!S_ISDIR(facts.st_mode) || depth > kMaxDepth)
        return depth ? Result<void>() : Error(ENODEV, "%s is not a device", device.source.c_str());
    Fd directory = TRY(sys::open(device.source, O_RDONLY | O_DIRECTORY));
    for (const String& name : TRY(fs::list(directory))) {
        Device below = {path::join(device.source, name), path::join(device.target, name),
                        device.permissions};
        auto entry = sys::stat_at(directory, name);
        // Links in a directory lead to what is found on its own.
        if (!entry || S_ISLNK(entry->st_mode) || is_own(below.source))
            continue;
        TRY(collect(below, found, depth + 1));
    }
    return {};
}

Result<void> bind_node(const Fd& parent, const String& name, const String& source)
{
    if (::mknodat(parent.get(), name.c_str(), S_IFREG | 0666, 0) < 0 && errno != EEXIST)
        return os_error("make %s", name.c_str());
    Fd target = TRY(sys::open_at(parent, name, O_PATH | O_NOFOLLOW));
    if (::mount(source.c_str(), by_number(target).c_str(), nullptr, MS_BIND, nullptr) < 0)
        return os_error("mount device %s", source.c_str());
    return {};
}

Result<void> make_standard(const DeviceRequest& request)
{
    Fd dev = TRY(sys::open_in_root(request.root, "/dev", O_RDONLY | O_DIRECTORY));
    for (auto& node : kNodes) {
        if (request.user_namespace)
            TRY(bind_node(dev, node.name, str::format("/dev/%s", node.name)));
        else if (::mknodat(dev.get(), node.name, S_IFCHR | 0666, makedev(node.major, node.minor)) <
                 0)
            return os_error("make device /dev/%s", node.name);
    }
    for (auto& link : kLinks)
        TRY(sys::symlink_at(link.target, dev, link.name));
    return {};
}

Result<void> place(const DeviceRequest& request, const DeviceNode& node)
{
    Fd parent = TRY(open_parent(request.root, node.target));
    String name(path::base(node.target));
    // The device filter holds for us too: a node that may not be made is bound.
    if (request.user_namespace || node.access.find('m') == String::npos)
        return bind_node(parent, name, node.source);
    if (::mknodat(parent.get(), name.c_str(), node.mode, node.number) < 0) {
        // Standard, or made when the container ran before: what matters is that it is this one.
        int code = errno;
        auto there = sys::stat_at(parent, name);
        if (code == EEXIST && there && there->st_rdev == node.number &&
            (there->st_mode & S_IFMT) == (node.mode & S_IFMT))
            return {};
        errno = code;
        return os_error("make device %s", node.target.c_str());
    }
    if (::fchownat(parent.get(), name.c_str(), node.uid, node.gid, AT_SYMLINK_NOFOLLOW) < 0)
        return os_error("chown device %s", node.target.c_str());
    return {};
}

}  // namespace

Result<Vector<DeviceNode>> find_devices(const Spec& spec)
{
    Vector<DeviceNode> found;
    if (spec.privileged)
        TRY(collect({"/dev", "/dev", "rwm"}, found, 0));
    for (const Device& device : spec.devices)
        TRY(collect(device, found, 0));
    return found;
}

Vector<DeviceNode> present_devices(const Spec& spec)
{
    Vector<DeviceNode> found;
    for (const Device& device : spec.devices)
        (void)collect(device, found, 0);
    return found;
}

Result<Vector<DeviceRule>> device_rules(const Spec& spec, const Vector<DeviceNode>& nodes)
{
    Vector<DeviceRule> rules = default_device_rules();
    for (const DeviceNode& node : nodes) {
        DeviceRule rule = {.type = S_ISBLK(node.mode) ? 'b' : 'c',
                           .major = int(major(node.number)),
                           .minor = int(minor(node.number))};
        TRY(parse_device_access(node.access, rule));
        rules.push_back(rule);
    }
    for (const String& text : spec.device_rules)
        rules.push_back(TRY(parse_device_rule(text), "--device-cgroup-rule"));
    return rules;
}

Result<void> make_devices(const DeviceRequest& request)
{
    if (!user_mounts_at(request.spec, "/dev"))
        TRY(make_standard(request));
    for (const DeviceNode& node : request.nodes)
        TRY(place(request, node), "--device");
    return {};
}

}  // namespace kist::container
