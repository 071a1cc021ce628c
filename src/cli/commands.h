// commands.h - every command there is.

#pragma once

#include "cli/command.h"

namespace kist::cli {

// The flags that stand before the command's name; its operands are the command's words.
extern const Command kProgram;

// In the order help lists them.
std::span<const Command* const> commands();

// The command that `words` begin with, and how many words its name takes ("image prune": 2).
// Other spellings of docker's ("container ls") are known too.  ENOENT suggests the nearest.
struct Found {
    const Command* command;
    size_t words;
};
Result<Found> find_command(Arguments words);

}  // namespace kist::cli
