// check_try.cpp - the tries behind `kist check`.

#include "container/check_try.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/fd.h"
#include "base/parcel.h"
#include "base/str.h"
#include "container/seccomp.h"

namespace kist::container {

namespace {

constexpr unsigned kNobody = 65534;

// Runs `body` in a child; its answer, an errno value, comes back as the exit status.
template <class Body>
int in_child(Body body)
{
    pid_t child = ::fork();
    if (child < 0)
        return errno;
    if (child == 0)
        ::_exit(body());
    int status = 0;
    while (::waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

int write_text(const char* path, CStr text)
{
    int file = ::open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return errno;
    int failed = ::write(file, text, strlen(text)) < 0 ? errno : 0;
    ::close(file);
    return failed;
}

// For the child: becomes root of a new user namespace in which only the own id exists.
int enter_user_namespace(int more_namespaces)
{
    if (::geteuid() == 0) {
        // What is asked is whether an ordinary user could.
        if (::syscall(SYS_setresgid, kNobody, kNobody, kNobody) < 0 ||
            ::syscall(SYS_setresuid, kNobody, kNobody, kNobody) < 0)
            return errno;
        // Losing root made /proc/self root's.
        (void)::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    }
    unsigned uid = ::geteuid();
    unsigned gid = ::getegid();
    if (::unshare(CLONE_NEWUSER) < 0)
        return errno;
    if (int failed = write_text("/proc/self/setgroups", "deny"); failed && failed != ENOENT)
        return failed;
    if (int failed = write_text("/proc/self/uid_map", str::format("0 %u 1", uid)))
        return failed;
    if (int failed = write_text("/proc/self/gid_map", str::format("0 %u 1", gid)))
        return failed;
    return ::unshare(more_namespaces) < 0 ? errno : 0;
}

// For the child, in a mount namespace of its own: a tmpfs with an overlay in it.
int mount_overlay(const char* options)
{
    // Not to be seen outside.
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0)
        return errno;
    // Over any directory that there is for sure.
    if (::mount("tmpfs", "/proc", "tmpfs", 0, "size=1m,mode=0755") < 0 || ::chdir("/proc") < 0)
        return errno;
    for (const char* name : {"lower", "upper", "work", "root"})
        if (::mkdir(name, 0755) < 0)
            return errno;
    return ::mount("overlay", "root", "overlay", 0, options) < 0 ? errno : 0;
}

}  // namespace

int try_user_namespace()
{
    return in_child([] {
        if (int failed = enter_user_namespace(CLONE_NEWUTS))
            return failed;
        return ::sethostname("kist", 4) < 0 ? errno : 0;
    });
}

int try_overlay_as_root()
{
    return in_child([] {
        if (::unshare(CLONE_NEWNS) < 0)
            return errno;
        return mount_overlay("lowerdir=lower,upperdir=upper,workdir=work");
    });
}

int try_overlay_in_user_namespace()
{
    return in_child([] {
        if (int failed = enter_user_namespace(CLONE_NEWNS))
            return failed;
        return mount_overlay("lowerdir=lower,upperdir=upper,workdir=work,userxattr");
    });
}

int try_seccomp()
{
    auto filter = default_filter(default_capabilities());
    if (!filter)
        return filter.error().code();
    return in_child([&] {
        if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
            return errno;
        if (int failed = raw_install_filter(*filter))
            return failed;
        // Reading the kernel's keys is not allowed.
        return ::syscall(SYS_keyctl, 0, 0, 0) < 0 && errno == EPERM ? 0 : EPROTO;
    });
}

Result<void> try_network(bool as_root, Result<void> (*trial)())
{
    struct Trial {
        bool as_root;
        Result<void> (*run)();
    } what = {as_root, trial};
    auto enter_and_run = [](void* context, Vector<Fd>&) -> Result<void> {
        const Trial& asked = *static_cast<const Trial*>(context);
        int failed = !asked.as_root                ? enter_user_namespace(CLONE_NEWNET)
                     : ::unshare(CLONE_NEWNET) < 0 ? errno
                                                   : 0;
        if (failed)
            return Error(failed, "no namespaces of networks: %s", strerror(failed))
                .with_hint("the kernel needs CONFIG_NET_NS");
        return asked.run();
    };
    TRY(kist::in_child(enter_and_run, &what));
    return {};
}

int try_ping()
{
    Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_ICMP));
    return socket.is_open() ? 0 : errno;
}

int try_32_bit()
{
    return in_child([] { return ::personality(PER_LINUX32) < 0 ? errno : 0; });
}

}  // namespace kist::container
