// filter.cpp - docker's --filter KEY=VALUE.

#include "cli/filter.h"

#include "base/clock.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/moment.h"

namespace kist::cli {

namespace {

Result<const FilterKey*> find_key(std::span<const FilterKey> keys, std::string_view name,
                                  FilterUse use)
{
    String known;
    for (const FilterKey& key : keys)
        if (unsigned(key.uses) & unsigned(use)) {
            if (name == key.name)
                return &key;
            known += (known.empty() ? "" : ", ") + String(key.name);
        }
    return Error(EINVAL, "--filter: \"%.*s\" is not known", int(name.size()), name.data())
        .with_hint("filters are " + known + ", each with =VALUE");
}

}  // namespace

Result<void> read_truth(Condition& condition, const void*)
{
    bool truth = false;
    TRY(assign(truth, condition.value));
    condition.number = truth;
    return {};
}

Result<void> read_time(Condition& condition, const void*)
{
    condition.number = TRY(parse_moment(condition.value, clock::now_nanos())) / 1'000'000'000;
    return {};
}

bool match_name(std::string_view name, std::string_view pattern)
{
    bool begins = false;
    for (char anchor : {'^', '/'})
        if (pattern.starts_with(anchor)) {
            begins = true;
            pattern.remove_prefix(1);
        }
    bool ends = pattern.ends_with('$');
    pattern.remove_suffix(ends);
    if (begins && ends)
        return name == pattern;
    return begins ? name.starts_with(pattern)
           : ends ? name.ends_with(pattern)
                  : name.find(pattern) != name.npos;
}

Result<Conditions> parse_filters(std::span<const FilterKey> keys, const Vector<String>& words,
                                 FilterUse use, const void* where)
{
    Conditions conditions;
    for (const String& word : words) {
        std::string_view value = word;
        std::string_view name = str::cut(value, '=');
        Condition condition = {TRY(find_key(keys, name, use)), String(value)};
        if (name.size() == word.size())
            return Error(EINVAL, "--filter %s: it has no value", word.c_str())
                .with_hint("write --filter " + word + "=VALUE");
        if (condition.key->prepare)
            TRY(condition.key->prepare(condition, where), "--filter %s", word.c_str());
        conditions.push_back(std::move(condition));
    }
    return conditions;
}

bool match_filters(const Conditions& conditions, const void* seen)
{
    for (const Condition& condition : conditions) {
        bool good = condition.key->match(seen, condition);
        for (const Condition& other : conditions)
            good = good || (!condition.key->all && other.key == condition.key &&
                            other.key->match(seen, other));
        if (!good)
            return false;
    }
    return true;
}

}  // namespace kist::cli
