// run.h - `kist run`, `kist create` and `kist update`, whose flags are rows in run_flags.cpp.

#pragma once

#include "cli/context.h"
#include "container/spec.h"

namespace kist::cli {

Result<int> run(const container::RunOptions& options, const Context& context, Arguments operands);
Result<int> update(const container::RunOptions& options, const service::Engine& engine,
                   Arguments operands);
Result<int> create(const container::RunOptions& options, const Context& context,
                   Arguments operands);

}  // namespace kist::cli
