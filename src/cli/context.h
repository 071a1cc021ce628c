// context.h - what most commands begin with: where things are, and under which ids.

#pragma once

#include "base/result.h"
#include "cli/command.h"
#include "container/idmap.h"
#include "image/places.h"
#include "image/store.h"
#include "service/engine.h"

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

// As run_as (command.h), for a command that begins with the context, or with the containers.
using ContextStep = Result<int> (*)(const void* options, const Context& context,
                                    Arguments operands);
Result<int> parse_and_open(const Command& self, const Globals& globals, Arguments words,
                           void* options, ContextStep step);

using EngineStep = Result<int> (*)(const void* options, const service::Engine& engine,
                                   Arguments operands);
Result<int> parse_and_sweep(const Command& self, const Globals& globals, Arguments words,
                            void* options, EngineStep step);

template <class Options, Result<int> (*Run)(const Options&, const Context&, Arguments)>
Result<int> with_context(const Command& self, const Globals& globals, Arguments words)
{
    Lasting<Options> options;
    return parse_and_open(self, globals, words, &options,
                          [](const void* read, const Context& context, Arguments operands) {
                              return Run(*static_cast<const Options*>(read), context, operands);
                          });
}

template <class Options, Result<int> (*Run)(const Options&, const service::Engine&, Arguments)>
Result<int> with_engine(const Command& self, const Globals& globals, Arguments words)
{
    Lasting<Options> options;
    return parse_and_sweep(self, globals, words, &options,
                           [](const void* read, const service::Engine& engine, Arguments operands) {
                               return Run(*static_cast<const Options*>(read), engine, operands);
                           });
}

}  // namespace kist::cli
