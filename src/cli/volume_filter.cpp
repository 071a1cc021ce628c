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
using V = const String&;

// clang-format off
constexpr NamedFilter kFilters[] = {
    {"dangling", false, true,  [](S s, V v) { return seen_by(s).used == (v == "false" || v == "0"); }},
    {"driver",   false, false, [](S, V v) { return v == "local"; }},
    {"label",    true,  true,  [](S s, V v) { return has_label(seen_by(s).info.labels, v); }},
    {"label!",   true,  true,  [](S s, V v) { return !has_label(seen_by(s).info.labels, v); }},
    {"name",     false, false, [](S s, V v) { return seen_by(s).info.name.find(v) != String::npos; }},
};
// clang-format on

}  // namespace

Result<Vector<NamedCondition>> parse_volume_filters(const Vector<String>& words, bool prune)
{
    return parse_named(kFilters, words, prune);
}

bool match_volume(const Vector<NamedCondition>& conditions, const SeenVolume& seen)
{
    return match_named(conditions, &seen);
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
