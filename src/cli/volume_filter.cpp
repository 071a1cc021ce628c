// volume_filter.cpp - what more than one command does with volumes: finding and choosing them.

#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "cli/volume.h"
#include "service/engine.h"
#include "service/events.h"

namespace kist::cli {

namespace {

bool has_label(const VolumeInfo& info, std::string_view wanted)
{
    std::string_view value = wanted;
    std::string_view name = str::cut(value, '=');
    for (auto& [label, text] : info.labels)
        if (label == name && (name.size() == wanted.size() || text == value))
            return true;
    return false;
}

}  // namespace

struct VolumeFilter {
    const char* name;
    bool prune;  // prune has it, too
    bool all;    // every condition of it must hold, not just one
    bool (*match)(const SeenVolume& seen, const String& value);
};

namespace {

using S = const SeenVolume&;
using V = const String&;

// clang-format off
constexpr VolumeFilter kFilters[] = {
    {"dangling", false, true,  [](S s, V v) { return s.used == (v == "false" || v == "0"); }},
    {"driver",   false, false, [](S, V v) { return v == "local"; }},
    {"label",    true,  true,  [](S s, V v) { return has_label(s.info, v); }},
    {"label!",   true,  true,  [](S s, V v) { return !has_label(s.info, v); }},
    {"name",     false, false, [](S s, V v) { return s.info.name.find(v) != String::npos; }},
};
// clang-format on

}  // namespace

Result<Vector<VolumeCondition>> parse_volume_filters(const Vector<String>& words, bool prune)
{
    Vector<VolumeCondition> conditions;
    for (const String& word : words) {
        std::string_view value = word;
        std::string_view name = str::cut(value, '=');
        const VolumeFilter* found = nullptr;
        for (const VolumeFilter& row : kFilters)
            if (name == row.name && (row.prune || !prune))
                found = &row;
        if (!found)
            return Error(EINVAL, "--filter: \"%.*s\" is not known", int(name.size()), name.data())
                .with_hint(prune ? "filters are label=NAME[=VALUE] and label!=NAME[=VALUE]"
                                 : "filters are dangling, driver, label, label! and name, each "
                                   "with =VALUE");
        conditions.push_back({found, String(value)});
    }
    return conditions;
}

bool match_volume(const Vector<VolumeCondition>& conditions, const SeenVolume& seen)
{
    for (const VolumeCondition& condition : conditions) {
        bool good = condition.row->match(seen, condition.value);
        for (const VolumeCondition& other : conditions)
            good = good || (!condition.row->all && other.row == condition.row &&
                            other.row->match(seen, other.value));
        if (!good)
            return false;
    }
    return true;
}

Result<VolumeStore> open_volumes(const Context& context)
{
    image::Store store = TRY(open_store(context));
    VolumeStore volumes = TRY(VolumeStore::open(store.directory()));
    (void)volumes.sweep();  // outside, it may not be able to
    return volumes;
}

Result<VolumeStore> enter_volumes(const Context& context)
{
    // It sweeps: a container that was killed keeps no volume.
    TRY(service::open_engine(context.places, context.outer));
    TRY(container::enter_outer(context.outer, context.places));
    return open_volumes(context);
}

void tell_volume(const Context& context, const char* action, const String& name)
{
    service::Event event = {.type = "volume", .action = action, .id = name};
    event.attributes = {{"driver", "local"}};
    service::emit(context.places, event);
}

// Names of the containers that use a volume, in front of each a blank.
String users_of(const Vector<VolumeUse>& uses, const String& volume)
{
    String names;
    for (const VolumeUse& use : uses)
        if (use.volume == volume && names.find(" " + use.container) == names.npos)
            names += " " + use.container;
    return names;
}

}  // namespace kist::cli
