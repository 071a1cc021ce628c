// mounts.cpp - what is mounted in every container.
//
// One row a mount, in order.  A namespace that is shared with the host cannot have its file system
// mounted afresh by who does not own it, so those rows say what happens then: a recursive bind of
// the host's own mount.

#include "container/mounts.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <iterator>

#include "base/log.h"
#include "base/str.h"
#include "base/string.h"
#include "container/delegation.h"
#include "container/mount_api.h"
#include "container/target.h"

namespace kist::container {

namespace {

enum class How {
    leave_out,
    fresh,           // a file system of its own
    host,            // a bind of the host's mount
    host_read_only,  // the same, without the right to write
};

constexpr unsigned long kQuiet = MS_NOSUID | MS_NOEXEC | MS_NODEV;

struct Row {
    const char* target;
    const char* type;
    unsigned long flags;
    const char* options;
    How (*how)(const SystemMounts&);
    bool optional = false;  // a kernel built without it is no obstacle
};

bool shared(Namespace which)
{
    return which == Namespace::host;
}

How fresh(const SystemMounts&)
{
    return How::fresh;
}

// Host's /proc shows the same processes; a fresh one needs the owner of the pid namespace.
How proc(const SystemMounts& r)
{
    return shared(r.spec.pid) && r.user_namespace ? How::host_read_only : How::fresh;
}

How sysfs(const SystemMounts& r)
{
    bool others = shared(r.spec.network) || !r.spec.network_of.empty();
    return others && r.user_namespace ? How::host_read_only : How::fresh;
}

How shm(const SystemMounts& r)
{
    return shared(r.spec.ipc) ? How::host : How::fresh;
}

How mqueue(const SystemMounts& r)
{
    return shared(r.spec.ipc) && r.user_namespace ? How::host : How::fresh;
}

How cgroup(const SystemMounts& r)
{
    if (!r.cgroup)
        return How::leave_out;
    return shared(r.spec.cgroupns) && r.user_namespace ? How::host_read_only : How::fresh;
}

// clang-format off
constexpr Row kRows[] = {
    {"/proc",          "proc",    kQuiet,                     nullptr,                    proc},
    {"/dev",           "tmpfs",   MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k",     fresh},
    {"/dev/pts",       "devpts",  MS_NOSUID | MS_NOEXEC,      "newinstance,ptmxmode=0666,mode=0620", fresh},
    {"/dev/shm",       "tmpfs",   kQuiet,                     "mode=1777",                shm},
    {"/dev/mqueue",    "mqueue",  kQuiet,                     nullptr,                    mqueue, true},
    {"/sys",           "sysfs",   kQuiet | MS_RDONLY,         nullptr,                    sysfs},
    {"/sys/fs/cgroup", "cgroup2", kQuiet | MS_RDONLY,         nullptr,                    cgroup, true},
};

constexpr const char* kMasked[] = {
    "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys",
    "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list",
    "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware",
};
constexpr const char* kReadOnly[] = {
    "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
};
// clang-format on

// The top ones must be what they are called: behind a link they would be mounted elsewhere.
Result<Fd> open_system_target(const Fd& root, const char* path)
{
    std::string_view name = path;
    if (name.find('/', 1) == name.npos) {
        struct stat facts;
        if (::fstatat(root.get(), path + 1, &facts, AT_SYMLINK_NOFOLLOW) == 0 &&
            !S_ISDIR(facts.st_mode))
            return Error(ENOTDIR, "%s in the container is not a directory", path);
    }
    return open_target(root, path, TargetKind::directory);
}

// Where the host has a file system of this kind.
Result<String> host_path(const Row& row)
{
    if (std::string_view(row.type) != "cgroup2")
        return String(row.target);
    Delegation place = TRY(find_delegation());
    return place.mount;
}

Result<void> bind_host(const Row& row, const Fd& target, bool read_only)
{
    String source = TRY(host_path(row));
    auto tree = clone_tree(sys::borrow(AT_FDCWD), source, Depth::recursive);
    if (!tree && row.type == std::string_view("mqueue"))
        return {};  // the host has none mounted
    if (!tree)
        return std::move(tree).error();
    TRY(attach(*tree, target, row.target));
    if (read_only)
        TRY(restrict_mount(*tree, row.target, Depth::recursive, kAttributeReadOnly));
    return {};
}

Result<void> mount_fresh(const SystemMounts& request, const Row& row, const Fd& target)
{
    String options = row.options ? row.options : "";
    std::string_view name = row.target;
    if (name == "/dev/pts" && request.tty_group)
        options += ",gid=5";
    if (name == "/dev/shm")
        options +=
            str::format(",size=%llu", static_cast<unsigned long long>(request.spec.shm_size));
    unsigned long flags = row.flags;
    if (request.spec.privileged)
        flags &= ~static_cast<unsigned long>(MS_RDONLY);
    auto mounted = mount_on(target, row.target, row.type, row.type, flags,
                            options.empty() ? nullptr : options.c_str());
    if (mounted)
        return mounted;
    int code = mounted.error().code();
    if (row.optional && (code == ENODEV || code == EPERM || code == EBUSY)) {
        log::debug("left out: %s", mounted.error().message().c_str());
        return {};
    }
    if (code == EPERM && name == "/sys")
        return bind_host(row, target, true);
    if (code == EPERM && name == "/proc")
        return std::move(mounted).error().with_hint(
            "parts of this machine's own /proc are hidden, as inside another container; that one "
            "needs \"--security-opt systempaths=unconfined\"");
    return mounted;
}

// Directories are covered by an empty one, all by the same; files by /dev/null.
class Mask {
public:
    explicit Mask(const Fd& root) : root_(root) {}

    Result<void> cover(const char* path)
    {
        auto target = sys::open_in_root(root_, path, O_PATH);
        if (!target)
            return {};  // not in this kernel, or not for us to see
        struct stat facts = TRY(sys::stat(*target));
        if (!S_ISDIR(facts.st_mode))
            return bind_null(*target, path);
        if (!has_empty_) {
            TRY(mount_on(*target, path, "tmpfs", "tmpfs", kQuiet | MS_RDONLY,
                         "size=0,nr_inodes=2"));
            empty_ = TRY(sys::open_in_root(root_, path, O_PATH));
            has_empty_ = true;
            return {};
        }
        return bind(empty_, *target, path);
    }

private:
    Result<void> bind_null(const Fd& target, const char* path)
    {
        if (!has_null_) {
            null_ = TRY(sys::open_in_root(root_, "/dev/null", O_PATH));
            struct stat facts = TRY(sys::stat(null_));
            if (!S_ISCHR(facts.st_mode) || facts.st_rdev != makedev(1, 3))
                return Error(ENODEV, "/dev/null in the container is not the kernel's");
            has_null_ = true;
        }
        return bind(null_, target, path);
    }

    static Result<void> bind(const Fd& source, const Fd& target, const char* path)
    {
        if (::mount(by_number(source).c_str(), by_number(target).c_str(), nullptr, MS_BIND,
                    nullptr) < 0)
            return os_error("mask %s", path);
        return {};
    }

    const Fd& root_;
    Fd null_, empty_;
    bool has_null_ = false, has_empty_ = false;
};

Result<void> make_read_only(const Fd& root, const char* path)
{
    auto target = sys::open_in_root(root, path, O_PATH);
    if (!target)
        return {};
    Fd tree = TRY(clone_tree(*target, "", Depth::recursive));
    TRY(attach(tree, *target, path));
    return restrict_mount(tree, path, Depth::recursive, kAttributeReadOnly);
}

}  // namespace

bool user_mounts_at(const Spec& spec, std::string_view target)
{
    for (const Mount& mount : spec.mounts)
        if (mount.target == target)
            return true;
    return false;
}

Result<void> mount_system(const SystemMounts& request)
{
    bool own_dev = user_mounts_at(request.spec, "/dev");
    for (const Row& row : kRows) {
        How how = row.how(request);
        bool replaced = user_mounts_at(request.spec, row.target) ||
                        (own_dev && std::string_view(row.target).starts_with("/dev/"));
        if (how == How::leave_out || replaced)
            continue;
        Fd target = TRY(open_system_target(request.root, row.target));
        if (how == How::fresh)
            TRY(mount_fresh(request, row, target));
        else
            TRY(bind_host(row, target, how == How::host_read_only));
    }
    return {};
}

Result<void> protect_system(const SystemMounts& request)
{
    if (request.spec.privileged || request.spec.systempaths_unconfined)
        return {};
    Mask mask(request.root);
    for (const char* path : kMasked)
        TRY(mask.cover(path));
    // A bind of the host's /sys shows the host's cgroups.
    if (!request.cgroup)
        TRY(mask.cover("/sys/fs/cgroup"));
    for (unsigned cpu = 0;; cpu++) {
        String directory = str::format("/sys/devices/system/cpu/cpu%u", cpu);
        if (!sys::open_in_root(request.root, directory, O_PATH))
            break;
        TRY(mask.cover((directory + "/thermal_throttle").c_str()));
    }
    for (const char* path : kReadOnly)
        TRY(make_read_only(request.root, path));
    return {};
}

}  // namespace kist::container
