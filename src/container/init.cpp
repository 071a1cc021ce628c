// init.cpp - the container's first process, from clone(2) to execve(2).

#include "container/init.h"

#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include "base/fs.h"
#include "container/files.h"
#include "container/mount_api.h"
#include "container/mounts.h"
#include "container/program.h"
#include "container/pty.h"
#include "container/reaper.h"
#include "container/report.h"
#include "container/rootfs.h"
#include "container/settings.h"
#include "container/target.h"
#include "container/volumes.h"

namespace kist::container {

namespace {

constexpr unsigned kCloseOnExec = 4;  // CLOSE_RANGE_CLOEXEC of close_range(2), Linux 5.11
constexpr int kFallbackMaxFd = 4096;

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
Result<std::optional<Pty>> furnish(const Plan& plan)
{
    const Spec& spec = plan.options.spec;
    Fd store = TRY(reopen_here(plan.options.store));
    std::vector<Volume> volumes = TRY(open_volumes(spec, store));
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
    TRY(provide_files({spec, root, volatile_directory}));
    TRY(mount_volumes({spec, root}, volumes));

    std::optional<Pty> pty;
    if (spec.tty)
        pty = TRY(open_pty(root));
    TRY(apply_namespace_settings(spec, root));
    TRY(protect_system(system));
    TRY(open_target(root, spec.workdir, TargetKind::directory), "working directory");
    if (spec.read_only)
        TRY(restrict_mount(root, "the root file system", Depth::one, kAttributeReadOnly));
    TRY(enter_root(root));
    return pty;
}

Result<void> enter_workdir(const std::string& workdir)
{
    if (::chdir(workdir.c_str()) < 0)
        return os_error("working directory %s", workdir.c_str());
    // Nothing that was mounted there may have led us out of the root.
    char where[4096];
    if (::syscall(SYS_getcwd, where, sizeof where) < 0 || where[0] != '/')
        return Error(EXDEV, "working directory %s is outside of the container", workdir.c_str());
    return {};
}

bool has_home(const std::vector<std::string>& env)
{
    for (const std::string& variable : env)
        if (variable.starts_with("HOME="))
            return true;
    return false;
}

// 0, 1 and 2.  Pipes are given to the user, who may want to open /dev/stdout again.
Result<void> connect_streams(const Plan& plan, const Identity& identity, std::optional<Pty>& pty)
{
    if (::setsid() < 0 && errno != EPERM)
        return os_error("setsid");
    if (pty) {
        TRY(give_pty(*pty, identity.uid));
        winsize size = {.ws_row = plan.options.rows,
                        .ws_col = plan.options.columns,
                        .ws_xpixel = 0,
                        .ws_ypixel = 0};
        if (size.ws_row || size.ws_col)
            (void)::ioctl(pty->slave.get(), TIOCSWINSZ, &size);
        if (::ioctl(pty->slave.get(), TIOCSCTTY, 0) < 0)
            return os_error("take the terminal");
    }
    for (int i = 0; i < 3; i++) {
        int from = pty ? pty->slave.get() : plan.options.stdio[i];
        if (from < 0)
            continue;
        struct stat facts;
        if (!pty && ::fstat(from, &facts) == 0 && S_ISFIFO(facts.st_mode))
            (void)::fchown(from, identity.uid, gid_t(-1));
        if (from != i && ::dup2(from, i) < 0)
            return os_error("connect stream %d", i);
    }
    return {};
}

// Closes all but 0, 1 and 2, at once or on execve(2).
void close_rest(unsigned flags)
{
    if (::syscall(SYS_close_range, 3, ~0U, flags) == 0)
        return;
    for (int number = 3; number < kFallbackMaxFd; number++)
        flags ? (void)::fcntl(number, F_SETFD, FD_CLOEXEC) : (void)::close(number);
}

// A new program starts with no signal blocked or ignored, whatever kist's own caller did.
void reset_signals()
{
    struct sigaction normal = {};
    normal.sa_handler = SIG_DFL;
    for (int signal = 1; signal <= SIGRTMAX; signal++)
        (void)::sigaction(signal, &normal, nullptr);
    sigset_t none;
    ::sigemptyset(&none);
    (void)::sigprocmask(SIG_SETMASK, &none, nullptr);
}

std::vector<char*> pointers_to(const std::vector<std::string>& words)
{
    std::vector<char*> pointers;
    for (const std::string& word : words)
        pointers.push_back(const_cast<char*>(word.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

// With --init the first process stays behind as a reaper; the program is its child.  Returns in the
// process that is to become the program.
Result<void> leave_reaper(const Plan& plan)
{
    if (!plan.options.spec.init)
        return {};
    if (plan.options.spec.pid == Namespace::host && ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
        return os_error("become the reaper");
    sigset_t all;
    ::sigfillset(&all);
    (void)::sigprocmask(SIG_SETMASK, &all, nullptr);
    pid_t child = ::fork();
    if (child < 0)
        return os_error("fork");
    if (child > 0) {
        close_rest(0);
        reap_until_done(child);
    }
    // A group of its own, in the foreground: what the terminal sends is not forwarded a second
    // time.
    (void)::setpgid(0, 0);
    if (plan.options.spec.tty)
        (void)::tcsetpgrp(0, ::getpid());
    return die_with_parent();
}

// All that is done before the confinement takes away the right to do it.
Result<Identity> settle_in(const Plan& plan, const Fd& report)
{
    const Spec& spec = plan.options.spec;
    TRY(arrive(plan, report));
    std::optional<Pty> pty = TRY(furnish(plan));
    Fd root = TRY(sys::open("/", O_RDONLY | O_DIRECTORY));
    Identity identity = TRY(look_up_user(root, spec.user, spec.groups));
    if (plan.map_self) {
        identity.uid = plan.mapped.uid;
        identity.gid = plan.mapped.gid;
    }
    TRY(enter_workdir(spec.workdir));
    TRY(connect_streams(plan, identity, pty));
    if (pty) {
        Report console = {.kind = Report::Kind::console, .file = std::move(pty->master)};
        TRY(send_report(report, console));
    }
    return identity;
}

[[noreturn]] void fail(const Fd& report, Stage stage, const Error& error)
{
    (void)send_report(report, Report::of(stage, error));
    _exit(error.is(kProgramMissing) ? 127 : error.is(kProgramUnusable) ? 126 : 125);
}

Result<void> become_program(const Plan& plan, const Fd& report)
{
    const Spec& spec = plan.options.spec;
    Identity identity = TRY(settle_in(plan, report));
    std::vector<std::string> env = spec.env;
    if (!has_home(env))
        env.push_back("HOME=" + identity.home);
    std::string program = TRY(find_program(spec.argv[0], env));
    std::vector<char*> argv = pointers_to(spec.argv), environment = pointers_to(env);
    ::umask(spec.umask.value_or(0022));
    TRY(apply_limits(spec));
    TRY(confine(plan.confinement, identity, report));
    TRY(leave_reaper(plan));
    reset_signals();
    close_rest(kCloseOnExec);
    ::execve(program.c_str(), argv.data(), environment.data());
    return program_error(program, errno);
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
    auto failed = become_program(plan, report);
    const Error& error = failed.error();
    bool own = error.is(kProgramMissing) || error.is(kProgramUnusable);
    fail(report, own ? Stage::program : Stage::setup, error);
}

void run_user_lookup(const Plan& plan, Fd report)
{
    auto done = report_user(plan, report);
    if (!done)
        fail(report, Stage::setup, done.error());
    _exit(0);
}

}  // namespace kist::container
