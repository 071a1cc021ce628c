// spec_life.h - the chapter of the Spec that says how a container lives: restart, health, log.

#pragma once

#include "base/result.h"
#include "container/spec.h"

namespace kist::container {

// Settles restart, health, log, stop time-out and requirements from the flags and the image.
// EINVAL names the flag and what it takes.
Result<void> settle_life(Spec& spec, const RunOptions& options, const image::Execution& image);

}  // namespace kist::container
