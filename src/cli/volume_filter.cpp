// volume_filter.cpp - what more than one command does with volumes: finding and choosing them.

#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "cli/labels.h"
#include "cli/volume.h"
#include "service/engine.h"
#include "service/events.h"

namespace kist::cli {

namespace {

const SeenVolume& seen_by(const void* seen)
{
    return *static_cast<const SeenVolume*>(seen);
}

using S = const void*;
using C = const Condition&;
using enum FilterUse;

// clang-format off
constexpr FilterKey kFilters[] = {
    {"dangling", list, true,  [](S s, C c) { return seen_by(s).used != bool(c.number); }, read_truth},
    {"driver",   list, false, [](S, C c) { return c.value == "local"; }},
    {"label",    both, true,  [](S s, C c) { return has_label(seen_by(s).info.labels, c.value); }},
    {"label!",   both, true,  [](S s, C c) { return !has_label(seen_by(s).info.labels, c.value); }},
    {"name",     list, false, [](S s, C c) { return match_name(seen_by(s).info.name, c.value); }},
};
// clang-format on

}  // namespace

Result<Conditions> parse_volume_filters(const Vector<String>& words, FilterUse use)
{
    return parse_filters(kFilters, words, use);
}

bool match_volume(const Conditions& conditions, const SeenVolume& seen)
{
    return match_filters(conditions, &seen);
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
