// document.h - help, manual pages and shell completion, all from the command tables.

#pragma once

#include <string_view>

#include "base/result.h"
#include "cli/command.h"
#include "cli/say.h"
#include "cli/topics.h"

namespace kist::cli {

// What there is, a line each.
void print_overview(Where where);
void print_help(const Command& command);
// The commands of a group: of "image", image ls, image rm, ...
void print_group(std::string_view group);

// As plain text, or the chapter's part of a manual page.
void print_topic(const Topic& topic, bool manual);

// A manual page in troff (man(7)): of the program with "", of a topic or of a command.
Result<void> print_manual(std::string_view name);
// For "bash", "zsh" or "fish".
Result<void> print_completion(std::string_view shell);

// The command list of README.md.
void print_markdown();

}  // namespace kist::cli
