// context.h - what most commands begin with: where things are, and under which ids.

#pragma once

#include "base/result.h"
#include "cli/command.h"
#include "container/idmap.h"
#include "image/places.h"
#include "image/store.h"

namespace kist::cli {

struct Context {
    image::Places places;
    container::OuterNamespace outer;
};

// Finds the places and chooses the id-map tier.  Makes nothing.
Result<Context> open_context(const Globals& globals);

// Opens the store to look at it, from outside of the user namespace.
Result<image::Store> open_store(const Context& context);
// Moves this process into the outer user namespace and opens the store to change it.
Result<image::Store> enter_store(const Context& context);

}  // namespace kist::cli
