// process.h - starting outside programs and waiting for children.

#pragma once

#include <sys/types.h>

#include <span>

#include "base/fd.h"
#include "base/result.h"
#include "base/str.h"
#include "base/string.h"

namespace kist::process {

// Runs the program at argv[0] (an absolute path; nothing is looked up in PATH) with an empty
// environment and waits for it.  What it writes to stderr becomes the error's text when it fails.
// Only newuidmap, newgidmap and the kernel's modprobe are ever run so.
Result<void> run(std::span<const String> argv);

// How a child ended: its exit status, or 128 + the signal that killed it, as a shell says it.
Result<int> wait(pid_t child);
int exit_code(int wait_status);

// What identifies a process beyond its number, which is used again: field 22 of /proc/PID/stat,
// in clock ticks since boot (proc(5)).  ESRCH when there is no such process.
Result<unsigned long long> start_time(pid_t pid);
// This boot's name, from /proc/sys/kernel/random/boot_id.
Result<String> boot_id();
// A file that says that something was done in this boot.  It holds the boot id, since the directory
// may outlive the boot; what cannot be read counts as not done.
bool is_marked(const Fd& directory, CStr name);
Result<void> mark(const Fd& directory, CStr name);

}  // namespace kist::process
