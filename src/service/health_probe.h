// health_probe.h - asking a container for its health, once.

#pragma once

#include "base/result.h"
#include "container/spec.h"
#include "container/state.h"
#include "service/health.h"

namespace kist::service {

inline constexpr size_t kMaxHealthOutput = 4096;  // of one answer; docker's

// Runs the health check of `spec` in its container and waits for it, at most until its time-out,
// which kills it.  A check that cannot be started, or takes too long, has exit code -1, as docker
// has it.  EBUSY: the container is paused; ESRCH: it does not run.
Result<HealthAnswer> ask_health(const container::Spec& spec, const container::State& state);

}  // namespace kist::service
