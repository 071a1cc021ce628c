// container_filter.h - docker's --filter KEY=VALUE, for what deals with containers.

#pragma once

#include "cli/filter.h"
#include "cli/listing.h"

namespace kist::cli {

struct SeenContainer {
    const Listed& listed;
    size_t place;  // in the list
};

// EINVAL names the keys that there are.  `all` is the list in its order, newest first.
Result<Conditions> parse_container_filters(const Vector<String>& words, FilterUse use,
                                           const Context& context, const Vector<Listed>& all);
bool match_container(const Conditions& conditions, const SeenContainer& seen);
// Whether they ask for containers that do not run, too.
bool reach_beyond_running(const Conditions& conditions);

}  // namespace kist::cli
