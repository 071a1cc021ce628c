// healthcheck.cpp - `kist healthcheck run`: ask a container for its health now.

#include "cli/say.h"
#include "service/health.h"

#include "base/clock.h"
#include "base/sys.h"
#include "cli/command.h"
#include "cli/context.h"
#include "container/container.h"
#include "container/self.h"
#include "service/engine.h"

namespace kist::cli {

namespace {

struct HealthFlags {};

Result<int> healthcheck(const HealthFlags&, const Globals& globals, Arguments operands)
{
    TRY(container::put_self_out_of_reach());
    Context context = TRY(open_context(globals));
    service::Engine engine = TRY(service::open_engine(context.places, context.outer));
    container::Summary found = TRY(container::find(engine.directories, operands[0]));
    const container::Spec& spec = found.spec;
    if (!spec.health)
        return Error(EINVAL, "container \"%s\" has no health check", spec.name.c_str())
            .with_hint("give it one with --health-cmd when it is made");
    auto directory = sys::open_at(engine.directories.volatiles, spec.id, O_RDONLY | O_DIRECTORY);
    if (!directory)
        return Error(ESRCH, "container \"%s\" is not running", spec.name.c_str());
    auto started = clock::from_text(found.state.started_at);
    int64_t age = started ? (clock::now() - *started) * 1'000'000'000 : INT64_MAX;
    auto record = TRY(service::check_health(context.places, spec, found.state, *directory, age));
    if (!record.log.empty() && record.log.back().exit_code == 0)
        return 0;
    say("%s\n", record.status == "starting" ? "starting" : "unhealthy");
    return 1;
}

}  // namespace

extern const Command kHealthcheckRun = {
    .name = "healthcheck run",
    .operands = "CONTAINER",
    .summary = "Run a container's health check now"_help,
    .details = "Answers 0 when the container says that it is healthy, 1 when it does not.\n"_help,
    .offer = Offer::containers,
    .run = run_as<HealthFlags, healthcheck>,
};

}  // namespace kist::cli
