// confine.cpp - the last steps before execve(2).

#include "container/confine.h"

#include <linux/capability.h>
#include <linux/keyctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>

#include "base/vector.h"
#include "container/report.h"

namespace kist::container {

namespace {

Result<void> check(int code, const char* what)
{
    if (code == 0)
        return {};
    return Error(code, "%s: %s", what, strerror(code));
}

Result<void> set_groups(const Identity& identity)
{
    // The primary group is one of them, so that a set-gid program cannot shed it and with it the
    // rights that files deny to that group.
    Vector<gid_t> groups = identity.groups;
    if (std::find(groups.begin(), groups.end(), identity.gid) == groups.end())
        groups.push_back(identity.gid);
    if (::syscall(SYS_setgroups, groups.size(), groups.data()) < 0)
        return os_error("set %zu supplementary groups", groups.size());
    return {};
}

Error not_mapped(const char* what, unsigned id)
{
    return Error(EINVAL, "%s %u does not exist in this user's id map", what, id)
        .with_hint("\"kist info\" shows the map; more ids come from /etc/subuid and /etc/subgid");
}

Result<void> set_identity(const Identity& identity)
{
    uid_t uid = identity.uid, uids[3];
    gid_t gid = identity.gid, gids[3];
    if (::syscall(SYS_setresgid, gid, gid, gid) < 0)
        return errno == EINVAL ? not_mapped("group", gid) : os_error("become group %u", gid);
    if (::syscall(SYS_setresuid, uid, uid, uid) < 0)
        return errno == EINVAL ? not_mapped("user", uid) : os_error("become user %u", uid);
    if (::syscall(SYS_getresuid, &uids[0], &uids[1], &uids[2]) < 0 ||
        ::syscall(SYS_getresgid, &gids[0], &gids[1], &gids[2]) < 0)
        return os_error("read back the identity");
    for (int i = 0; i < 3; i++)
        if (uids[i] != uid || gids[i] != gid)
            return Error(EPERM, "become user %u, group %u: the kernel kept another", uid, gid);
    return {};
}

// What the caller keeps in the session keyring is not for the container.
Result<void> leave_keyring()
{
    // Not in the kernel, not allowed by the filter that kist is under, or the user has too many.
    if (::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) < 0 && errno != ENOSYS &&
        errno != EPERM && errno != EDQUOT)
        return os_error("make a session keyring");
    return {};
}

Result<void> install_filters(const Confinement& confinement)
{
    TRY(check(raw_install_filter(confinement.id_filter), "seccomp"));
    return check(raw_install_filter(confinement.filter), "seccomp");
}

}  // namespace

Result<void> die_with_parent()
{
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return os_error("set the parent-death signal");
    return {};
}

Result<void> confine(const Confinement& confinement, const Identity& identity, const Fd& report)
{
    // To install a filter without no_new_privs; gone again before the program runs.
    Capabilities transit = confinement.capabilities;
    transit.add(CAP_SYS_ADMIN);
    // Any other user's capabilities end with execve(2) anyway (capabilities(7)).
    Capabilities last = identity.uid == 0 ? confinement.capabilities : Capabilities();

    TRY(leave_keyring());
    TRY(check(raw_limit_bounding_set(confinement.capabilities), "limit capabilities"));
    TRY(check(raw_clear_ambient(), "clear ambient capabilities"));
    TRY(check(raw_keep_capabilities(true), "keep capabilities"));
    if (confinement.change_identity) {
        if (!confinement.keep_groups)
            TRY(set_groups(identity));
        TRY(set_identity(identity));
    }
    TRY(check(raw_keep_capabilities(false), "keep capabilities"));
    TRY(check(raw_set_capabilities(transit, transit), "set capabilities"));
    // Changed ids may have made us open to all who share them.
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return os_error("prctl");
    if (!confinement.outlives_parent)
        TRY(die_with_parent());
    if (!is_connected(report))
        return Error(EPIPE, "kist ended before the container was started");

    if (!confinement.no_new_privileges) {
        TRY(install_filters(confinement));
        return check(raw_set_capabilities(last, last), "set capabilities");
    }
    TRY(check(raw_set_capabilities(last, last), "set capabilities"));
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return os_error("set no_new_privs");
    return install_filters(confinement);
}

}  // namespace kist::container
