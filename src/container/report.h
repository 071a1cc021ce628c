// report.h - what the processes of a launch tell the one that asked for it.
//
// One socket pair for each launch: the monitor holds one end, the helper and the container's first
// process share the other.  It keeps message boundaries and is close-on-exec, so that its end
// means: execve(2) has happened.

#pragma once

#include <sys/types.h>

#include <optional>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"

namespace kist::container {

// What failed: getting the container ready, or executing its program.
enum class Stage : uint8_t { setup, program };

struct Report {
    enum class Kind : uint8_t { process, user, console, failure };
    Kind kind = Kind::failure;
    Stage stage = Stage::setup;
    int code = 0;   // errno of a failure
    pid_t pid = 0;  // process: the container's first one, in the monitor's pid namespace
    uid_t uid = 0;  // user: who the image's USER is
    gid_t gid = 0;
    String message, hint;    // of a failure
    std::optional<Fd> file;  // console: the pty; process: the outer user namespace

    static Report of(Stage stage, const Error& error);
    Error error() &&;
};

inline constexpr size_t kMaxReport = 8 << 10;  // longer words are cut

Result<void> send_report(const Fd& socket, const Report& report);
// Nothing at the end of the conversation.
Result<std::optional<Report>> receive_report(const Fd& socket);

// The monitor's only word to the container's first process: its id maps and cgroup are there.
Result<void> say_go(const Fd& socket);
// EPIPE: the monitor is gone.
Result<void> wait_for_go(const Fd& socket);
// Whether the other end is still held by somebody.
bool is_connected(const Fd& socket);

}  // namespace kist::container
