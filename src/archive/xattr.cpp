// xattr.cpp - extended attributes from an archive, and into one.

#include "archive/xattr.h"

#include <sys/xattr.h>

#include "base/string.h"
#include "base/vector.h"

namespace kist::archive {

namespace {

bool is_wanted(std::string_view name, XattrScope scope)
{
    if (name.starts_with("trusted.overlay.") || name.starts_with("user.overlay."))
        return false;
    return scope == XattrScope::all || name.starts_with("user.");
}

// After a failed call: nothing when the attribute can be done without.
Result<void> judge(const String& name)
{
    constexpr size_t kMaxShown = 100;
    if (name == "security.capability")
        return os_error("set its capabilities")
            .with_hint(
                "keep the store on a file system with extended attributes, such as ext4, "
                "xfs or btrfs");
    if (errno == ENOTSUP || errno == EPERM || errno == EACCES || errno == EINVAL)
        return {};
    return os_error("set the attribute %s", str::printable(name, kMaxShown).c_str());
}

}  // namespace

Result<void> set_xattrs(const Vector<Xattr>& xattrs, XattrScope scope, const Fd& file)
{
    for (const auto& [name, value] : xattrs)
        if (is_wanted(name, scope) &&
            ::fsetxattr(file.get(), name.c_str(), value.data(), value.size(), 0) < 0)
            TRY(judge(name));
    return {};
}

Result<void> set_xattrs_at(const Vector<Xattr>& xattrs, XattrScope scope, const Fd& directory,
                           CStr name)
{
    if (xattrs.empty())
        return {};
    // setxattrat(2) is as young as Linux 6.13; /proc is the way to a name in an open directory.
    String where = str::format("/proc/self/fd/%d/%s", directory.get(), name.get());
    for (const auto& [key, value] : xattrs)
        if (is_wanted(key, scope) &&
            ::lsetxattr(where.c_str(), key.c_str(), value.data(), value.size(), 0) < 0)
            TRY(judge(key));
    return {};
}

Vector<Xattr> get_xattrs(CStr place)
{
    constexpr size_t kMaxSize = 64 << 10;  // XATTR_SIZE_MAX, and of the list of names
    Vector<Xattr> found;
    ssize_t size = ::listxattr(place, nullptr, 0);
    if (size <= 0)
        return found;
    String names(kMaxSize, '\0');
    size = ::listxattr(place, names.data(), names.size());
    names.resize(size_t(size > 0 ? size : 0));
    for (std::string_view rest = names; !rest.empty() && found.size() < kMaxXattrs;) {
        String name(str::cut(rest, '\0'));
        if (name != "security.capability" && !is_wanted(name, XattrScope::user))
            continue;
        String value(kMaxSize, '\0');
        size = ::getxattr(place, name.c_str(), value.data(), value.size());
        if (size < 0)
            continue;
        value.resize(size_t(size));
        found.push_back({std::move(name), std::move(value)});
    }
    return found;
}

}  // namespace kist::archive
