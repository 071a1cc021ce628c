// namespaces.h - tests that touch links, addresses or rules, in network namespaces of their own.

#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "base/fd.h"
#include "check.h"

namespace kist::test {

// Runs `body` in a child process with a new network namespace, and with /sys as it looks from
// there; what it expects in vain fails the test.
inline void in_new_network(void (*body)())
{
    if (::geteuid() != 0)
        GTEST_SKIP() << "only root makes network namespaces";
    fflush(nullptr);
    pid_t child = ::fork();
    if (child == 0) {
        if (::unshare(CLONE_NEWNET | CLONE_NEWNS) != 0 ||
            ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            ::mount("sysfs", "/sys", "sysfs", 0, nullptr) != 0)
            ::_exit(2);
        body();
        fflush(nullptr);
        ::_exit(::testing::Test::HasFailure());
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_NE(status, 2 << 8) << "no network namespace can be made";
    EXPECT_EQ(status, 0);
}

// One more namespace, which nobody is in; the caller stays where it is.
inline Fd another_network()
{
    Fd here(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(::unshare(CLONE_NEWNET), 0);
    Fd made(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(::setns(here.get(), CLONE_NEWNET), 0);
    return made;
}

}  // namespace kist::test

// A test in a new network namespace, of which `what`, a `Kind`, is made there first.
#define TEST_WITH(Kind, what, suite, name) \
    static void name(Kind& what);          \
    TEST(suite, name)                      \
    {                                      \
        kist::test::in_new_network([] {    \
            Kind what;                     \
            name(what);                    \
        });                                \
    }                                      \
    static void name(Kind& what)
