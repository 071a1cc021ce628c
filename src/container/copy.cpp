// copy.cpp - copying trees of files with all that belongs to them.

#include "container/copy.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "archive/links.h"
#include "archive/tree.h"
#include "base/fs.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/mount_api.h"

namespace kist::container {

namespace {

constexpr size_t kMaxAttributes = 64 << 10;  // the kernel's own limits (xattr(7))
constexpr size_t kBufferSize = 64 << 10;

// What an id map or a file system may refuse without making the copy useless.
bool may_be_refused(int code)
{
    return code == EPERM || code == EINVAL || code == ENOTSUP || code == EOVERFLOW;
}

class Copier {
public:
    Copier(const Fd& top, CopyRules rules) : top_(top), rules_(rules) {}

    Result<void> directory(const Fd& from, const Fd& to, const String& path, int depth);

private:
    Result<void> entry(const Fd& from, const Fd& to, const String& name, const String& path,
                       int depth);
    Result<void> make_way(const Fd& to, const String& name, bool for_directory);
    Result<void> file(const Fd& from, const Fd& to, const String& name, const struct stat& facts);
    Result<void> subdirectory(const Fd& from, const Fd& to, const String& name, const String& path,
                              int depth);
    Result<bool> link(const Fd& to, const String& name, const struct stat& facts,
                      const String& path);

    const Fd& top_;
    CopyRules rules_;
    archive::Links links_;  // by their first names, below top_
};

// Extended attributes, by paths that lead to open files.
Result<void> copy_xattrs(const String& from, const String& to)
{
    String names(1024, '\0');
    ssize_t length = ::listxattr(from.c_str(), names.data(), names.size());
    if (length < 0 && errno == ERANGE) {
        names.resize(kMaxAttributes);
        length = ::listxattr(from.c_str(), names.data(), names.size());
    }
    if (length <= 0)
        return {};  // none, or a file system without
    String value(kMaxAttributes, '\0');
    for (const char* name = names.data(); name < names.data() + length; name += strlen(name) + 1) {
        std::string_view word = name;
        if (word.starts_with("trusted.overlay.") || word.starts_with("user.overlay."))
            continue;
        ssize_t size = ::getxattr(from.c_str(), name, value.data(), value.size());
        if (size < 0)
            continue;
        if (::setxattr(to.c_str(), name, value.data(), size_t(size), 0) < 0 &&
            !may_be_refused(errno))
            return os_error("set attribute %s", name);
    }
    return {};
}

// Owner first: chown(2) clears the set-id bits and file capabilities.
Result<void> dress(const Fd& from, const Fd& to, const struct stat& facts)
{
    if (::fchown(to.get(), facts.st_uid, facts.st_gid) < 0 && !may_be_refused(errno))
        return os_error("chown");
    if (::fchmod(to.get(), facts.st_mode & 07777) < 0)
        return os_error("chmod");
    TRY(copy_xattrs(by_number(from), by_number(to)));
    const struct timespec times[] = {facts.st_atim, facts.st_mtim};
    if (::futimens(to.get(), times) < 0)
        return os_error("set times");
    return {};
}

// The bytes between two offsets.  copy_file_range(2) cannot be had on every pair of file systems.
Result<void> copy_range(const Fd& from, const Fd& to, off_t begin, off_t end)
{
    while (begin < end) {
        off_t in = begin, out = begin;
        ssize_t copied = ::copy_file_range(from.get(), &in, to.get(), &out, size_t(end - begin), 0);
        if (copied <= 0)
            break;
        begin += copied;
    }
    Vector<char> buffer(begin < end ? kBufferSize : 0);
    while (begin < end) {
        size_t wanted = std::min(size_t(end - begin), buffer.size());
        ssize_t got = sys::retry([&] { return ::pread(from.get(), buffer.data(), wanted, begin); });
        if (got < 0)
            return os_error("read");
        if (got == 0)
            return {};  // it shrank meanwhile
        for (ssize_t done = 0; done < got;) {
            ssize_t put =
                ::pwrite(to.get(), buffer.data() + done, size_t(got - done), begin + done);
            if (put < 0)
                return os_error("write");
            done += put;
        }
        begin += got;
    }
    return {};
}

Result<void> copy_contents(const Fd& from, const Fd& to, off_t size)
{
    if (::ioctl(to.get(), FICLONE, from.get()) == 0)
        return {};
    if (::ftruncate(to.get(), size) < 0)
        return os_error("resize");
    for (off_t at = 0; at < size;) {
        off_t data = ::lseek(from.get(), at, SEEK_DATA);
        if (data < 0 && errno == ENXIO)
            return {};  // a hole up to the end
        if (data < 0)
            return copy_range(from, to, at, size);
        off_t hole = ::lseek(from.get(), data, SEEK_HOLE);
        if (hole < 0)
            hole = size;
        TRY(copy_range(from, to, data, hole));
        at = hole;
    }
    return {};
}

Result<void> copy_link(const Fd& from, const Fd& to, const String& name)
{
    String target = TRY(sys::readlink_at(from, name));
    return sys::symlink_at(target, to, name);
}

Result<void> Copier::make_way(const Fd& to, const String& name, bool for_directory)
{
    auto there = sys::stat_at(to, name);
    if (!there)
        return there.error().is(ENOENT) ? Result<void>() : std::move(there).error();
    if (for_directory && S_ISDIR(there->st_mode))
        return {};
    return fs::remove_tree(to, name);
}

// Makes `name` another name of a file that was copied before; false when this is its first.
Result<bool> Copier::link(const Fd& to, const String& name, const struct stat& facts,
                          const String& path)
{
    if (facts.st_nlink < 2)
        return false;
    const String& first = links_.first(facts, path);
    if (first.empty())
        return false;
    if (::linkat(top_.get(), first.c_str(), to.get(), name.c_str(), 0) < 0)
        return os_error("link %s", first.c_str());
    return true;
}

Result<void> Copier::file(const Fd& from, const Fd& to, const String& name,
                          const struct stat& facts)
{
    Fd source = TRY(sys::open_at(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
    Fd copy = TRY(sys::open_at(to, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
    TRY(copy_contents(source, copy, facts.st_size));
    return dress(source, copy, facts);
}

Result<void> Copier::subdirectory(const Fd& from, const Fd& to, const String& name,
                                  const String& path, int depth)
{
    constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
    Fd source = TRY(sys::open_at(from, name, kFlags));
    if (rules_.layer && archive::is_opaque(source))
        TRY(fs::remove_tree(to, name));
    if (::mkdirat(to.get(), name.c_str(), 0700) < 0 && errno != EEXIST)
        return os_error("mkdir");
    Fd copy = TRY(sys::open_at(to, name, kFlags));
    return directory(source, copy, path + "/", depth + 1);
}

Result<void> Copier::entry(const Fd& from, const Fd& to, const String& name, const String& path,
                           int depth)
{
    struct stat facts = TRY(sys::stat_at(from, name));
    TRY(make_way(to, name, S_ISDIR(facts.st_mode)));
    if (rules_.layer && archive::is_whiteout(facts))
        return {};
    if (S_ISDIR(facts.st_mode))
        return subdirectory(from, to, name, path, depth);
    if (TRY(link(to, name, facts, path)))
        return {};
    if (S_ISREG(facts.st_mode))
        return file(from, to, name, facts);

    if (S_ISLNK(facts.st_mode))
        TRY(copy_link(from, to, name));
    else if (::mknodat(to.get(), name.c_str(), facts.st_mode, facts.st_rdev) < 0)
        return may_be_refused(errno) ? Result<void>() : os_error("mknod");
    constexpr int kNoFollow = AT_SYMLINK_NOFOLLOW;
    if (::fchownat(to.get(), name.c_str(), facts.st_uid, facts.st_gid, kNoFollow) < 0 &&
        !may_be_refused(errno))
        return os_error("chown");
    if (!S_ISLNK(facts.st_mode) && ::fchmodat(to.get(), name.c_str(), facts.st_mode & 07777, 0) < 0)
        return os_error("chmod");
    const struct timespec times[] = {facts.st_atim, facts.st_mtim};
    (void)::utimensat(to.get(), name.c_str(), times, kNoFollow);
    return {};
}

Result<void> Copier::directory(const Fd& from, const Fd& to, const String& path, int depth)
{
    if (depth > kMaxCopyDepth)
        return Error(ELOOP, "%s: directories are nested too deep", path.c_str());
    for (const String& name : TRY(fs::list(from)))
        TRY(entry(from, to, name, path + name, depth), "copy %s", name.c_str());
    struct stat facts = TRY(sys::stat(from));
    return dress(from, to, facts);
}

}  // namespace

Result<void> copy_tree(const Fd& from, const Fd& to, CopyRules rules)
{
    return Copier(to, rules).directory(from, to, "", 0);
}

Result<void> copy_attributes(const Fd& from, const Fd& to)
{
    struct stat facts = TRY(sys::stat(from));
    return dress(from, to, facts);
}

}  // namespace kist::container
