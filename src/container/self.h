// self.h - keeping kist's own executable out of a container's reach.
//
// Until its execve(2) the container's first process is kist, so an image whose program is
// "/proc/self/exe" (or a script that names it as its interpreter) would run kist's own file inside,
// and could then open it by /proc/PID/exe and write to it.  So kist runs containers from an
// executable that cannot be written to: its file behind a read-only mount that is in no mount
// namespace, or a sealed copy in memory.

#pragma once

#include <optional>

#include "base/fd.h"
#include "base/result.h"

namespace kist::container {

// A file to execute kist from that is out of reach.  Monitors are started from it.  Where a sealed
// copy is needed, `find_copy` may offer the executable of another process: when that is such a copy
// of the same kist, all share its memory.
Result<Fd> protected_executable(std::optional<Fd> (*find_copy)(const void* context) = nullptr,
                                const void* context = nullptr);

// Executes kist again from an executable that is out of reach, with the same arguments (as
// /proc/self/cmdline has them) and environment; returns when it already is: run so, on a read-only
// file system, or neither ours nor writable for us (an ordinary user's containers have no more
// rights than that user). Call it at the start of whatever enters containers, before anything is
// open.
Result<void> put_self_out_of_reach();

}  // namespace kist::container
