// filter.h - docker's --filter KEY=VALUE, for what deals with containers.

#pragma once

#include <span>

#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "cli/listing.h"

namespace kist::cli {

struct FilterKey;

// One --filter, and what its value stands for.
struct Condition {
    const FilterKey* key;
    String value;
    int64_t number = 0;            // an exit code, a time, a place in the list
    String id;                     // of the image that is meant by an ancestor
    Vector<unsigned> layers = {};  // the same
};

enum class FilterUse { list, prune };

class Filters {
public:
    // EINVAL names the keys that there are.  `all` is the list in its order, newest first.
    static Result<Filters> parse(const Vector<String>& words, FilterUse use, const Context& context,
                                 const Vector<Listed>& all);

    // Whether the container at `place` of the list is meant.  Conditions of one key are
    // alternatives, but labels must all be there.
    bool match(const Listed& listed, size_t place) const;
    // Whether they ask for containers that do not run, too.
    bool reach_beyond_running() const;

private:
    Vector<Condition> conditions_;
};

}  // namespace kist::cli
