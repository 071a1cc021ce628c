// exec.h - starting a process in a running container.
//
//     caller ---- asks, waits; the parent of the new process; never inside
//        \__ joiner        one thread, not dumpable; enters the container's cgroup, then by its
//             \            first process' pidfd all of its namespaces at once; ends
//              \__ process      born in the container's pid namespace, as the caller's child; is
//                               confined as the first process was, and executes the program
//
// Until its execve(2) the new process is kist: the caller has put_self_out_of_reach() (self.h).

#pragma once

#include <sys/types.h>

#include <optional>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/spec.h"
#include "container/state.h"

namespace kist::container {

struct ExecOptions {
    const Spec& spec;  // of the container
    const State& state;
    Vector<String> argv;
    Vector<String> env;    // all of it; HOME is added
    String user, workdir;  // "": the container's own
    bool tty = false;
    bool privileged = false;               // all capabilities that there are
    bool outlives_parent = false;          // it goes on when the caller is killed
    int stdio[3] = {-1, -1, -1};           // without a tty: what it gets as 0, 1 and 2 (borrowed)
    unsigned short rows = 0, columns = 0;  // of the tty; 0: not known
};

struct Executed {
    pid_t pid = 0;              // the caller's child, to be waited for
    Fd process;                 // pidfd
    std::optional<Fd> console;  // the pty's master, with tty; non-blocking
};

// Runs a program in the container.  The caller is single-threaded and outside of the outer user
// namespace.  ESRCH: it does not run; EBUSY: it is paused; kProgramMissing, kProgramUnusable
// (program.h): only the program is to blame; any other error comes from inside.
Result<Executed> execute(const ExecOptions& options);

}  // namespace kist::container
