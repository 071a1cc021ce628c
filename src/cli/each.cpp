// each.cpp - what is done to each of the containers that were named.

#include "cli/each.h"

#include "cli/print.h"
#include "cli/say.h"

namespace kist::cli {

namespace {

Result<void> act_on_one(const service::Engine& engine, std::string_view name, const void* data,
                        EachAct act)
{
    container::Summary container = TRY(container::find(engine.directories, name));
    return act(data, container);
}

}  // namespace

Result<int> act_on_each(const service::Engine& engine, Arguments names, const void* data,
                        EachAct act, EachManner manner)
{
    int status = 0;
    for (std::string_view name : names) {
        auto done = act_on_one(engine, name, data, act);
        if (!done) {
            report(done.error());
            if (!manner.forgive || !done.error().is(ENOENT))
                status = 1;
        } else if (!manner.quiet) {
            say("%.*s\n", int(name.size()), name.data());
            (void)flush();
        }
    }
    return status;
}

}  // namespace kist::cli
