// named_filter.h - docker's --filter KEY=VALUE, for volumes and networks: a row for each key.

#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::cli {

struct NamedFilter {
    const char* name;
    bool prune;  // prune has it, too
    bool all;    // every condition of it must hold, not just one
    bool (*match)(const void* seen, const String& value);
};
struct NamedCondition {
    const NamedFilter* row;
    String value;
};

// EINVAL names the keys that there are.
Result<Vector<NamedCondition>> parse_named(std::span<const NamedFilter> rows,
                                           const Vector<String>& words, bool prune);
bool match_named(const Vector<NamedCondition>& conditions, const void* seen);

}  // namespace kist::cli
