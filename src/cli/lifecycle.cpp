// lifecycle.cpp - the commands from stop to rm.

#include "base/string.h"
#include "base/vector.h"
#include "cli/each.h"
#include "cli/print.h"
#include "cli/run.h"
#include "cli/say.h"
#include "container/signals.h"
#include "container/spec_words.h"
#include "service/protocol.h"

namespace kist::cli {

namespace {

using container::Summary;

Result<std::optional<int>> signal_of(const String& word)
{
    if (word.empty())
        return std::optional<int>();
    return std::optional<int>(TRY(container::parse_signal(word)));
}

// ---- stop, restart, kill -----------------------------------------------------------------------

struct StopFlags {
    std::optional<int> timeout;
    String signal;
};

// clang-format off
constexpr Flag kStopFlags[] = {
    flag<&StopFlags::signal> ('s', "signal",  "SIGNAL",  "Signal to ask with, instead of the container's own"_help),
    flag<&StopFlags::timeout>(0,   "time",    "SECONDS", "The same as --timeout"_help),
    flag<&StopFlags::timeout>('t', "timeout", "SECONDS", "How long to wait before killing it, 10 or its --stop-timeout unless said; -1: for ever"_help),
};
// clang-format on

// What is asked of each of several containers, and where the first half of it got to.
struct End {
    service::StopOptions options;
    int kill = 0;  // with this signal instead
    bool start_again = false;
};
struct Ordered {
    String id;
    std::optional<service::Client> client;
};

Result<Ordered> order(const End& end, const service::Engine& engine, std::string_view name)
{
    Summary container = TRY(container::find(engine.directories, name));
    auto client = end.kill ? service::order_kill(engine, container, end.kill)
                           : service::order_stop(engine, container, end.options);
    if (!client)
        return std::move(client).error();
    return Ordered{container.spec.id, std::move(*client)};
}

Result<void> complete(const End& end, const service::Engine& engine, const Ordered& ordered)
{
    constexpr int kPatienceMs = 10'000;
    TRY(service::wait_for_end(ordered.client, end.kill ? kPatienceMs : -1));
    if (!end.start_again)
        return {};
    auto started = service::start(engine, ordered.id, {});
    if (!started && !started.error().is(EALREADY))  // another one may have required it
        return std::move(started).error();
    return {};
}

// All are told to end before the first is waited for.
Result<int> end_each(const End& end, const service::Engine& engine, Arguments names)
{
    Vector<Result<Ordered>> all;
    for (std::string_view name : names)
        all.push_back(order(end, engine, name));
    int status = 0;
    for (size_t i = 0; i < names.size(); i++) {
        auto done = all[i] ? complete(end, engine, *all[i]) : std::move(all[i]).error();
        if (!done) {
            report(done.error());
            status = 1;
            continue;
        }
        say("%.*s\n", int(names[i].size()), names[i].data());
        (void)flush();
    }
    return status;
}

Result<int> stop(const StopFlags& flags, const service::Engine& engine, Arguments operands)
{
    End end = {.options = {flags.timeout, TRY(signal_of(flags.signal))}};
    return end_each(end, engine, operands);
}

Result<int> restart(const StopFlags& flags, const service::Engine& engine, Arguments operands)
{
    End end = {.options = {flags.timeout, TRY(signal_of(flags.signal)), service::kKeep},
               .start_again = true};
    return end_each(end, engine, operands);
}

struct KillFlags {
    String signal = "KILL";
};

// clang-format off
constexpr Flag kKillFlags[] = {
    flag<&KillFlags::signal>('s', "signal", "SIGNAL", "Another signal than KILL"_help),
};
// clang-format on

Result<int> kill(const KillFlags& flags, const service::Engine& engine, Arguments operands)
{
    End end = {.kill = TRY(container::parse_signal(flags.signal), "--signal")};
    return end_each(end, engine, operands);
}

// ---- pause, unpause, wait ----------------------------------------------------------------------

struct NoFlags {};

Result<int> pause(const NoFlags&, const service::Engine& engine, Arguments operands)
{
    return for_each(engine, operands,
                    [&](const Summary& each) { return service::pause(engine, each, true); });
}

Result<int> unpause(const NoFlags&, const service::Engine& engine, Arguments operands)
{
    return for_each(engine, operands,
                    [&](const Summary& each) { return service::pause(engine, each, false); });
}

struct WaitFlags {
    String condition = "not-running";
};

// clang-format off
constexpr Flag kWaitFlags[] = {
    flag<&WaitFlags::condition>(0, "condition", "CONDITION", "not-running (the default), next-exit or removed"_help),
};
constexpr struct { const char* name; service::Until until; } kConditions[] = {
    {"not-running", service::Until::not_running},
    {"stopped",     service::Until::not_running},
    {"exited",      service::Until::not_running},
    {"next-exit",   service::Until::next_exit},
    {"removed",     service::Until::removed},
};
// clang-format on

Result<int> wait(const WaitFlags& flags, const service::Engine& engine, Arguments operands)
{
    for (const auto& row : kConditions)
        if (flags.condition == row.name)
            return for_each(engine, operands,
                            [&](const Summary& each) -> Result<void> {
                                say("%d\n", TRY(service::wait(engine, each, row.until)));
                                (void)flush();
                                return {};
                            },
                            {.quiet = true});
    return Error(EINVAL, "--condition %s: expected not-running, next-exit or removed",
                 flags.condition.c_str());
}

// ---- rm, rename --------------------------------------------------------------------------------

struct RmFlags {
    bool force = false, volumes = false;
};

// clang-format off
constexpr Flag kRmFlags[] = {
    flag<&RmFlags::force>  ('f', "force",   nullptr, "Kill it first when it runs"_help),
    flag<&RmFlags::volumes>('v', "volumes", nullptr, "Remove its anonymous volumes, too"_help),
};
// clang-format on

Result<int> rm(const RmFlags& flags, const service::Engine& engine, Arguments operands)
{
    service::RemoveOptions options = {.force = flags.force, .volumes = flags.volumes};
    return for_each(engine, operands,
                    [&](const Summary& each) { return service::remove(engine, each, options); },
                    {.forgive = flags.force});
}

Result<int> rename(const NoFlags&, const service::Engine& engine, Arguments operands)
{
    Summary container = TRY(container::find(engine.directories, operands[0]));
    TRY(service::rename(engine, container, String(operands[1])));
    return 0;
}

}  // namespace

Result<int> update(const container::RunOptions& options, const service::Engine& engine,
                   Arguments operands)
{
    std::optional<container::Restart> policy;
    if (options.restart.empty() && !options.limits.any_said())
        return Error(EINVAL, "nothing is to be changed").with_hint("see \"kist update --help\"");
    if (!options.restart.empty())
        policy = TRY(container::parse_restart(options.restart));
    return for_each(engine, operands, [&](const Summary& each) -> Result<void> {
        Fd held = TRY(engine.directories.hold(each.spec.id));
        container::Spec spec = TRY(engine.directories.read_spec(each.spec.id));
        if (policy)
            spec.restart = *policy;
        if (spec.remove && spec.restart.policy != container::Restart::Policy::no)
            return Error(EINVAL,
                         "container \"%s\" is removed when it ends (--rm), so it "
                         "cannot have a restart policy",
                         spec.name.c_str());
        spec.limits.merge(options.limits);
        TRY(container::check_limits(spec.limits));
        return service::update(engine, each, spec, std::move(held));
    });
}

extern const Command kStop = {
    .name = "stop",
    .operands = "CONTAINER...",
    .summary = "Ask containers to end, and kill those that do not"_help,
    .flags = kStopFlags,
    .offer = Offer::containers,
    .run = with_engine<StopFlags, stop>,
};

extern const Command kRestart = {
    .name = "restart",
    .operands = "CONTAINER...",
    .summary = "Stop containers and start them again"_help,
    .flags = kStopFlags,
    .offer = Offer::containers,
    .run = with_engine<StopFlags, restart>,
};

extern const Command kKill = {
    .name = "kill",
    .operands = "CONTAINER...",
    .summary = "Send a signal to containers"_help,
    .flags = kKillFlags,
    .offer = Offer::containers,
    .run = with_engine<KillFlags, kill>,
};

extern const Command kPause = {
    .name = "pause",
    .operands = "CONTAINER...",
    .summary = "Freeze all processes of containers"_help,
    .offer = Offer::containers,
    .run = with_engine<NoFlags, pause>,
};

extern const Command kUnpause = {
    .name = "unpause",
    .operands = "CONTAINER...",
    .summary = "Let paused containers go on"_help,
    .offer = Offer::containers,
    .run = with_engine<NoFlags, unpause>,
};

extern const Command kWait = {
    .name = "wait",
    .operands = "CONTAINER...",
    .summary = "Wait until containers end, and print their exit codes"_help,
    .flags = kWaitFlags,
    .offer = Offer::containers,
    .run = with_engine<WaitFlags, wait>,
};

extern const Command kRm = {
    .name = "rm",
    .operands = "CONTAINER...",
    .summary = "Remove containers"_help,
    .flags = kRmFlags,
    .offer = Offer::containers,
    .run = with_engine<RmFlags, rm>,
};

extern const Command kRename = {
    .name = "rename",
    .operands = "CONTAINER NAME",
    .summary = "Give a container another name"_help,
    .offer = Offer::containers,
    .run = with_engine<NoFlags, rename>,
};

}  // namespace kist::cli
