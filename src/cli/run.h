// run.h - `kist run`, `kist create` and `kist update`, whose flags are rows in run_flags.cpp.

#pragma once

#include "cli/command.h"
#include "container/spec.h"

namespace kist::cli {

Result<int> run(const container::RunOptions& options, const Globals& globals, Arguments operands);
Result<int> update(const container::RunOptions& options, const Globals& globals,
                   Arguments operands);
Result<int> create(const container::RunOptions& options, const Globals& globals,
                   Arguments operands);

}  // namespace kist::cli
