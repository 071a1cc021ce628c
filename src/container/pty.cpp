// pty.cpp - the container's side of a terminal.

#include "container/pty.h"

#include <sys/ioctl.h>
#include <sys/mount.h>
#include <termios.h>
#include <unistd.h>

#include "container/mount_api.h"
#include "container/target.h"

#ifndef TIOCGPTPEER  // musl's headers have it only for some machines
#define TIOCGPTPEER _IO('T', 0x41)
#endif

namespace kist::container {

Result<Pty> open_pty(const Fd& root)
{
    Pty pty;
    pty.master = TRY(sys::open_in_root(root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK),
                     "open a terminal");
    int unlock = 0;
    if (::ioctl(pty.master.get(), TIOCSPTLCK, &unlock) < 0)
        return os_error("unlock a terminal");
    // By the master, not by name: nothing that is mounted over /dev/pts can be taken for it.
    int slave = ::ioctl(pty.master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0)
        return os_error("open a terminal");
    pty.slave = Fd(slave);

    Fd console = TRY(open_target(root, "/dev/console", TargetKind::file));
    if (::mount(by_number(pty.slave).c_str(), by_number(console).c_str(), nullptr, MS_BIND,
                nullptr) < 0)
        return os_error("mount /dev/console");
    return pty;
}

Result<void> give_pty(const Pty& pty, uid_t uid)
{
    if (::fchown(pty.slave.get(), uid, gid_t(-1)) < 0)
        return os_error("chown the terminal");
    return {};
}

}  // namespace kist::container
