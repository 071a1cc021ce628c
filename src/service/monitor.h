// monitor.h - the process that keeps one container: its parent, and all there is of a daemon.
//
// It owns the container's terminal or pipes, its log, its health checks, its restart policy and
// the record of its end.  It sleeps in one poll(2) while nothing happens, and holds the container's
// lock as long as it lives: that, and no file, says that the container is attended to.

#pragma once

#include <span>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "service/engine.h"

namespace kist::service {

inline constexpr char kMonitorWord[] = ":monitor";

// Executes kist anew as the monitor of the container `id`, whose lock is `lock`, in a session of
// its own.  The result is our end of a connection to it, which begins with `attach` (protocol.h).
Result<Fd> spawn_monitor(const Engine& engine, const String& id, Fd lock);

// In the new process, with the words behind kMonitorWord.  Returns its exit status.
int run_monitor(std::span<char* const> words);

}  // namespace kist::service
