// boot.h - which containers start with the machine, in which order, and how they end with it.
//
// `kist boot` starts what the restart policies want, each container behind those that it requires
// (--requires); `kist shutdown` stops all that run, the other way round.  What shutdown stopped is
// no more "stopped by the user" than what a power cut ended: State::resume says that it ran, and
// the next boot brings it back.  STATE/booted holds the boot id of the last launch.

#pragma once

#include <cstddef>
#include <span>

#include "base/result.h"
#include "base/vector.h"
#include "container/container.h"
#include "service/engine.h"

namespace kist::service {

using container::Summary;

inline constexpr char kLaunchedMark[] = "booted";  // in STATE: see is_launched()

// Takes what boot and shutdown have to say on the way: errors of one container, which keep the
// others from nothing.
using Say = void (*)(const Error& error);

// Whether a container's restart policy wants it at boot: always; unless-stopped, unless the user
// stopped it; on-failure, when it ran as the machine went down.
bool starts_at_boot(const Summary& container);

// Positions in a list of containers, each behind those that it requires.
struct BootPlan {
    Vector<size_t> order;
    // One for each container that should start and cannot: what it requires does not exist, or
    // requires it in turn.
    Vector<Error> refused;
};
// What `wanted` picks and all that these require; among equals the oldest first.  `containers` is
// in the order of container::list(), the newest first.
BootPlan plan_boot(std::span<const Summary> containers, bool (*wanted)(const Summary&));

// For each container those others of the list that require it.
Vector<Vector<size_t>> requirers_of(std::span<const Summary> containers);

// Starts all that should run, and waits for the health of what others require: for as long as its
// check may take to decide (start period + retries * interval), then goes on and says so.  The
// number of containers that could not be started.
Result<size_t> launch_all(const Engine& engine, Say say);

// Whether launch_all() has finished during this boot, and shutdown_all() not begun since.
bool is_launched(const image::Places& places);

// Stops all that run: what nobody requires any more at once, the others as soon as their requirers
// have ended.  Each has its own stop time-out, but no more than is left of `seconds`; then it is
// killed.  The number of containers that still run.
Result<size_t> shutdown_all(const Engine& engine, int seconds, Say say);

// Blocks SIGTERM, SIGINT and SIGHUP from now on: the result, a signalfd(2), tells of them.
Result<Fd> catch_ends();

// Calls launch_all() unless this boot's launch is done, then sleeps until one of `ends` comes;
// whenever a monitor was killed, the engine is opened anew, which records that and applies the
// restart policy.  Child processes do the work, so that what sleeps stays small.  No timer, and no
// wake-up while no kist command runs and no container ends.  The caller is single-threaded.
Result<void> guard(const image::Places& places, const container::OuterNamespace& outer,
                   const Fd& ends, Say say);

}  // namespace kist::service
