// engine.cpp - the containers of one store, as commands deal with them.

#include "service/engine.h"

#include "base/log.h"
#include "base/string.h"
#include "container/sweep.h"
#include "service/container_event.h"
#include "service/lifecycle.h"
#include "service/restart.h"

namespace kist::service {

namespace {

// Starts a container again whose monitor was killed, when its policy wants that.
void revive(const Engine& engine, const String& id)
{
    auto container = container::find(engine.directories, id);
    if (!container || container->state.stopped)
        return;
    const container::State& state = container->state;
    if (!wants_restart(container->spec.restart, state.exit_code, state.restart_count))
        return;
    auto started = start(engine, id, {.revived = true});
    if (!started)
        log::warn("container \"%s\" could not be started again: %s", container->spec.name.c_str(),
                  started.error().message().c_str());
}

}  // namespace

Result<Engine> open_engine(const image::Places& places, const container::OuterNamespace& outer)
{
    Engine engine = {places, outer, TRY(container::Directories::open(places))};
    for (const container::Spec& each :
         container::sweep(engine.directories, engine.places, engine.outer)) {
        emit_of(engine.places, each, "die", "exitCode", "137");
        if (each.remove)
            emit_of(engine.places, each, "destroy");
        else
            revive(engine, each.id);
    }
    return engine;
}

}  // namespace kist::service
