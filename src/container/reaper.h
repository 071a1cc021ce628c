// reaper.h - `--init`: a first process that does nothing but reap and forward.

#pragma once

#include <sys/types.h>

namespace kist::container {

// Forwards every signal to `child`, waits for whatever dies, and ends with the exit code of
// `child`: 128 + signal when one killed it.  All signals are blocked already, all descriptors but
// 0, 1 and 2 closed.
[[noreturn]] void reap_until_done(pid_t child);

}  // namespace kist::container
