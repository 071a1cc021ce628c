// restart.h - when a container that has ended is started again.

#pragma once

#include <cstdint>
#include <optional>

#include "container/spec.h"

namespace kist::service {

// docker's waiting: 100 ms, doubled each time up to a minute, from the beginning again after a run
// of 10 seconds.
class Backoff {
public:
    // How many milliseconds to wait after a run of `ran_ms`.
    int64_t next(int64_t ran_ms);

private:
    int64_t wait_ms_ = 0;
};

// What a restart policy says about an end that nobody asked for.  `count` is how often it has been
// started again already.
bool wants_restart(const container::Restart& restart, int exit_code, unsigned count);

}  // namespace kist::service
