// context.cpp - what most commands begin with.

#include "cli/context.h"

#include "base/vector.h"

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

Result<int> parse_and_open(const Command& self, const Globals& globals, Arguments words,
                           void* options, ContextStep step)
{
    Vector<std::string_view> operands = TRY(parse(self, words, options));
    Context context = TRY(open_context(globals));
    return step(options, context, operands);
}

Result<int> parse_and_sweep(const Command& self, const Globals& globals, Arguments words,
                            void* options, EngineStep step)
{
    Vector<std::string_view> operands = TRY(parse(self, words, options));
    Context context = TRY(open_context(globals));
    service::Engine engine = TRY(service::open_engine(context.places, context.outer));
    return step(options, engine, operands);
}

}  // namespace kist::cli
