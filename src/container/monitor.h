// monitor.h - attending a running container: its streams, its signals, its end.

#pragma once

#include <optional>

#include "base/fd.h"
#include "base/result.h"
#include "container/console.h"
#include "container/launch.h"

namespace kist::container {

// Blocks the signals that attend() will forward.  Call it before the container exists, so that
// none is lost; the container's first process unblocks them for itself (launch).
Result<Fd> catch_signals();

// Carries bytes between our 0, 1 and 2 and the container, and signals to its first process, until
// that ends and its last output is written.  `streams` is null with a console.  The exit code is
// as a shell says it.  When our terminal is lost, the container's hangs up.  Sleeps while nothing
// happens.
Result<int> attend(Launched& container, Streams* streams, const Fd& signals, bool interactive);

}  // namespace kist::container
