// pty.cpp - the container's side of a terminal.

#include "container/pty.h"

#include <sys/ioctl.h>
#include <sys/mount.h>
#include <termios.h>
#include <unistd.h>

#include "base/fs.h"
#include "container/mount_api.h"
#include "container/target.h"

#ifndef TIOCGPTPEER  // musl's headers have it only for some machines
#define TIOCGPTPEER _IO('T', 0x41)
#endif

namespace kist::container {

namespace {

constexpr long kDevptsMagic = 0x1cd1;  // statfs(2)

}  // namespace

Result<Pty> open_pty(const Fd& root, unsigned short rows, unsigned short columns)
{
    Pty pty;
    pty.master = TRY(sys::open_in_root(root, "/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK),
                     "open a terminal");
    // An image's or a volume's own /dev may have anything there.
    if (!fs::is_on(pty.master, kDevptsMagic))
        return Error(ENOTTY, "/dev/pts in the container is not the kernel's");
    int unlock = 0;
    if (::ioctl(pty.master.get(), TIOCSPTLCK, &unlock) < 0)
        return os_error("unlock a terminal");
    // By the master, not by name: nothing that is mounted over /dev/pts can be taken for it.
    int slave = ::ioctl(pty.master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0)
        return os_error("open a terminal");
    pty.slave = Fd(slave);
    winsize size = {.ws_row = rows, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    if (rows || columns)
        (void)::ioctl(slave, TIOCSWINSZ, &size);
    return pty;
}

Result<void> mount_console(const Fd& root, const Pty& pty)
{
    Fd console = TRY(open_target(root, "/dev/console", TargetKind::file));
    if (::mount(by_number(pty.slave).c_str(), by_number(console).c_str(), nullptr, MS_BIND,
                nullptr) < 0)
        return os_error("mount /dev/console");
    return {};
}

Result<void> give_pty(const Pty& pty, uid_t uid)
{
    if (::fchown(pty.slave.get(), uid, gid_t(-1)) < 0)
        return os_error("chown the terminal");
    return {};
}

}  // namespace kist::container
