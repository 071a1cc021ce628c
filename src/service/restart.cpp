// restart.cpp - when a container that has ended is started again.

#include "service/restart.h"

#include <algorithm>

namespace kist::service {

namespace {

constexpr int64_t kFirst = 100;       // milliseconds
constexpr int64_t kLongest = 60'000;  // milliseconds
constexpr int64_t kHealthy = 10'000;  // a run of so many milliseconds counts as a good one

}  // namespace

int64_t Backoff::next(int64_t ran_ms)
{
    wait_ms_ = wait_ms_ == 0 || ran_ms >= kHealthy ? kFirst : std::min(wait_ms_ * 2, kLongest);
    return wait_ms_;
}

bool wants_restart(const container::Restart& restart, int exit_code, unsigned count)
{
    using Policy = container::Restart::Policy;
    switch (restart.policy) {
        case Policy::no: return false;
        case Policy::always:
        case Policy::unless_stopped: return true;
        case Policy::on_failure:
            return exit_code != 0 && (restart.retries == 0 || count < restart.retries);
    }
    return false;  // unreachable: -Wswitch keeps the list complete
}

}  // namespace kist::service
