// progress.h - how a pull goes on, shown to a person or written to a log.

#pragma once

#include <cstdio>
#include <memory>

#include "image/pull.h"

namespace kist::cli {

// On a terminal one bar per layer, redrawn in place; otherwise a line when a layer's phase changes.
// Writes to stderr; what is said at the end to `results`, below the bars.
std::unique_ptr<image::Progress> make_progress(FILE* results = stderr);

}  // namespace kist::cli
