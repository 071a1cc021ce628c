// progress.h - how a pull goes on, shown to a person or written to a log.

#pragma once

#include <memory>

#include "cli/say.h"
#include "image/pull.h"

namespace kist::cli {

// On a terminal one bar per layer, redrawn in place; otherwise a line when a layer's phase changes.
// Writes to standard error; what is said at the end to `results`, below the bars.
std::unique_ptr<image::Progress> make_progress(Where results = Where::errors);

}  // namespace kist::cli
