// processes.h - the processes of a running container, as the host's /proc shows them.

#pragma once

#include <sys/types.h>

#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/state.h"

namespace kist::container {

// Of /proc/PID/stat and the owner of /proc/PID (proc(5)).
struct ProcessFacts {
    pid_t pid = 0, parent = 0;
    uid_t uid = 0;
    String name;  // comm: up to 15 bytes, any
    char state = '?';
    int terminal = 0;  // device number of its terminal
    long long priority = 0, nice = 0, threads = 0;
    unsigned long long ticks = 0;               // of processor time, sysconf(_SC_CLK_TCK) a second
    unsigned long long start = 0;               // ticks since boot
    unsigned long long size = 0, resident = 0;  // bytes, pages
};
// ESRCH: it is gone.
Result<ProcessFacts> read_process(pid_t pid);

// The process that joins us to the container's namespaces: its first one, or where that cannot be
// looked at (the reaper of --init, to whom is not root) the first child of it.
Result<pid_t> representative_of(const State& state);

// The same; `process`, a pidfd of the first one, becomes one of it.  ESRCH: it has just ended.
Result<pid_t> hold_representative(const State& state, Fd& process);

// All of a container's processes, by number: those of its cgroup, or of its pid namespace, or, when
// there is neither, what descends from its first one.
Result<Vector<pid_t>> processes_of(const State& state);

}  // namespace kist::container
