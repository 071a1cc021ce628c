// monitor.h - the process that keeps one container: its parent, and all there is of a daemon.
//
// It owns the container's terminal or pipes, its log, its health checks, its restart policy and
// the record of its end.  It sleeps in one poll(2) while nothing happens, and holds the container's
// lock as long as it lives: that, and no file, says that the container is attended to.

#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "service/engine.h"

namespace kist::service {

// Executes kist anew as the monitor of the container `id`, whose lock is `lock`, in a session of
// its own.  The result is our end of a connection to it (protocol.h).
Result<Fd> spawn_monitor(const Engine& engine, const std::string& id, Fd lock);

// In the new process: `words` are what spawn_monitor() wrote.  Returns its exit status.
int run_monitor(const std::string& root, const std::string& state, const std::string& id);

}  // namespace kist::service
