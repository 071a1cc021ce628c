// named_filter.cpp - docker's --filter KEY=VALUE, for volumes and networks.

#include "cli/named_filter.h"

#include "base/str.h"

namespace kist::cli {

Result<Vector<NamedCondition>> parse_named(std::span<const NamedFilter> rows,
                                           const Vector<String>& words, bool prune)
{
    Vector<NamedCondition> conditions;
    for (const String& word : words) {
        std::string_view value = word;
        std::string_view name = str::cut(value, '=');
        const NamedFilter* found = nullptr;
        String known;
        for (const NamedFilter& row : rows) {
            if (prune && !row.prune)
                continue;
            if (name == row.name)
                found = &row;
            known += (known.empty() ? "" : ", ") + String(row.name);
        }
        if (!found)
            return Error(EINVAL, "--filter: \"%.*s\" is not known", int(name.size()), name.data())
                .with_hint("filters are " + known + ", each with =VALUE");
        conditions.push_back({found, String(value)});
    }
    return conditions;
}

bool match_named(const Vector<NamedCondition>& conditions, const void* seen)
{
    for (const NamedCondition& condition : conditions) {
        bool good = condition.row->match(seen, condition.value);
        for (const NamedCondition& other : conditions)
            good = good || (!condition.row->all && other.row == condition.row &&
                            other.row->match(seen, other.value));
        if (!good)
            return false;
    }
    return true;
}

}  // namespace kist::cli
