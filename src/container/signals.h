// signals.h - taking signals as they come, in order, instead of being interrupted by them.

#pragma once

#include "base/fd.h"
#include "base/result.h"

namespace kist::container {

// Blocks the signals that a foreground command passes on to its container, and a monitor heeds, and
// returns a signalfd(2) of them.  Call it before the container exists, so that none is lost; the
// container's first process unblocks them for itself (launch).
Result<Fd> catch_signals();

}  // namespace kist::container
