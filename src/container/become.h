// become.h - from a process inside of a container to its program: the last part of the way, common
// to the first process (init.h) and to those that come later (exec.h).
//
// What is open by number could lead back to the host, so nothing but the three streams and the
// report is when words of a container, such as its working directory, are first followed.

#pragma once

#include <sys/resource.h>

#include <optional>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/confine.h"
#include "container/pty.h"
#include "container/spec.h"
#include "container/users.h"

namespace kist::container {

// Makes a session, and 0, 1 and 2 of `stdio` or, when there is one, of `pty`, which becomes the
// session's terminal.  Pipes and the terminal are given to the user, who may want to open
// /dev/stdout again.
Result<void> connect_streams(const int (&stdio)[3], const Identity& identity,
                             const std::optional<Pty>& pty);

struct Becoming {
    const Spec& spec;  // of the container: umask, limits, whether there is a reaper
    const Vector<String>& argv;
    Vector<String> env;  // HOME is added when it is not there
    const String& workdir;
    const Confinement& confinement;
    const Identity& identity;
    const rlimit* limits = nullptr;  // RLIM_NLIMITS of them, to have where `spec` says nothing
    bool reaper = false;             // the calling process stays behind as one (--init)
};

// Confines the calling process and executes the program; returns only when that fails, with
// kProgramMissing or kProgramUnusable (program.h) when the program is to blame.  Closes all
// descriptors but 0, 1, 2 and `report`.
Result<void> become_program(const Becoming& becoming, const Fd& report);

// Reports why there is no program, and ends.
[[noreturn]] void fail(const Fd& report, const Error& error);

}  // namespace kist::container
