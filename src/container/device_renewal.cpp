// device_renewal.cpp - devices that come back: their nodes in a container that runs.

#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/path.h"
#include "base/process.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/clone.h"
#include "container/devices.h"
#include "container/mount_api.h"
#include "container/target.h"

namespace kist::container {

namespace {

// Whether it is the host's own node that is there, as in a container with the host's /dev.
bool is_hosts(const DeviceNode& node, const Fd& parent, const String& name)
{
    auto there = sys::stat_at(parent, name);
    return there && there->st_ino == node.inode && there->st_dev == node.device;
}

// As root, from outside.  What was bound there is unmounted when its file goes.
Result<void> make_again(const Fd& root, const DeviceNode& node)
{
    Fd parent = TRY(open_parent(root, node.target));
    String name(path::base(node.target));
    if (is_hosts(node, parent, name))
        return {};
    (void)sys::unlink_at(parent, name);
    if (::mknodat(parent.get(), name.c_str(), node.mode, node.number) < 0 ||
        ::fchownat(parent.get(), name.c_str(), node.uid, node.gid, AT_SYMLINK_NOFOLLOW) < 0)
        return os_error("make device %s", node.target.c_str());
    return {};
}

Result<void> renew_as_root(const DeviceRenewal& renewal)
{
    if (renewal.cgroup && !renewal.spec.privileged) {
        Vector<DeviceRule> rules = TRY(device_rules(renewal.spec, renewal.nodes));
        TRY(replace_device_filter(renewal.cgroup->directory(), rules));
    }
    Fd root = TRY(sys::open(str::format("/proc/%d/root", renewal.pid), O_PATH | O_DIRECTORY));
    for (const DeviceNode& node : renewal.changed)
        TRY(make_again(root, node));
    return {};
}

// Inside of the container's mounts, whose /proc does not know us.
Result<void> bind_again(const Fd& root, const DeviceNode& node, const Fd& tree)
{
    Fd parent = TRY(open_parent(root, node.target));
    String name(path::base(node.target));
    if (is_hosts(node, parent, name))
        return {};
    if (::fchdir(parent.get()) < 0)
        return os_error("enter the directory of %s", node.target.c_str());
    (void)::umount2(name.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
    if (::mknodat(parent.get(), name.c_str(), S_IFREG | 0666, 0) < 0 && errno != EEXIST)
        return os_error("make %s", node.target.c_str());
    Fd target = TRY(sys::open_at(parent, name, O_PATH | O_NOFOLLOW));
    return attach(tree, target, node.target);
}

// The host's nodes are picked up in a copy of the host's mounts, in which the container's user
// namespace has a say, and put down in the container's.
Result<void> renew_inside(const DeviceRenewal& renewal)
{
    if (::setns(renewal.process.get(), CLONE_NEWUSER) < 0 || ::unshare(CLONE_NEWNS) < 0)
        return os_error("enter the container's user namespace");
    Vector<Fd> trees;
    for (const DeviceNode& node : renewal.changed)
        trees.push_back(TRY(clone_tree(sys::borrow(AT_FDCWD), node.source, Depth::one)));
    if (::setns(renewal.process.get(), CLONE_NEWNS) < 0)
        return os_error("enter the container's mount namespace");
    (void)::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    Fd root = TRY(sys::open("/", O_PATH | O_DIRECTORY));
    for (size_t i = 0; i < trees.size(); i++)
        TRY(bind_again(root, renewal.changed[i], trees[i]));
    return {};
}

}  // namespace

Result<void> renew_devices(const DeviceRenewal& renewal)
{
    if (!renewal.user_namespace)
        return renew_as_root(renewal);
    pid_t child = TRY(clone_process({}));
    if (child == 0) {
        auto done = renew_inside(renewal);
        if (!done)
            log::debug("devices: %s", done.error().message().c_str());
        ::_exit(done ? 0 : 1);
    }
    if (TRY(process::wait(child)) != 0)
        return Error(EIO, "the devices could not be bound again");
    return {};
}

}  // namespace kist::container
