// volumes.cpp - what the user mounts.

#include "container/volumes.h"

#include <sys/mount.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/path.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/mount_api.h"
#include "container/target.h"
#include "container/volume_fill.h"
#include "container/volume_store.h"
#include "container/volume_use.h"

namespace kist::container {

namespace {

// clang-format off
constexpr struct { const char* name; unsigned long kind; Depth depth; } kPropagations[] = {
    {"private",  MS_PRIVATE, Depth::one},
    {"rprivate", MS_PRIVATE, Depth::recursive},
    {"rshared",  MS_SHARED,  Depth::recursive},
    {"rslave",   MS_SLAVE,   Depth::recursive},
    {"shared",   MS_SHARED,  Depth::one},
    {"slave",    MS_SLAVE,   Depth::one},
};
// The files of /proc that may be covered: with those of a program that shows the container's share.
constexpr const char* kProcFiles[] = {
    "/proc/cpuinfo", "/proc/diskstats", "/proc/loadavg", "/proc/meminfo", "/proc/net/dev",
    "/proc/slabinfo", "/proc/stat", "/proc/swaps", "/proc/uptime",
};
// clang-format on
constexpr long kProcMagic = 0x9fa0;  // PROC_SUPER_MAGIC (statfs(2))

Result<void> check_target(const String& target)
{
    if (target == "/")
        return Error(EINVAL, "nothing can be mounted on / of a container");
    if (target != "/proc" && !target.starts_with("/proc/"))
        return {};
    for (const char* allowed : kProcFiles)
        if (target == allowed)
            return {};
    return Error(EINVAL, "nothing can be mounted on %s of a container, which is inside /proc",
                 target.c_str());
}

Result<void> open_source(Volume& volume)
{
    const Mount& mount = volume.mount;
    const char* source = mount.source.c_str();
    struct stat facts;
    if (::stat(source, &facts) < 0) {
        if (errno != ENOENT)
            return os_error("mount %s", source);
        if (mount.must_exist)
            return Error(ENOENT, "mount %s: there is no such file or directory", source)
                .with_hint("make it first; --volume would make a directory");
        Fd made = TRY(fs::make_directories(mount.source), "mount %s", source);
        facts = TRY(sys::stat(made));
    }
    volume.is_directory = S_ISDIR(facts.st_mode);
    auto tree =
        clone_tree(sys::borrow(AT_FDCWD), mount.source, mount.flat ? Depth::one : Depth::recursive);
    if (!tree && tree.error().is(EINVAL) && mount.flat)
        return Error(EPERM,
                     "mount %s: cannot leave out what is mounted below it, in a user namespace",
                     source);
    if (!tree)
        return std::move(tree).error();
    volume.tree = std::move(*tree);
    return {};
}

size_t depth_of(const Mount& mount)
{
    size_t parts = 0;
    for (char letter : mount.target)
        parts += letter == '/';
    return parts;
}

uint64_t attributes_of(const Mount& mount)
{
    return (mount.read_only ? kAttributeReadOnly : 0) | (mount.no_suid ? kAttributeNoSuid : 0) |
           (mount.no_dev ? kAttributeNoDev : 0) | (mount.no_exec ? kAttributeNoExec : 0);
}

// A link of the image may lead to /proc what was not asked to be there.
Result<Fd> open_free_target(const VolumeRequest& request, const Mount& mount, TargetKind kind)
{
    Fd target = TRY(open_target(request.root, mount.target, kind));
    if (!mount.target.starts_with("/proc/") && fs::is_on(target, kProcMagic))
        return Error(EINVAL, "nothing can be mounted on %s of this container: it leads into /proc",
                     mount.target.c_str());
    return target;
}

Result<void> attach_tree(const VolumeRequest& request, const Volume& volume, const Fd& tree)
{
    const Mount& mount = volume.mount;
    Fd target = TRY(open_free_target(
        request, mount, volume.is_directory ? TargetKind::directory : TargetKind::file));
    TRY(attach(tree, target, mount.target));
    for (auto& row : kPropagations)
        if (mount.propagation == row.name ||
            (mount.propagation.empty() && row.depth == Depth::recursive && row.kind == MS_PRIVATE))
            TRY(set_propagation(tree, mount.target, row.depth, row.kind));
    if (uint64_t attributes = attributes_of(mount))
        TRY(restrict_mount(tree, mount.target, mount.flat ? Depth::one : Depth::recursive,
                           attributes));
    return {};
}

Result<void> mount_tmpfs(const VolumeRequest& request, const Mount& mount)
{
    Fd target = TRY(open_free_target(request, mount, TargetKind::directory));
    unsigned long flags = (mount.read_only ? MS_RDONLY : 0) | (mount.no_suid ? MS_NOSUID : 0) |
                          (mount.no_dev ? MS_NODEV : 0) | (mount.no_exec ? MS_NOEXEC : 0);
    return mount_on(target, mount.target, "tmpfs", "tmpfs", flags, mount.options.c_str());
}

// What goes with the container needs not survive a power cut.
fs::Durable durability(const Spec& spec, const Mount& mount)
{
    return spec.remove && mount.anonymous ? fs::Durable::no : fs::Durable::yes;
}

Result<void> open_volume(const Spec& spec, const VolumeStore& store, Volume& volume)
{
    const Mount& mount = volume.mount;
    auto found = store.find(mount.source);
    if (!found && found.error().is(ENOENT)) {
        // Removed by hand since the container was made, or never made by a command that was killed.
        TRY(store.make(volume_of(mount), durability(spec, mount)));
        found = store.find(mount.source);
    }
    VolumeInfo info = TRY(std::move(found));
    if (!info.options.empty()) {
        volume.mount = TRY(mount_of_options(info.options, mount));
        return {};
    }
    volume.home = TRY(store.open_volume(info.name));
    volume.tree = TRY(clone_tree(*volume.home, kVolumeData, Depth::one));
    return {};
}

}  // namespace

Result<Vector<Volume>> open_volumes(const Spec& spec, const Fd& store)
{
    VolumeStore all = TRY(VolumeStore::open(store));
    Vector<Volume> volumes;
    // Those that others are mounted in come first.
    for (size_t depth = 0; volumes.size() < spec.mounts.size(); depth++)
        for (const Mount& mount : spec.mounts) {
            if (depth_of(mount) != depth)
                continue;
            TRY(check_target(mount.target));
            Volume& volume = volumes.emplace_back();
            volume.mount = mount;
            if (mount.kind == Mount::Kind::volume)
                TRY(open_volume(spec, all, volume), "volume %s", mount.source.c_str());
            if (volume.mount.kind == Mount::Kind::bind)
                TRY(open_source(volume));
        }
    return volumes;
}

Result<void> fill_volumes(const Spec& spec, const Fd& root, const Vector<Volume>& volumes)
{
    for (const Volume& volume : volumes) {
        const Mount& mount = volume.mount;
        if (volume.home && mount.copy_up)
            TRY(fill_volume(*volume.home, mount.source, root, mount.target,
                            durability(spec, mount)),
                "fill volume %s", mount.source.c_str());
    }
    return {};
}

Result<void> mount_volumes(const VolumeRequest& request, const Vector<Volume>& volumes)
{
    for (const Volume& volume : volumes) {
        const Mount& mount = volume.mount;
        if (volume.tree)
            TRY(attach_tree(request, volume, *volume.tree), "mount %s", mount.source.c_str());
        else
            TRY(mount_tmpfs(request, mount));
    }
    return {};
}

}  // namespace kist::container
