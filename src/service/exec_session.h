// exec_session.h - a command's side of a process that it started in a container.
//
// The command holds the process' pipes or terminal itself.  When it is told to end, or by its
// detach keys, it leaves a deputy behind in its stead, which takes what the process prints and
// drops it: so the process goes on, as with docker.

#pragma once

#include <optional>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "container/console.h"
#include "container/exec.h"

namespace kist::service {

struct ExecSession {
    container::Executed& process;
    std::optional<container::Streams>& streams;  // without a terminal
    const Fd& signals;                           // container::catch_signals()
    bool input = false;                          // pass on what comes from our stdin
    std::string_view detach_keys = "";           // parsed; "": none
};

// Carries bytes between our 0, 1 and 2 and the process until it ends; its exit code, as a shell
// says it.  128 + n when the signal n ended us first; 0 after the detach keys.
Result<int> attend(const ExecSession& session);

// Leaves a deputy behind and forgets the process: for -d with a terminal.
Result<void> leave_deputy(const ExecSession& session);

}  // namespace kist::service
