// tap.h - what the relay sees of a bridge: packet(7).

#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"

namespace kist::network {

// A packet socket in the calling process's network namespace, as of Gateway::tap().  ENODEV.
// ENOTSUP: this kernel has none.
Result<Fd> open_tap(const String& link);

}  // namespace kist::network
