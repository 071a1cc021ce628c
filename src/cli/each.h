// each.h - what is done to each of the containers that were named.

#pragma once

#include "cli/context.h"
#include "container/container.h"
#include "service/lifecycle.h"

namespace kist::cli {

struct EachManner {
    bool quiet = false;    // its name is not printed
    bool forgive = false;  // that there is no such container is said, but is no failure
};

using EachAct = Result<void> (*)(const void* data, const container::Summary& container);
Result<int> act_on_each(const service::Engine& engine, Arguments names, const void* data,
                        EachAct act, EachManner manner);

// Does `act`, which takes a Summary, to each container that was named, and prints its name as it
// was given.  One that fails is reported, and does not keep the others from it; then the answer
// is 1.
template <class Act>
Result<int> for_each(const service::Engine& engine, Arguments names, const Act& act,
                     EachManner manner = {})
{
    return act_on_each(
        engine, names, &act,
        [](const void* data, const container::Summary& container) {
            return (*static_cast<const Act*>(data))(container);
        },
        manner);
}

}  // namespace kist::cli
