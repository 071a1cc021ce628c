// target.cpp - places inside a container's root where something is to be mounted.

#include "container/target.h"

#include <sys/stat.h>

#include "base/path.h"
#include "base/string.h"
#include "base/sys.h"

namespace kist::container {

namespace {

constexpr int kMaxLinks = 40;  // as the kernel's MAXSYMLINKS

Result<Fd> open_or_make(const Fd& root, const String& path, TargetKind kind, int links);

// `path` cannot be opened since it is not there: make its last part in the directory of the rest.
// A link that leads nowhere is in the way of that; what it leads to is made instead.
Result<Fd> make(const Fd& root, const String& path, TargetKind kind, int links)
{
    String directory(path::directory(path));
    String name(path::base(path));
    Fd parent = TRY(open_or_make(root, directory, TargetKind::directory, links));
    if (name == "..")
        return sys::open_in_root(root, path, O_PATH);
    int made = kind == TargetKind::directory
                   ? ::mkdirat(parent.get(), name.c_str(), 0755)
                   : ::mknodat(parent.get(), name.c_str(), S_IFREG | 0644, 0);
    if (made < 0 && errno != EEXIST)
        return os_error("make %s", path.c_str());
    if (made < 0) {
        auto link = sys::readlink_at(parent, name);
        if (link && links >= kMaxLinks)
            return Error(ELOOP, "%s: too many symbolic links", path.c_str());
        if (link)
            return open_or_make(root, path::join(directory, *link), kind, links + 1);
    }
    return sys::open_at(parent, name, O_PATH | O_NOFOLLOW);
}

Result<Fd> open_or_make(const Fd& root, const String& path, TargetKind kind, int links)
{
    auto opened = sys::open_in_root(root, path, O_PATH);
    if (opened || !opened.error().is(ENOENT) || path == "/" || path == ".")
        return opened;
    return make(root, path, kind, links);
}

}  // namespace

Result<Fd> open_target(const Fd& root, const String& path, TargetKind kind)
{
    Fd target = TRY(open_or_make(root, path, kind, 0), "%s in the container", path.c_str());
    struct stat facts = TRY(sys::stat(target));
    if (kind == TargetKind::directory && !S_ISDIR(facts.st_mode))
        return Error(EEXIST, "%s in the container is a file, not a directory", path.c_str());
    if (kind == TargetKind::file && S_ISDIR(facts.st_mode))
        return Error(EEXIST, "%s in the container is a directory, not a file", path.c_str());
    return target;
}

Result<Fd> open_parent(const Fd& root, const String& path)
{
    return open_target(root, String(path::directory(path)), TargetKind::directory);
}

}  // namespace kist::container
