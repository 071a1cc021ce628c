// engine.cpp - the containers of one store, as commands deal with them.

#include "service/engine.h"

#include "container/sweep.h"

namespace kist::service {

Result<Engine> open_engine(const image::Places& places, const container::OuterNamespace& outer)
{
    Engine engine = {places, outer, TRY(container::Directories::open(places))};
    container::sweep(engine.directories, engine.places, engine.outer);
    return engine;
}

}  // namespace kist::service
