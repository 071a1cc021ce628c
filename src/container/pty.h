// pty.h - the container's side of a terminal.

#pragma once

#include <sys/types.h>

#include "base/fd.h"
#include "base/result.h"

namespace kist::container {

struct Pty {
    Fd master;  // for the monitor
    Fd slave;   // becomes 0, 1 and 2 of the container's process
};

// Opens a new terminal of the container's own devpts, below `root`; 0 rows: its size is not
// known.  ENOTTY: what is there is none.
Result<Pty> open_pty(const Fd& root, unsigned short rows, unsigned short columns);

// Mounts it on the container's /dev/console.
Result<void> mount_console(const Fd& root, const Pty& pty);

// Gives the terminal to the container's user.
Result<void> give_pty(const Pty& pty, uid_t uid);

}  // namespace kist::container
