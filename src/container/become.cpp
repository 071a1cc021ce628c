// become.cpp - from a process inside of a container to its program.

#include "container/become.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include "base/string.h"
#include "base/vector.h"
#include "container/program.h"
#include "container/reaper.h"
#include "container/report.h"
#include "container/settings.h"

namespace kist::container {

namespace {

constexpr unsigned kCloseOnExec = 4;  // CLOSE_RANGE_CLOEXEC of close_range(2), Linux 5.11
constexpr int kFallbackMaxFd = 4096;

void close_numbers(unsigned first, unsigned last, unsigned flags)
{
    if (first > last || ::syscall(SYS_close_range, first, last, flags) == 0)
        return;
    for (unsigned number = first; number <= last && number < kFallbackMaxFd; number++)
        flags ? (void)::fcntl(int(number), F_SETFD, FD_CLOEXEC) : (void)::close(int(number));
}

// Closes all but 0, 1, 2 and `kept`.
void close_all_but(const Fd& kept)
{
    auto number = unsigned(kept.get());
    close_numbers(3, number - 1, 0);
    close_numbers(number + 1, ~0U, 0);
}

Result<void> enter_workdir(const String& workdir)
{
    if (::chdir(workdir.c_str()) < 0)
        return os_error("working directory %s", workdir.c_str());
    // Nothing that was mounted there may have led us out of the root.
    char where[4096];
    if (::syscall(SYS_getcwd, where, sizeof where) < 0 || where[0] != '/')
        return Error(EXDEV, "working directory %s is outside of the container", workdir.c_str());
    return {};
}

bool has_home(const Vector<String>& env)
{
    for (const String& variable : env)
        if (variable.starts_with("HOME="))
            return true;
    return false;
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

Vector<char*> pointers_to(const Vector<String>& words)
{
    Vector<char*> pointers;
    for (const String& word : words)
        pointers.push_back(const_cast<char*>(word.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

// The calling process stays behind as a reaper; the program is its child.  Returns in the process
// that is to become the program.
Result<void> leave_reaper(const Spec& spec)
{
    if (spec.pid == Namespace::host && ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
        return os_error("become the reaper");
    sigset_t all;
    ::sigfillset(&all);
    (void)::sigprocmask(SIG_SETMASK, &all, nullptr);
    pid_t child = ::fork();
    if (child < 0)
        return os_error("fork");
    if (child > 0) {
        close_numbers(3, ~0U, 0);
        reap_until_done(child);
    }
    // A group of its own, in the foreground: what the terminal sends is not forwarded a second
    // time.
    (void)::setpgid(0, 0);
    if (spec.tty)
        (void)::tcsetpgrp(0, ::getpid());
    return die_with_parent();
}

}  // namespace

Result<void> connect_streams(const int (&stdio)[3], const Identity& identity,
                             const std::optional<Pty>& pty)
{
    if (::setsid() < 0 && errno != EPERM)
        return os_error("setsid");
    if (pty) {
        TRY(give_pty(*pty, identity.uid));
        if (::ioctl(pty->slave.get(), TIOCSCTTY, 0) < 0)
            return os_error("take the terminal");
    }
    for (int i = 0; i < 3; i++) {
        int from = pty ? pty->slave.get() : stdio[i];
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

Result<void> become_program(const Becoming& becoming, const Fd& report)
{
    Vector<String> env = becoming.env;
    if (!has_home(env))
        env.push_back("HOME=" + becoming.identity.home);
    Vector<char*> argv = pointers_to(becoming.argv), environment = pointers_to(env);
    close_all_but(report);
    TRY(enter_workdir(becoming.workdir));
    String program = TRY(find_program(becoming.argv[0], env));
    ::umask(becoming.spec.umask.value_or(0022));
    for (int i = 0; becoming.limits && i < RLIM_NLIMITS; i++)
        (void)::setrlimit(i, &becoming.limits[i]);  // only root may go above its own
    TRY(apply_limits(becoming.spec));
    TRY(confine(becoming.confinement, becoming.identity, report));
    if (becoming.reaper)
        TRY(leave_reaper(becoming.spec));
    reset_signals();
    close_numbers(3, ~0U, kCloseOnExec);
    ::execve(program.c_str(), argv.data(), environment.data());
    return program_error(program, errno);
}

void fail(const Fd& report, const Error& error)
{
    bool missing = error.is(kProgramMissing), unusable = error.is(kProgramUnusable);
    (void)send_report(report,
                      Report::of(missing || unusable ? Stage::program : Stage::setup, error));
    _exit(missing ? 127 : unusable ? 126 : 125);
}

}  // namespace kist::container
