// run_flags.h - the flags of `kist run` and `kist create`: they fill a container::RunOptions.

#pragma once

#include <span>

#include "cli/command.h"

namespace kist::cli {

std::span<const Flag> run_flags();

}  // namespace kist::cli
