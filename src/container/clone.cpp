// clone.cpp - one process in new namespaces.

#include "container/clone.h"

#include <linux/sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include "base/str.h"

namespace kist::container {

namespace {

// clang-format off
constexpr struct { uint64_t flag; const char* name; } kNamespaces[] = {
    {CLONE_NEWCGROUP, "cgroup"},
    {CLONE_NEWIPC,    "ipc"},
    {CLONE_NEWNET,    "net"},
    {CLONE_NEWNS,     "mnt"},
    {CLONE_NEWPID,    "pid"},
    {CLONE_NEWUSER,   "user"},
    {CLONE_NEWUTS,    "uts"},
};
// clang-format on

}  // namespace

const char* missing_namespace(uint64_t namespaces)
{
    for (auto& row : kNamespaces)
        if ((namespaces & row.flag) &&
            ::access(str::format("/proc/self/ns/%s", row.name).c_str(), F_OK) < 0)
            return row.name;
    return "";
}

Result<pid_t> clone_process(const CloneRequest& request)
{
    clone_args arguments = {};
    arguments.flags = request.namespaces | (request.sibling ? CLONE_PARENT : 0) |
                      (request.cgroup ? CLONE_INTO_CGROUP : 0);
    // With CLONE_PARENT the child has the exit signal of its sibling: ours, SIGCHLD.
    arguments.exit_signal = request.sibling ? 0 : SIGCHLD;
    arguments.cgroup = request.cgroup ? uint64_t(request.cgroup->get()) : 0;
    long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid < 0 && errno == ENOSYS && !request.cgroup)
        pid = ::syscall(SYS_clone, arguments.flags | SIGCHLD, 0, 0, 0, 0);
    if (pid < 0)
        return os_error("clone");
    return pid_t(pid);
}

}  // namespace kist::container
