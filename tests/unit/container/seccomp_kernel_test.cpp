// seccomp_kernel_test.cpp - container/seccomp.h: the filters on the kernel that runs the test.

#include "container/seccomp.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

namespace kist::container {
namespace {

// Runs `body` in a child behind the filters; its answer is the child's exit status.
int in_child(std::initializer_list<SeccompFilter> filters, int (*body)())
{
    pid_t child = fork();
    if (child == 0) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
            _exit(200);
        for (const SeccompFilter& filter : filters)
            if (raw_install_filter(filter) != 0)
                _exit(201);
        _exit(body());
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

TEST(DefaultFilter, HoldsOnThisKernel)
{
    auto filter = MUST(default_filter(default_capabilities()));
    EXPECT_EQ(in_child({filter}, [] { return getppid() > 0 ? 0 : 1; }), 0);
    EXPECT_EQ(in_child({filter}, [] { return unshare(CLONE_NEWUSER) < 0 ? errno : 0; }), EPERM);
    EXPECT_EQ(in_child({filter}, [] { return syscall(SYS_clone3, 0, 0) < 0 ? errno : 0; }), ENOSYS);
    EXPECT_EQ(in_child({filter}, [] { return syscall(467, -1, 0, 0) < 0 ? errno : 0; }), ENOSYS);
    EXPECT_EQ(in_child({filter}, [] { return syscall(SYS_keyctl, 0, 0) < 0 ? errno : 0; }), EPERM);
    EXPECT_EQ(in_child({filter}, [] { return syscall(SYS_socket, 38, 0, 0) < 0 ? errno : 0; }),
              EPERM);
    EXPECT_EQ(in_child({filter},
                       [] {
                           pid_t child = fork();
                           if (child == 0)
                               _exit(7);
                           int status = 0;
                           return waitpid(child, &status, 0) == child ? WEXITSTATUS(status) : 1;
                       }),
              7);
}

TEST(SingleIdFilter, MakesStepsDownSucceedOnThisKernel)
{
    auto single = MUST(single_id_filter(0, 0));
    auto usual = MUST(default_filter(default_capabilities()));
    EXPECT_EQ(in_child({single, usual},
                       [] {
                           gid_t group = 33;
                           if (syscall(SYS_setgroups, 1, &group) != 0)
                               return 1;
                           if (syscall(SYS_setresgid, 33, 33, 33) != 0)
                               return 2;
                           if (syscall(SYS_setresuid, 33, 33, 33) != 0)
                               return 3;
                           if (syscall(SYS_fchownat, AT_FDCWD, "/", 33, 33, 0) != 0)
                               return 4;
                           if (syscall(SYS_mknodat, AT_FDCWD, "/nonexistent/x", S_IFCHR, 0) != 0)
                               return 5;
                           return getuid() == 33 ? 6 : 0;
                       }),
              0);
}

TEST(Seccomp, InstallsNothingForAnEmptyFilter)
{
    EXPECT_EQ(raw_install_filter({}), 0);
}

}  // namespace

}  // namespace kist::container
