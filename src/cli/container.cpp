// container.cpp - rm.

#include "container/container.h"

#include <cstdio>

#include "cli/command.h"
#include "cli/context.h"
#include "cli/print.h"

namespace kist::cli {

namespace {

struct RmFlags {
    bool force = false, volumes = false;
};

// clang-format off
constexpr Flag kRmFlags[] = {
    flag<&RmFlags::force>  ('f', "force",   nullptr, "Kill it first when it runs"),
    flag<&RmFlags::volumes>('v', "volumes", nullptr, "Accepted for docker's sake: anonymous volumes always go"),
};
// clang-format on

Result<int> rm(const RmFlags& flags, const Globals& globals, Arguments operands)
{
    Context context = TRY(open_context(globals));
    int status = 0;
    for (std::string_view name : operands) {
        auto removed = container::remove(context.places, context.outer, name, flags.force);
        bool missing = !removed && removed.error().is(ENOENT);
        if (removed) {
            printf("%.*s\n", int(name.size()), name.data());
        } else {
            report(removed.error());
            status = missing && flags.force ? status : 1;
        }
    }
    return status;
}

}  // namespace

extern const Command kRm = {
    .name = "rm",
    .operands = "CONTAINER...",
    .summary = "Remove containers",
    .offer = Offer::containers,
    .flags = kRmFlags,
    .run = run_as<RmFlags, rm>,
};

}  // namespace kist::cli
