// filter.h - docker's --filter KEY=VALUE: a row for each key.

#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::cli {

struct FilterKey;

// One --filter, and what its value stands for.
struct Condition {
    const FilterKey* key;
    String value;
    int64_t number = 0;            // whether, an exit code, a time, a place in the list
    String id = {};                // of the image that is meant by an ancestor
    Vector<unsigned> layers = {};  // the same
};
using Conditions = Vector<Condition>;

enum class FilterUse : uint8_t { list = 1, prune = 2, both = 3 };

struct FilterKey {
    const char* name;
    FilterUse uses;
    bool all;  // every condition of it must hold, not just one
    // `seen` is what the rows are about.
    bool (*match)(const void* seen, const Condition& condition);
    // What the value stands for.  `where` is parse_filters()'s.
    Result<void> (*prepare)(Condition& condition, const void* where) = nullptr;
};

// Ready-made to prepare: true or false; seconds since 1970, of what parse_moment() takes.
Result<void> read_truth(Condition& condition, const void*);
Result<void> read_time(Condition& condition, const void*);

// Whether the pattern is in the name: at its beginning after "^", "/" or both, at its end before
// "$".  docker and podman have regular expressions, of which scripts use these.
bool match_name(std::string_view name, std::string_view pattern);

// Words are KEY=VALUE; EINVAL names the keys that there are.
Result<Conditions> parse_filters(std::span<const FilterKey> keys, const Vector<String>& words,
                                 FilterUse use, const void* where = nullptr);
// Conditions of one key are alternatives, unless all must hold.
bool match_filters(const Conditions& conditions, const void* seen);

}  // namespace kist::cli
