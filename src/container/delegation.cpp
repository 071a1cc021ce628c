// delegation.cpp - finding the part of the cgroup v2 tree that is ours.

#include "container/delegation.h"

#include <linux/magic.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/cgroup_files.h"

namespace kist::container {

namespace {

constexpr size_t kMaxMountinfo = 4 << 20;  // bytes

// mountinfo writes space, tab, newline and backslash as \ooo (proc(5)).
String unescape(std::string_view text)
{
    String plain;
    for (size_t i = 0; i < text.size(); i++) {
        if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '3') {
            plain +=
                char((text[i + 1] - '0') << 6 | (text[i + 2] - '0') << 3 | (text[i + 3] - '0'));
            i += 3;
        } else {
            plain += text[i];
        }
    }
    return plain;
}

struct MountPoint {
    String root;  // the part of the tree that is mounted
    String path;
};

struct Mounts {
    Vector<MountPoint> unified;
    bool version_1 = false;
};

Mounts find_mounts(std::string_view mountinfo, bool believe)
{
    Mounts found;
    while (!mountinfo.empty()) {
        // "36 35 98:0 /root /point options [tags] - type source superoptions"
        std::string_view line = str::cut(mountinfo, '\n');
        size_t dash = line.find(" - ");
        Vector<std::string_view> words = str::words(line.substr(0, dash));
        if (dash == line.npos || words.size() < 6)
            continue;
        std::string_view type = line.substr(dash + 3);
        type = str::cut(type, ' ');
        found.version_1 |= type == "cgroup";
        if (type != "cgroup2")
            continue;
        MountPoint mount = {unescape(words[3]), unescape(words[4])};
        struct statfs about = {};
        // Something else may be mounted over it.
        if (believe ||
            (::statfs(mount.path.c_str(), &about) == 0 && about.f_type == CGROUP2_SUPER_MAGIC))
            found.unified.push_back(std::move(mount));
    }
    return found;
}

// The path in the line "0::/path" of /proc/self/cgroup; "" when there is none.
String own_path(std::string_view text)
{
    while (!text.empty()) {
        std::string_view line = str::cut(text, '\n');
        if (line.starts_with("0::/"))
            return String(line.substr(3));
    }
    return "";
}

// `path` of the tree as a directory below the mount; "" when that does not show it.
String below(const MountPoint& mount, std::string_view path)
{
    if (path.find("/..") != path.npos || path.ends_with(" (deleted)"))
        return "";
    std::string_view root = mount.root == "/" ? "" : std::string_view(mount.root);
    if (!path.starts_with(root) || (path.size() > root.size() && path[root.size()] != '/'))
        return "";
    path.remove_prefix(root.size());
    return mount.path + String(path == "/" ? "" : path);
}

bool may_write(const String& path)
{
    for (const char* file : {"", "/cgroup.procs", "/cgroup.subtree_control"})
        if (::faccessat(AT_FDCWD, (path + file).c_str(), W_OK, AT_EACCESS) < 0)
            return false;
    return true;
}

// systemd marks what it delegated (Delegate= in systemd.resource-control(5)).
bool is_marked(const String& path)
{
    char value = 0;
    return (::getxattr(path.c_str(), "user.delegate", &value, 1) == 1 && value == '1') ||
           (::getxattr(path.c_str(), "trusted.delegate", &value, 1) == 1 && value == '1');
}

Error nothing_delegated(const String& own, const String& system_root)
{
    Error error(EACCES, "no cgroup is delegated to this user (we are in %s)", own.c_str());
    bool systemd = ::access((system_root + "/run/systemd/system").c_str(), F_OK) == 0;
    return std::move(error).with_hint(
        systemd
            ? "start it in a scope of its own: systemd-run --user --scope -p Delegate=yes kist ..."
            : str::format("as root, make a cgroup for this user and put the user's shell into it: "
                          "G=/sys/fs/cgroup/user-%u; mkdir $G; chown -R %u $G; "
                          "echo PID > $G/cgroup.procs",
                          ::geteuid(), ::geteuid()));
}

Error no_unified_mount(bool version_1)
{
    if (version_1)
        return Error(ENOTSUP, "this machine has cgroup v1 only")
            .with_hint(
                "boot with systemd.unified_cgroup_hierarchy=1 or cgroup_no_v1=all on the "
                "kernel command line");
    return Error(ENOTSUP, "cgroup v2 is not mounted")
        .with_hint("as root: mount -t cgroup2 cgroup2 /sys/fs/cgroup");
}

}  // namespace

Result<Delegation> find_delegation(const String& system_root)
{
    String info = TRY(fs::read_path(system_root + "/proc/self/mountinfo", kMaxMountinfo),
                      "cannot look for cgroup v2");
    Mounts mounts = find_mounts(info, !system_root.empty());
    auto self = fs::read_path(system_root + "/proc/self/cgroup");
    String path = self ? own_path(*self) : "";
    if (mounts.unified.empty() || path.empty())
        return no_unified_mount(mounts.version_1);

    Delegation place;
    place.system_root = system_root;
    for (const MountPoint& mount : mounts.unified) {
        String own = below(mount, path);
        if (own.empty())
            continue;
        place.mount = mount.path;
        place.own = own;
        // Upwards from our own cgroup to the mount.
        for (String at = own; at.size() >= mount.path.size();
             at.resize(at.rfind('/') == at.npos ? 0 : at.rfind('/'))) {
            if (!may_write(at))
                continue;
            place.path = at;
            if (is_marked(at) && (at != own || foreign_processes(at).empty()))
                break;
        }
        if (!place.path.empty())
            break;
    }
    if (place.path.empty())
        return nothing_delegated(path, system_root);
    // Every cgroup but the root of the tree has this file (a cgroup namespace's root has it, too).
    place.real_root = ::access((place.path + "/cgroup.type").c_str(), F_OK) < 0;
    return place;
}

Result<Delegation> find_user_manager(const String& system_root)
{
    String info = TRY(fs::read_path(system_root + "/proc/self/mountinfo", kMaxMountinfo));
    String path =
        str::format("/user.slice/user-%u.slice/user@%u.service", ::geteuid(), ::geteuid());
    for (const MountPoint& mount : find_mounts(info, !system_root.empty()).unified) {
        Delegation place;
        place.mount = mount.path;
        place.path = place.own = below(mount, path);
        place.system_root = system_root;
        if (!place.path.empty() && may_write(place.path))
            return place;
    }
    return Error(ENOENT, "the user's systemd does not run");
}

}  // namespace kist::container
