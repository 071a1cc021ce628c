// pack.cpp - a walk over a tree, a directory at a time, each in the order of its names.
//
// The tree may belong to a container that runs and means ill.  So a name is first opened as a mere
// place (O_PATH, no link followed); only when that place turns out to be a plain file is it opened
// for reading, by its descriptor.  A device or fifo is never opened.

#include "archive/pack.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <memory>

#include "archive/links.h"
#include "archive/recorded_owners.h"
#include "archive/tree.h"
#include "archive/xattr.h"
#include "base/fs.h"
#include "base/string.h"
#include "base/sys.h"
#include "base/vector.h"

namespace kist::archive {

namespace {

constexpr size_t kPiece = 128 << 10;  // bytes read at once

// File systems that are views of the kernel, not storage (statfs(2)).
constexpr unsigned long kViews[] = {
    PROC_SUPER_MAGIC,    SYSFS_MAGIC,
    CGROUP2_SUPER_MAGIC, CGROUP_SUPER_MAGIC,
    DEVPTS_SUPER_MAGIC,  DEBUGFS_MAGIC,
    TRACEFS_MAGIC,       SECURITYFS_MAGIC,
    SELINUX_MAGIC,       BPF_FS_MAGIC,
    BINFMTFS_MAGIC,      EFIVARFS_MAGIC,
    PSTOREFS_MAGIC,      0x19800202 /* mqueue */,
};

class Packer {
public:
    Packer(const PackOptions& options, TarWriter& tar) : options_(options), tar_(tar) {}

    Result<void> tree(const Fd& root);
    Result<void> item(const Fd& parent, CStr name, const String& path, dev_t device);

private:
    Result<void> directory(const Fd& fd, const struct stat& facts, const String& path, bool shown);
    Result<void> below(const Fd& directory, const String& path, dev_t device);
    Result<void> file(const Fd& parent, CStr name, const String& path);
    Result<void> other(const Fd& parent, CStr name, const struct stat& facts, const String& path);
    Result<void> mark(const String& path, const struct stat& facts);
    Result<void> devices();
    Result<bool> linked(const struct stat& facts, const String& path);
    Result<void> contents(const Fd& file);
    void fill(const struct stat& facts, const String& path, Kind kind);
    void take_map(const Fd& file);

    const PackOptions& options_;
    TarWriter& tar_;
    RecordedOwners owners_;
    Links links_;
    Entry entry_;
    String buffer_;
};

String place_of(const Fd& fd)
{
    return str::format("/proc/self/fd/%d", fd.get());
}

void Packer::fill(const struct stat& facts, const String& path, Kind kind)
{
    entry_.name = path;
    entry_.link.clear();
    entry_.kind = kind;
    entry_.mode = facts.st_mode & 07777;
    entry_.uid = facts.st_uid;
    entry_.gid = facts.st_gid;
    entry_.mtime = facts.st_mtim;
    entry_.device_major = entry_.device_minor = 0;
    entry_.size = 0;
    entry_.sparse = false;
    entry_.extents.clear();
    entry_.xattrs.clear();
    if (const Owner* owner = owners_.find(facts)) {
        entry_.mode = owner->mode & 07777;
        entry_.uid = owner->uid;
        entry_.gid = owner->gid;
    }
}

// Where the file has data; as a whole when that is not known or there are too many pieces.
void Packer::take_map(const Fd& file)
{
    auto size = static_cast<off_t>(entry_.size);
    entry_.extents.clear();
    for (off_t at = 0; at < size;) {
        off_t data = ::lseek(file.get(), at, SEEK_DATA);
        if (data < 0 && errno == ENXIO)  // a hole up to the end
            return;
        off_t hole = data < 0 ? data : ::lseek(file.get(), data, SEEK_HOLE);
        if (hole < 0 || entry_.extents.size() >= kMaxExtents - 1) {
            entry_.extents.clear();
            break;
        }
        data = std::min(data, size);
        hole = std::min(hole, size);
        if (hole > data)
            entry_.extents.push_back({uint64_t(data), uint64_t(hole - data)});
        at = hole;
    }
    if (entry_.extents.empty() && size > 0)
        entry_.extents.push_back({0, entry_.size});
}

// True when the file has been packed under another name, and this one now is a link to it.
Result<bool> Packer::linked(const struct stat& facts, const String& path)
{
    if (facts.st_nlink < 2)
        return false;
    const String& first = links_.first(facts, path);
    if (first.empty() || first == path)
        return false;
    fill(facts, path, Kind::hard_link);
    entry_.link = first;
    TRY(tar_.add(entry_));
    return true;
}

// What the header promised, whatever the file has become since.
Result<void> Packer::contents(const Fd& file)
{
    if (buffer_.empty())
        buffer_.resize(kPiece);
    uint64_t end = 0;
    for (const Extent& extent : entry_.extents) {
        if (!entry_.sparse)
            TRY(tar_.zeros(extent.offset - end));
        end = extent.offset + extent.length;
        for (uint64_t at = extent.offset; at < end;) {
            size_t most = std::min<uint64_t>(kPiece, end - at);
            ssize_t got = sys::retry(
                [&] { return ::pread(file.get(), buffer_.data(), most, static_cast<off_t>(at)); });
            if (got < 0)
                return os_error("read");
            if (got == 0) {
                TRY(tar_.zeros(end - at));
                break;
            }
            TRY(tar_.contents({buffer_.data(), size_t(got)}));
            at += uint64_t(got);
        }
    }
    return entry_.sparse ? Result<void>() : tar_.zeros(entry_.size - end);
}

Result<void> Packer::file(const Fd& parent, CStr name, const String& path)
{
    auto place = sys::open_at(parent, name, O_PATH | O_NOFOLLOW);
    if (!place)
        return place.error().is(ENOENT) ? Result<void>() : std::move(place).error();
    struct stat facts = TRY(sys::stat(*place));
    if (!S_ISREG(facts.st_mode))  // swapped a moment ago: as if it had vanished
        return {};
    if (TRY(linked(facts, path)))
        return {};
    Fd opened = TRY(sys::open(place_of(*place), O_RDONLY | O_NONBLOCK));
    fill(facts, path, Kind::file);
    entry_.size = uint64_t(facts.st_size);
    entry_.xattrs = get_xattrs(place_of(*place));
    if (uint64_t(facts.st_blocks) * 512 < entry_.size)
        take_map(opened);
    else if (entry_.size > 0)
        entry_.extents.push_back({0, entry_.size});
    bool whole = entry_.extents.size() == 1 && entry_.extents[0].length == entry_.size;
    entry_.sparse = options_.sparse && entry_.size > 0 && !whole;
    TRY(tar_.add(entry_));
    return contents(opened);
}

Result<void> Packer::mark(const String& path, const struct stat& facts)
{
    fill(facts, path, Kind::file);
    // Only its name counts; what else the marker has came with its making.
    entry_.mode = 0;
    entry_.uid = entry_.gid = 0;
    entry_.mtime = {};
    return tar_.add(entry_);
}

Result<void> Packer::other(const Fd& parent, CStr name, const struct stat& facts,
                           const String& path)
{
    if (S_ISSOCK(facts.st_mode))
        return {};
    if (is_whiteout(facts)) {
        if (options_.marks == Marks::leave_out)
            return {};
        size_t base = path.rfind('/') + 1;
        return mark(path.substr(0, base) + ".wh." + path.substr(base), facts);
    }
    if (TRY(linked(facts, path)))
        return {};
    fill(facts, path, Kind::fifo);
    if (S_ISLNK(facts.st_mode)) {
        auto target = sys::readlink_at(parent, name);
        if (!target)
            return {};  // gone meanwhile
        entry_.kind = Kind::symlink;
        entry_.link = target.take();
    } else if (!S_ISFIFO(facts.st_mode)) {
        entry_.kind = S_ISCHR(facts.st_mode) ? Kind::char_device : Kind::block_device;
        entry_.device_major = major(facts.st_rdev);
        entry_.device_minor = minor(facts.st_rdev);
    }
    return tar_.add(entry_);  // these cannot have attributes that we keep
}

int by_name(const void* a, const void* b)
{
    return (*static_cast<const String* const*>(a))->compare(**static_cast<const String* const*>(b));
}

Result<void> Packer::below(const Fd& directory, const String& path, dev_t device)
{
    Vector<String> names = TRY(fs::list(directory), "%s", shown(path).c_str());
    Vector<const String*> sorted;
    for (const String& name : names)
        sorted.push_back(&name);
    if (!sorted.empty())
        ::qsort(sorted.data(), sorted.size(), sizeof(sorted[0]), by_name);
    for (const String* name : sorted) {
        String whole = path.empty() ? *name : path + "/" + *name;
        if (whole.size() >= PATH_MAX)
            return Error(ENAMETOOLONG, "%s: nested too deeply", shown(path).c_str());
        TRY(item(directory, *name, whole, device));
    }
    return {};
}

Result<void> Packer::directory(const Fd& fd, const struct stat& facts, const String& path,
                               bool shown)
{
    if (shown) {
        fill(facts, path.empty() ? "./" : path, Kind::directory);
        entry_.xattrs = get_xattrs(place_of(fd));
        TRY(tar_.add(entry_));
    }
    if (options_.marks == Marks::whiteouts && is_opaque(fd))
        TRY(mark(path.empty() ? ".wh..wh..opq" : path + "/.wh..wh..opq", facts));
    return below(fd, path, facts.st_dev);
}

// Says of what an error speaks.
Result<void> in(const String& path, Result<void> outcome)
{
    TRY(std::move(outcome), "%s", shown(path).c_str());
    return {};
}

Result<void> Packer::item(const Fd& parent, CStr name, const String& path, dev_t device)
{
    auto facts = sys::stat_at(parent, name);
    if (!facts)
        return facts.error().is(ENOENT) ? Result<void>() : std::move(facts).error();
    if (S_ISREG(facts->st_mode))
        return in(path, file(parent, name, path));
    if (!S_ISDIR(facts->st_mode))
        return other(parent, name, *facts, path);

    auto opened = sys::open_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!opened)
        return opened.error().is(ENOENT) || opened.error().is(ENOTDIR) || opened.error().is(ELOOP)
                   ? Result<void>()
                   : std::move(opened).error().context("%s", shown(path).c_str());
    struct stat top = TRY(sys::stat(*opened));
    bool enters = true;
    if (top.st_dev != device) {
        struct statfs system;
        enters = options_.mounts == Mounts::storage && ::fstatfs(opened->get(), &system) == 0;
        for (unsigned long view : kViews)
            enters = enters && static_cast<unsigned long>(system.f_type) != view;
    }
    if (enters)
        return directory(*opened, top, path, true);
    fill(top, path, Kind::directory);
    return tar_.add(entry_);
}

// Devices that the layer has on record only.
Result<void> Packer::devices()
{
    for (const Owner& device : owners_.missing_devices()) {
        struct stat facts = {};
        fill(facts, String(device.path), device.kind);
        if (!options_.prefix.empty())
            entry_.name = options_.prefix + "/" + entry_.name;
        entry_.mode = device.mode & 07777;
        entry_.uid = device.uid;
        entry_.gid = device.gid;
        entry_.device_major = device.major;
        entry_.device_minor = device.minor;
        TRY(tar_.add(entry_));
    }
    return {};
}

Result<void> Packer::tree(const Fd& root)
{
    Fd top = TRY(sys::open_at(root, ".", O_RDONLY | O_DIRECTORY));
    owners_ = TRY(RecordedOwners::read(options_.owners, top));
    struct stat facts = TRY(sys::stat(top));
    TRY(directory(top, facts, options_.prefix, options_.top));
    return devices();
}

}  // namespace

Result<void> pack(const Fd& tree, const PackOptions& options, TarWriter& tar)
{
    return Packer(options, tar).tree(tree);
}

Result<void> pack_at(const Fd& directory, CStr name, const PackOptions& options, TarWriter& tar)
{
    struct stat facts = TRY(sys::stat_at(directory, name));
    // A mount at the place itself was asked for.
    return Packer(options, tar).item(directory, name, options.prefix, facts.st_dev);
}

}  // namespace kist::archive
