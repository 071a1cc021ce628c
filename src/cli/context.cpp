// context.cpp - what most commands begin with.

#include "cli/context.h"

namespace kist::cli {

Result<Context> open_context(const Globals& globals)
{
    Context context;
    context.places = TRY(image::find_places(globals.root, globals.state));
    context.outer = TRY(container::choose_outer());
    return context;
}

Result<image::Store> open_store(const Context& context)
{
    return image::Store::open(context.places, context.outer.map);
}

Result<image::Store> enter_store(const Context& context)
{
    TRY(container::enter_outer(context.outer, context.places));
    return open_store(context);
}

}  // namespace kist::cli
