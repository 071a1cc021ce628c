// topics.h - chapters of the manual that are not about one command.
//
// `kist help NAME` prints a chapter, `kist man NAME` makes the page kist-NAME(7) of it.  Its lines
// are as they are shown (pictures and commands at most 72 columns), but for requests of man(7) that
// stand alone.

#pragma once

#include <span>
#include <string_view>

#include "cli/text.h"

namespace kist::cli {

struct Topic {
    const char* name;
    Text summary;
    Text words;
};

std::span<const Topic> topics();
// Null: there is none of this name.
const Topic* find_topic(std::string_view name);

}  // namespace kist::cli
