// init.cpp - the container's first process, from clone(2) to execve(2).

#include "container/init.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <optional>

#include "base/fs.h"
#include "base/vector.h"
#include "container/become.h"
#include "container/files.h"
#include "container/mount_api.h"
#include "container/mounts.h"
#include "container/pty.h"
#include "container/report.h"
#include "container/rootfs.h"
#include "container/settings.h"
#include "container/target.h"
#include "container/volumes.h"

namespace kist::container {

namespace {

// Our own maps, one id each: what a process may write for itself, once it has given up setgroups.
Result<void> map_single(const Plan& plan)
{
    // An executable that its user may not read, or a changed identity, would have made our files in
    // /proc root's.
    (void)::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    sys::Borrowed here = sys::borrow(AT_FDCWD);
    (void)fs::poke(here, "/proc/self/setgroups", "deny");
    TRY(fs::poke(here, "/proc/self/gid_map",
                 str::format("%u %u 1", plan.mapped.gid, plan.caller_gid)));
    TRY(fs::poke(here, "/proc/self/uid_map",
                 str::format("%u %u 1", plan.mapped.uid, plan.caller_uid)));
    return {};
}

// Everything that is needed of the id maps, the cgroup and the host's /proc.
Result<void> arrive(const Plan& plan, const Fd& report)
{
    ::umask(0);
    if (plan.map_self)
        TRY(map_single(plan), "cannot map our id");
    if (plan.wait_for_go)
        TRY(wait_for_go(report));
    // In a new user namespace all is allowed but the ids are still the caller's.
    if (plan.user_namespace && !plan.map_self &&
        (::syscall(SYS_setresgid, 0, 0, 0) < 0 || ::syscall(SYS_setresuid, 0, 0, 0) < 0))
        return os_error("become root of the user namespace");
    if (plan.late_cgroupns && ::syscall(SYS_unshare, CLONE_NEWCGROUP) < 0)
        return os_error("unshare the cgroup namespace");
    TRY(set_oom_score(plan.options.spec, plan.options.oom_score_adj));
    // What we have open is nobody's business who might share our pid namespace.
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return os_error("prctl");
    return {};
}

Result<Fd> make_root(const Plan& plan, bool look_only)
{
    // Nothing of what we mount reaches the host; what the host unmounts still leaves our copy.
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) < 0)
        return os_error("separate the mounts from the host's");
    Fd store = TRY(reopen_here(plan.options.store));
    return mount_root({.spec = plan.options.spec,
                       .store = store,
                       .user_xattr = plan.user_namespace,
                       .look_only = look_only});
}

// pivot_root(2) of the working directory onto itself stacks the old root on the new one; it is
// taken off at once.
Result<void> enter_root(const Fd& root)
{
    if (::fchdir(root.get()) < 0 || ::syscall(SYS_pivot_root, ".", ".") < 0)
        return os_error("enter the root file system");
    if (::umount2(".", MNT_DETACH) < 0 || ::chdir("/") < 0)
        return os_error("leave the host's file systems");
    return {};
}

// Mounts all there is, from the outside, and moves in.  With a terminal its two ends come back.
// Meanwhile its network is connected, whose links settings may be about.
Result<std::optional<Pty>> furnish(const Plan& plan, const Fd& report)
{
    const Spec& spec = plan.options.spec;
    Fd store = TRY(reopen_here(plan.options.store));
    Vector<Volume> volumes = TRY(open_volumes(spec, store));
    Fd root = TRY(make_root(plan, false));
    TRY(fill_volumes(spec, root, volumes));
    Fd volatile_directory = TRY(reopen_here(plan.options.volatile_directory));
    SystemMounts system = {.spec = spec,
                           .root = root,
                           .user_namespace = plan.user_namespace,
                           .tty_group = plan.tty_group,
                           .cgroup = plan.options.cgroup != nullptr};
    TRY(mount_system(system));
    TRY(make_devices({spec, root, plan.devices, plan.user_namespace}));
    std::optional<Fd> shared;
    if (plan.options.shared_files)
        shared = TRY(reopen_here(*plan.options.shared_files));
    TRY(provide_files(
        {spec, root, volatile_directory, plan.options.wiring, shared ? &*shared : nullptr}));
    TRY(mount_volumes({spec, root}, volumes));

    std::optional<Pty> pty;
    if (spec.tty) {
        pty = TRY(open_pty(root, plan.options.rows, plan.options.columns));
        TRY(mount_console(root, *pty));
    }
    if (plan.options.connector)
        TRY(wait_for_go(report));
    TRY(apply_namespace_settings(spec, root));
    TRY(protect_system(system));
    TRY(open_target(root, spec.workdir, TargetKind::directory), "working directory");
    if (spec.read_only)
        TRY(restrict_mount(root, "the root file system", Depth::one, kAttributeReadOnly));
    TRY(enter_root(root));
    return pty;
}

// All that is done before the confinement takes away the right to do it.
Result<Identity> settle_in(const Plan& plan, const Fd& report)
{
    const Spec& spec = plan.options.spec;
    TRY(arrive(plan, report));
    std::optional<Pty> pty = TRY(furnish(plan, report));
    Fd root = TRY(sys::open("/", O_RDONLY | O_DIRECTORY));
    Identity identity = TRY(look_up_user(root, spec.user, spec.groups));
    if (plan.map_self) {
        identity.uid = plan.mapped.uid;
        identity.gid = plan.mapped.gid;
    }
    TRY(connect_streams(plan.options.stdio, identity, pty));
    if (pty) {
        Report console = {.kind = Report::Kind::console, .file = std::move(pty->master)};
        TRY(send_report(report, console));
    }
    return identity;
}

Result<void> run_program(const Plan& plan, const Fd& report)
{
    const Spec& spec = plan.options.spec;
    Identity identity = TRY(settle_in(plan, report));
    return become_program({.spec = spec,
                           .argv = spec.argv,
                           .env = spec.env,
                           .workdir = spec.workdir,
                           .confinement = plan.confinement,
                           .identity = identity,
                           .reaper = spec.init},
                          report);
}

Result<void> report_user(const Plan& plan, const Fd& report)
{
    TRY(arrive(plan, report));
    Fd root = TRY(make_root(plan, true));
    Identity identity = TRY(look_up_user(root, plan.options.spec.user, {}));
    Report user = {.kind = Report::Kind::user, .uid = identity.uid, .gid = identity.gid};
    return send_report(report, user);
}

}  // namespace

void run_first_process(const Plan& plan, Fd report)
{
    auto failed = run_program(plan, report);
    fail(report, failed.error());
}

void run_user_lookup(const Plan& plan, Fd report)
{
    auto done = report_user(plan, report);
    if (!done)
        fail(report, done.error());
    _exit(0);
}

}  // namespace kist::container
