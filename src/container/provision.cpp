// provision.cpp - what root prepares at boot for an ordinary user's containers.

#include "container/provision.h"

#include <grp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>

#include "base/fs.h"
#include "base/log.h"
#include "base/string.h"
#include "container/delegation.h"
#include "container/given_ids.h"
#include "network/modules.h"

namespace kist::container {

namespace {

// What of a cgroup a user must own to divide it (cgroups(7), "Cgroup delegation").
constexpr const char* kDelegated[] = {"cgroup.procs", "cgroup.subtree_control", "cgroup.threads"};
// Root's, and of no use to the user.
constexpr const char* kForgotten[] = {"KIST_ROOT",      "KIST_STATE",      "DOCKER_CONFIG",
                                      "XDG_DATA_HOME",  "XDG_CONFIG_HOME", "XDG_CACHE_HOME",
                                      "XDG_STATE_HOME", "XDG_SESSION_ID"};

String runtime_of(const Identity& identity)
{
    return str::format("/run/user/%u", identity.uid);
}

Result<void> give(const Fd& directory, const Identity& identity)
{
    if (::fchown(directory.get(), identity.uid, identity.gid) < 0)
        return os_error("chown to %u", identity.uid);
    return {};
}

Result<void> delegate(const Fd& cgroup, const Identity& identity)
{
    TRY(give(cgroup, identity));
    for (const char* file : kDelegated)
        if (::fchownat(cgroup.get(), file, identity.uid, identity.gid, AT_SYMLINK_NOFOLLOW) < 0)
            return os_error("chown %s", file);
    return {};
}

Result<void> give_cgroup(const Identity& identity)
{
    auto place = find_delegation();
    if (!place) {
        log::debug("no cgroup for the user: %s", place.error().message().c_str());
        return {};
    }
    String path = str::format("%s/user-%u", place->path.c_str(), identity.uid);
    Fd cgroup = TRY(fs::make_directories(path));
    for (const String& controller : TRY(controllers_of(*place))) {
        auto handed = hand_down(*place, path, controller);
        if (!handed)  // the user is told when a limit is asked for
            log::debug("%s", handed.error().message().c_str());
    }
    Fd login = TRY(fs::make_directory(cgroup, "login"));
    TRY(delegate(cgroup, identity));
    TRY(delegate(login, identity));
    return fs::poke(login, "cgroup.procs", "0");
}

Result<void> give_runtime_directory(const Identity& identity)
{
    String path = runtime_of(identity);
    Fd users = TRY(fs::make_directories("/run/user", 0755));
    String name = str::format("%u", identity.uid);
    auto made = sys::mkdir_at(users, name, 0700);
    if (!made && !made.error().is(EEXIST))
        return made;
    Fd directory = TRY(sys::open_at(users, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    if (made)
        return give(directory, identity);
    if (TRY(sys::stat(directory)).st_uid != identity.uid)
        return Error(EPERM, "%s belongs to somebody else", path.c_str())
            .with_hint("remove it; it is made anew");
    return {};
}

bool is_roots_alone(const struct stat& facts)
{
    return facts.st_uid == 0 && !(facts.st_mode & 022);
}

// Makes the directory `path` for the user where its parent is root's.  Every step is in a directory
// that root alone can change; from the first that is not, the rest is left to the user.
Result<void> make_for(const Identity& identity, std::string_view path)
{
    Fd at = TRY(sys::open("/", O_RDONLY | O_DIRECTORY));
    while (path.starts_with('/'))
        path.remove_prefix(1);
    while (!path.empty()) {
        if (!is_roots_alone(TRY(sys::stat(at))))
            return {};
        String name(str::cut(path, '/'));
        if (name.empty())
            continue;
        bool last = path.empty();
        auto made = sys::mkdir_at(at, name, last ? 0700 : 0755);
        if (!made && !made.error().is(EEXIST))
            return made;
        at = TRY(sys::open_at(at, name, O_RDONLY | O_DIRECTORY));
        if (made && last)
            return give(at, identity);
    }
    return {};
}

// Where the user's kist will look, which its effective id decides.
Result<image::Places> places_of(const Identity& identity, const String& root, const String& state)
{
    if (::syscall(SYS_setresuid, -1, identity.uid, -1) < 0)
        return os_error("become uid %u", identity.uid);
    auto places = image::find_places(root, state);
    if (::syscall(SYS_setresuid, -1, 0, -1) < 0)
        _exit(1);  // neither this nor that user
    return places;
}

}  // namespace

Result<HostUser> find_host_user(const String& user)
{
    Fd root = TRY(sys::open("/", O_RDONLY | O_DIRECTORY));
    if (user.empty() || user.find(':') != user.npos)
        return Error(EINVAL, "\"%s\" is not the name of a user", user.c_str());
    HostUser found;
    auto identity = look_up_user(root, user, {});
    if (!identity)
        return Error(ENOENT, "there is no user \"%s\" in /etc/passwd", user.c_str());
    found.identity = std::move(*identity);
    if (found.identity.uid == 0)
        return Error(EINVAL, "root's containers need no --user");
    String number = str::format("%u", found.identity.uid);
    auto passwd = fs::read_path("/etc/passwd", kMaxUsersFile);
    found.name = passwd ? user_name(*passwd, number) : "";
    if (found.name.empty())
        found.name = number;
    return found;
}

Result<void> provision(const HostUser& user)
{
    if (::geteuid() != 0)
        return Error(EPERM, "only root can prepare things for another user")
            .with_hint("as that user, leave --user out");
    const char* name = user.name.c_str();
    network::load_modules(true);  // while nobody waits for each of them
    TRY(give_ids(user.identity, user.name), "cannot map ids for %s", name);
    TRY(give_cgroup(user.identity), "cannot make a cgroup for %s", name);
    TRY(give_runtime_directory(user.identity), "cannot make a runtime directory for %s", name);
    return {};
}

Result<void> become(const HostUser& user, const String& root, const String& state)
{
    const Identity& identity = user.identity;
    for (const char* variable : kForgotten)
        (void)::unsetenv(variable);
    (void)::setenv("HOME", identity.home.c_str(), 1);
    (void)::setenv("USER", user.name.c_str(), 1);
    (void)::setenv("LOGNAME", user.name.c_str(), 1);
    (void)::setenv("XDG_RUNTIME_DIR", runtime_of(identity).c_str(), 1);
    if (::chdir("/") < 0)
        return os_error("chdir /");
    image::Places places = TRY(places_of(identity, root, state));
    for (const String& path : {places.root, places.state})
        TRY(make_for(identity, path), "cannot make %s for %s", path.c_str(), user.name.c_str());
    if (::syscall(SYS_setgroups, identity.groups.size(), identity.groups.data()) < 0 ||
        ::syscall(SYS_setresgid, identity.gid, identity.gid, identity.gid) < 0 ||
        ::syscall(SYS_setresuid, identity.uid, identity.uid, identity.uid) < 0)
        return os_error("become %s", user.name.c_str());
    // The files in /proc/self are the user's again, as after a login.
    (void)::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    return {};
}

}  // namespace kist::container
