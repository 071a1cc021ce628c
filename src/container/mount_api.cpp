// mount_api.cpp - mounts that are handled by descriptor.
//
// musl has no wrappers for these calls and the headers of libc and kernel disagree about who
// declares their structures, so numbers and structures are ours.

#include "container/mount_api.h"

#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::container {

namespace {

constexpr unsigned kTreeClone = 1, kTreeCloseOnExec = O_CLOEXEC;        // open_tree(2)
constexpr unsigned kMoveFromEmptyPath = 4, kMoveToEmptyPath = 0x40;     // move_mount(2)
constexpr unsigned kAtEmptyPath = 0x1000, kAtRecursive = 0x8000;        // fcntl.h, linux/fcntl.h
constexpr long kOpenTree = 428, kMoveMount = 429, kMountSetattr = 442;  // the same everywhere
constexpr size_t kMaxMountinfo = 16 << 20;

struct MountAttributes {  // struct mount_attr of mount_setattr(2)
    uint64_t set = 0, clear = 0, propagation = 0, userns = 0;
};

// What a remount must repeat, because a less privileged mount namespace may not clear it.
// clang-format off
constexpr struct { unsigned long reported, flag; } kLocked[] = {
    {ST_NODEV,      MS_NODEV},
    {ST_NOEXEC,     MS_NOEXEC},
    {ST_NOSUID,     MS_NOSUID},
    {ST_NOATIME,    MS_NOATIME},
    {ST_NODIRATIME, MS_NODIRATIME},
    {ST_RELATIME,   MS_RELATIME},
    {ST_RDONLY,     MS_RDONLY},
};
constexpr struct { uint64_t attribute; unsigned long flag; } kAttributes[] = {
    {kAttributeReadOnly, MS_RDONLY},
    {kAttributeNoSuid,   MS_NOSUID},
    {kAttributeNoDev,    MS_NODEV},
    {kAttributeNoExec,   MS_NOEXEC},
};
// clang-format on

Result<void> remount(CStr path, uint64_t attributes)
{
    struct statvfs facts;
    if (::statvfs(path, &facts) < 0)
        return os_error("statvfs %s", path.get());
    unsigned long flags = MS_REMOUNT | MS_BIND;
    for (auto& row : kLocked)
        if (facts.f_flag & row.reported)
            flags |= row.flag;
    for (auto& row : kAttributes)
        if (attributes & row.attribute)
            flags |= row.flag;
    return sys::mount(nullptr, path, nullptr, flags, nullptr);
}

// A path as mountinfo writes it: blanks are \040 and the like.
String unescape(std::string_view text)
{
    String path;
    for (size_t i = 0; i < text.size(); i++) {
        if (text[i] == '\\' && i + 3 < text.size()) {
            path += char((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
            i += 3;
        } else {
            path += text[i];
        }
    }
    return path;
}

// Before Linux 5.12: each mount at or below `target` by its path, from mountinfo.
Result<void> remount_below(const Fd& target, uint64_t attributes)
{
    String top = TRY(sys::readlink_at(sys::borrow(AT_FDCWD), by_number(target)));
    String table = TRY(fs::read_path("/proc/self/mountinfo", kMaxMountinfo));
    std::string_view rest = table;
    while (!rest.empty()) {
        Vector<std::string_view> fields = str::words(str::cut(rest, '\n'));
        if (fields.size() < 5)
            continue;
        String path = unescape(fields[4]);
        if (path.starts_with(top) && path.size() > top.size() && path[top.size()] == '/')
            TRY(remount(path, attributes));
    }
    return {};
}

}  // namespace

String by_number(const Fd& file)
{
    return str::format("/proc/self/fd/%d", file.get());
}

Result<Fd> reopen_here(const Fd& directory)
{
    String path = TRY(sys::readlink_at(sys::borrow(AT_FDCWD), by_number(directory)));
    Fd opened = TRY(sys::open(path, O_RDONLY | O_DIRECTORY));
    struct stat before = TRY(sys::stat(directory));
    struct stat after = TRY(sys::stat(opened));
    if (before.st_ino != after.st_ino || before.st_dev != after.st_dev)
        return Error(ESTALE, "%s has been replaced", path.c_str());
    return opened;
}

Result<Fd> clone_tree(const Fd& directory, CStr path, Depth depth)
{
    unsigned flags = kTreeClone | kTreeCloseOnExec | kAtEmptyPath |
                     (depth == Depth::recursive ? kAtRecursive : 0);
    long number = ::syscall(kOpenTree, directory.get(), path.get(), flags);
    if (number < 0)
        return os_error("open_tree %s", path.get());
    return Fd(static_cast<int>(number));
}

Result<void> attach(const Fd& tree, const Fd& target, CStr name)
{
    if (::syscall(kMoveMount, tree.get(), "", target.get(), "",
                  kMoveFromEmptyPath | kMoveToEmptyPath) < 0)
        return os_error("mount %s", name.get());
    return {};
}

Result<void> restrict_mount(const Fd& mount, CStr name, Depth depth, uint64_t attributes)
{
    MountAttributes wanted = {.set = attributes};
    unsigned flags = kAtEmptyPath | (depth == Depth::recursive ? kAtRecursive : 0);
    if (::syscall(kMountSetattr, mount.get(), "", flags, &wanted, sizeof wanted) == 0)
        return {};
    if (errno != ENOSYS)
        return os_error("restrict %s", name.get());
    TRY(remount(by_number(mount), attributes), "restrict %s", name.get());
    if (depth == Depth::recursive)
        TRY(remount_below(mount, attributes), "restrict %s", name.get());
    return {};
}

Result<void> set_propagation(const Fd& mount, CStr name, Depth depth, unsigned long kind)
{
    if (depth == Depth::recursive)
        kind |= MS_REC;
    if (::mount(nullptr, by_number(mount).c_str(), nullptr, kind, nullptr) < 0)
        return os_error("propagation of %s", name.get());
    return {};
}

Result<void> mount_on(const Fd& target, CStr name, const char* source, const char* type,
                      unsigned long flags, const char* options)
{
    if (::mount(source, by_number(target).c_str(), type, flags, options) < 0)
        return os_error("mount %s on %s", type, name.get());
    return {};
}

}  // namespace kist::container
