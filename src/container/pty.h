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

// Opens a new terminal of the container's own devpts, below `root`, and mounts it on /dev/console.
Result<Pty> open_pty(const Fd& root);

// Gives the terminal to the container's user.
Result<void> give_pty(const Pty& pty, uid_t uid);

}  // namespace kist::container
