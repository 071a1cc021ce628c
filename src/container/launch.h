// launch.h - from a Spec to a running process: the way in.
//
// Steps that each can be undone: lay out (rootfs, cgroup), plan (every string the child will
// need), launch (clone to execve).  The caller is single-threaded, stays outside of the
// outer user namespace and becomes the parent of the container's first process.

#pragma once

#include <sys/types.h>

#include <optional>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "container/cgroup.h"
#include "container/idmap.h"
#include "container/spec.h"
#include "image/places.h"
#include "network/wiring.h"

namespace kist::container {

// Connects a new network namespace (an open /proc/PID/ns/net) while its first process waits.
class Connector {
public:
    virtual Result<void> connect(const Fd& network_namespace) = 0;

protected:
    ~Connector() = default;
};

struct LaunchOptions {
    const Spec& spec;
    const image::Places& places;
    const OuterNamespace& outer;   // how we get at ids (idmap.h)
    const Fd& store;               // the store's root directory
    const Fd& volatile_directory;  // the container's directory in the state: hosts, resolv.conf
    const Cgroup* cgroup;          // null: none to be had
    // Without a tty: what the process gets as 0, 1 and 2 (borrowed).
    int stdio[3] = {-1, -1, -1};
    // With a tty: its size at the start; 0: not known.
    unsigned short rows = 0, columns = 0;
    // What to write to /proc/self/oom_score_adj when the Spec does not say.
    std::optional<int> oom_score_adj;
    // What networks it is on (network/wiring.h), and who connects it with them; null: with none.
    const network::Wiring* wiring = nullptr;
    Connector* connector = nullptr;
    // --network container: the other's network namespace, and its directory in the state.
    const Fd* shared_network = nullptr;
    const Fd* shared_files = nullptr;
    // Borrowed; when it can be read from, the launch is given up (EINTR).
    const Fd* cancel = nullptr;
};

struct Launched {
    pid_t pid = 0;              // ours to wait for
    Fd process;                 // pidfd
    std::optional<Fd> console;  // the pty's master, with tty; non-blocking
    Fd outer;  // keeps the outer user namespace; hold it as long as the container runs
};

// The cgroup of a new container, with its limits; nothing where there is no cgroup v2 to be had and
// nothing that needs one was asked for.  Where none is delegated and one is needed, the calling
// process moves into a scope of systemd's (scope.h).
Result<std::optional<Cgroup>> make_cgroup(const Spec& spec);

// Runs the program of `spec`.  An Error has code kProgramMissing or kProgramUnusable (program.h)
// when only the program is to blame.
Result<Launched> launch(const LaunchOptions& options);

// 126 or 127 when the error is the program's own, 125 when it is ours: docker's exit codes.
int exit_code_for(const Error& error);

// Unmounts and removes what launch() laid out in the container's directories: the upper
// directory's work, with `everything` the copied root and what the container wrote, too.
Result<void> clean_up(const image::Places& places, const OuterNamespace& outer, const String& id,
                      bool everything);

}  // namespace kist::container
