// commands.h - every command there is.

#pragma once

#include "base/vector.h"
#include "cli/command.h"

namespace kist::cli {

// The flags that stand before the command's name; its operands are the command's words.
extern const Command kProgram;

// In the order help lists them.
std::span<const Command* const> commands();

// Every command whose name begins with the word `group` ("image"; "": all), docker's spellings
// included.
struct Named {
    const char* name;
    const Command* command;
};
Vector<Named> spellings(std::string_view group);
// What stands for a group's name alone ("image"): it prints the list.
extern const Command kGroup;

// The command that `words` begin with, and how many words its name takes ("image prune": 2).
// Other spellings of docker's ("container ls") are known too.  ENOENT suggests the nearest.
struct Found {
    const Command* command;
    size_t words;
};
Result<Found> find_command(Arguments words);

}  // namespace kist::cli
