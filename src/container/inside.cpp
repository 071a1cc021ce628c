// inside.cpp - doing a piece of work with the ids that containers have.

#include "container/inside.h"

#include "base/parcel.h"

namespace kist::container {

namespace {

using Tier = image::StoreMap::Tier;

}  // namespace

Result<void> do_inside(const OuterNamespace& outer, const image::Places& places,
                       const std::function<Result<void>()>& work)
{
    if (outer.map.tier == Tier::root || outer.given)
        return work();
    struct Errand {
        const OuterNamespace& outer;
        const image::Places& places;
        const std::function<Result<void>()>& work;
    } errand = {outer, places, work};
    auto run = [](void* given, Vector<Fd>&) -> Result<void> {
        auto& [namespace_, where, action] = *static_cast<Errand*>(given);
        TRY(enter_outer(namespace_, where));
        return action();
    };
    TRY(in_child(run, &errand));
    return {};
}

bool needs_other_ids(const OuterNamespace& outer, const Error& error)
{
    return outer.map.tier == Tier::subuid && !outer.given && (error.is(EACCES) || error.is(EPERM));
}

}  // namespace kist::container
