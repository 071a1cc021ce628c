// lifecycle.cpp - the commands from start to rm.

#include <unistd.h>

#include <climits>
#include <cstdio>

#include "cli/attend.h"
#include "cli/command.h"
#include "cli/context.h"
#include "cli/print.h"
#include "cli/run.h"
#include "container/container.h"
#include "container/signals.h"
#include "container/spec_words.h"
#include "service/detach_keys.h"
#include "service/lifecycle.h"

namespace kist::cli {

namespace {

using container::Summary;

// Does `act` to each container that was named, and prints its name as it was given.  One that fails
// does not keep the others from it.
template <class Act>
Result<int> for_each(const Globals& globals, Arguments names, Act act, bool say = true)
{
    Context context = TRY(open_context(globals));
    service::Engine engine = TRY(service::open_engine(context.places, context.outer));
    int status = 0;
    for (std::string_view name : names) {
        auto container = container::find(engine.directories, name);
        Result<void> done;
        if (!container)
            done = std::move(container).error();
        else
            done = act(engine, *container);
        if (!done) {
            report(done.error());
            status = 1;
        } else if (say) {
            printf("%.*s\n", int(name.size()), name.data());
            (void)fflush(stdout);
        }
    }
    return status;
}

Result<std::optional<int>> signal_of(const std::string& word)
{
    if (word.empty())
        return std::optional<int>();
    return std::optional<int>(TRY(container::parse_signal(word)));
}

// ---- start, attach -----------------------------------------------------------------------------

struct StartFlags {
    bool attach = false, interactive = false;
    std::string detach_keys;
};

// clang-format off
constexpr Flag kStartFlags[] = {
    flag<&StartFlags::attach>     ('a', "attach",      nullptr, "Pass on its output and answer with its exit code"),
    flag<&StartFlags::detach_keys>(0,   "detach-keys", "KEYS",  "Keys that leave the container running (ctrl-p,ctrl-q)"),
    flag<&StartFlags::interactive>('i', "interactive", nullptr, "Pass on what comes from stdin, too"),
};
// clang-format on

Result<int> start_attached(const StartFlags& flags, const Globals& globals, std::string_view name)
{
    std::string keys = TRY(detach_keys_of(flags.detach_keys));
    Context context = TRY(open_context(globals));
    service::Engine engine = TRY(service::open_engine(context.places, context.outer));
    Summary container = TRY(container::find(engine.directories, name));
    service::Attachment wants = {.input = flags.interactive && container.spec.interactive,
                                 .output = true,
                                 .errors = true,
                                 .until_exit = true};
    Fd signals = TRY(container::catch_signals());
    service::Client client =
        TRY(service::start(engine, container.spec.id, wants, std::nullopt, &signals));
    service::Client::Terminal terminal = {.tty = container.spec.tty, .detach_keys = keys};
    return finish_attending(TRY(client.attend(wants, terminal, signals)));
}

Result<int> start(const StartFlags& flags, const Globals& globals, Arguments operands)
{
    if (flags.attach || flags.interactive) {
        if (operands.size() > 1)
            return Error(EINVAL, "only one container can be attached to");
        return start_attached(flags, globals, operands[0]);
    }
    return for_each(globals, operands,
                    [](const service::Engine& engine, const Summary& each) -> Result<void> {
                        auto started = service::start(engine, each.spec.id, {});
                        // docker's and podman's scripts start what may run already.
                        if (!started && !started.error().is(EALREADY))
                            return std::move(started).error();
                        return {};
                    });
}

struct AttachFlags {
    bool no_stdin = false;
    std::string detach_keys;
    container::Choice sig_proxy;
};

// clang-format off
constexpr Flag kAttachFlags[] = {
    flag<&AttachFlags::detach_keys>(0, "detach-keys", "KEYS",       "Keys that leave the container running (ctrl-p,ctrl-q)"),
    flag<&AttachFlags::no_stdin>   (0, "no-stdin",    nullptr,      "Do not pass on what comes from stdin"),
    flag<&AttachFlags::sig_proxy>  (0, "sig-proxy",   "true|false", "Pass signals on, as is done unless said"),
};
// clang-format on

Result<int> attach(const AttachFlags& flags, const Globals& globals, Arguments operands)
{
    std::string keys = TRY(detach_keys_of(flags.detach_keys));
    Context context = TRY(open_context(globals));
    service::Engine engine = TRY(service::open_engine(context.places, context.outer));
    Summary container = TRY(container::find(engine.directories, operands[0]));
    service::Attachment wants = {
        .input = container.spec.interactive && !flags.no_stdin, .output = true, .errors = true};
    Fd signals = TRY(container::catch_signals());
    auto client = service::Client::connect(engine.directories, container.spec.id, wants);
    if (!client && client.error().is(ENOENT))
        return Error(EINVAL, "container \"%s\" is not running", container.spec.name.c_str())
            .with_hint(str::format("\"kist start -a %s\" starts it", container.spec.name.c_str()));
    service::Client connected = TRY(std::move(client));
    service::Client::Terminal terminal = {
        .tty = container.spec.tty, .signals = flags.sig_proxy != "false", .detach_keys = keys};
    return finish_attending(TRY(connected.attend(wants, terminal, signals)));
}

// ---- stop, restart, kill -----------------------------------------------------------------------

struct StopFlags {
    std::optional<int> timeout;
    std::string signal;
};

// clang-format off
constexpr Flag kStopFlags[] = {
    flag<&StopFlags::signal> ('s', "signal",  "SIGNAL",  "Signal to ask with, instead of the container's own"),
    flag<&StopFlags::timeout>('t', "timeout", "SECONDS", "How long to wait before killing it; -1: for ever"),
};
// clang-format on

Result<int> stop(const StopFlags& flags, const Globals& globals, Arguments operands)
{
    service::StopOptions options = {flags.timeout, TRY(signal_of(flags.signal))};
    return for_each(globals, operands, [&](const service::Engine& engine, const Summary& each) {
        return service::stop(engine, each, options);
    });
}

Result<int> restart(const StopFlags& flags, const Globals& globals, Arguments operands)
{
    service::StopOptions options = {flags.timeout, TRY(signal_of(flags.signal))};
    return for_each(globals, operands,
                    [&](const service::Engine& engine, const Summary& each) -> Result<void> {
                        TRY(service::stop(engine, each, options));
                        TRY(service::start(engine, each.spec.id, {}));
                        return {};
                    });
}

struct KillFlags {
    std::string signal = "KILL";
};

// clang-format off
constexpr Flag kKillFlags[] = {
    flag<&KillFlags::signal>('s', "signal", "SIGNAL", "Another signal than KILL"),
};
// clang-format on

Result<int> kill(const KillFlags& flags, const Globals& globals, Arguments operands)
{
    int number = TRY(container::parse_signal(flags.signal), "--signal");
    return for_each(globals, operands, [&](const service::Engine& engine, const Summary& each) {
        return service::kill(engine, each, number);
    });
}

// ---- pause, unpause, wait ----------------------------------------------------------------------

struct NoFlags {};

Result<int> pause(const NoFlags&, const Globals& globals, Arguments operands)
{
    return for_each(globals, operands, [](const service::Engine& engine, const Summary& each) {
        return service::pause(engine, each, true);
    });
}

Result<int> unpause(const NoFlags&, const Globals& globals, Arguments operands)
{
    return for_each(globals, operands, [](const service::Engine& engine, const Summary& each) {
        return service::pause(engine, each, false);
    });
}

struct WaitFlags {
    std::string condition = "not-running";
};

// clang-format off
constexpr Flag kWaitFlags[] = {
    flag<&WaitFlags::condition>(0, "condition", "CONDITION", "not-running (the default), next-exit or removed"),
};
constexpr struct { const char* name; service::Until until; } kConditions[] = {
    {"not-running", service::Until::not_running},
    {"stopped",     service::Until::not_running},
    {"exited",      service::Until::not_running},
    {"next-exit",   service::Until::next_exit},
    {"removed",     service::Until::removed},
};
// clang-format on

Result<int> wait(const WaitFlags& flags, const Globals& globals, Arguments operands)
{
    for (const auto& row : kConditions)
        if (flags.condition == row.name)
            return for_each(
                globals, operands,
                [&](const service::Engine& engine, const Summary& each) -> Result<void> {
                    printf("%d\n", TRY(service::wait(engine, each, row.until)));
                    (void)fflush(stdout);
                    return {};
                },
                false);
    return Error(EINVAL, "--condition %s: expected not-running, next-exit or removed",
                 flags.condition.c_str());
}

// ---- rm, rename --------------------------------------------------------------------------------

struct RmFlags {
    bool force = false, volumes = false;
};

// clang-format off
constexpr Flag kRmFlags[] = {
    flag<&RmFlags::force>  ('f', "force",   nullptr, "Kill it first when it runs"),
    flag<&RmFlags::volumes>('v', "volumes", nullptr, "Remove its anonymous volumes, too"),
};
// clang-format on

Result<int> rm(const RmFlags& flags, const Globals& globals, Arguments operands)
{
    service::RemoveOptions options = {.force = flags.force, .volumes = flags.volumes};
    Context context = TRY(open_context(globals));
    service::Engine engine = TRY(service::open_engine(context.places, context.outer));
    int status = 0;
    for (std::string_view name : operands) {
        auto container = container::find(engine.directories, name);
        Result<void> removed;
        if (!container)
            removed = std::move(container).error();
        else
            removed = service::remove(engine, *container, options);
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

Result<int> rename(const NoFlags&, const Globals& globals, Arguments operands)
{
    Context context = TRY(open_context(globals));
    service::Engine engine = TRY(service::open_engine(context.places, context.outer));
    Summary container = TRY(container::find(engine.directories, operands[0]));
    TRY(service::rename(engine, container, std::string(operands[1])));
    return 0;
}

}  // namespace

Result<int> update(const container::RunOptions& options, const Globals& globals, Arguments operands)
{
    std::optional<container::Restart> policy;
    if (!options.restart.empty())
        policy = TRY(container::parse_restart(options.restart));
    return for_each(globals, operands,
                    [&](const service::Engine& engine, const Summary& each) -> Result<void> {
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
                        return service::update(engine, each, spec);
                    });
}

Result<std::string> detach_keys_of(const std::string& asked)
{
    return service::parse_detach_keys(asked.empty() ? "ctrl-p,ctrl-q" : asked);
}

int finish_attending(const service::Attended& attended)
{
    if (attended.oom_killed)
        report(Error(ENOMEM, "a process of the container was killed: out of memory")
                   .with_hint("give it more with --memory, or look for a leak"));
    return attended.exit_code;
}

extern const Command kStart = {
    .name = "start",
    .operands = "CONTAINER...",
    .summary = "Start containers that have ended or were only created",
    .offer = Offer::containers,
    .flags = kStartFlags,
    .run = run_as<StartFlags, start>,
};

extern const Command kAttach = {
    .name = "attach",
    .operands = "CONTAINER",
    .summary = "Connect this terminal to a running container",
    .details = "Leave with the detach keys: the container goes on.\n",
    .offer = Offer::containers,
    .flags = kAttachFlags,
    .run = run_as<AttachFlags, attach>,
};

extern const Command kStop = {
    .name = "stop",
    .operands = "CONTAINER...",
    .summary = "Ask containers to end, and kill those that do not",
    .offer = Offer::containers,
    .flags = kStopFlags,
    .run = run_as<StopFlags, stop>,
};

extern const Command kRestart = {
    .name = "restart",
    .operands = "CONTAINER...",
    .summary = "Stop containers and start them again",
    .offer = Offer::containers,
    .flags = kStopFlags,
    .run = run_as<StopFlags, restart>,
};

extern const Command kKill = {
    .name = "kill",
    .operands = "CONTAINER...",
    .summary = "Send a signal to containers",
    .offer = Offer::containers,
    .flags = kKillFlags,
    .run = run_as<KillFlags, kill>,
};

extern const Command kPause = {
    .name = "pause",
    .operands = "CONTAINER...",
    .summary = "Freeze all processes of containers",
    .offer = Offer::containers,
    .run = run_as<NoFlags, pause>,
};

extern const Command kUnpause = {
    .name = "unpause",
    .operands = "CONTAINER...",
    .summary = "Let paused containers go on",
    .offer = Offer::containers,
    .run = run_as<NoFlags, unpause>,
};

extern const Command kWait = {
    .name = "wait",
    .operands = "CONTAINER...",
    .summary = "Wait until containers end, and print their exit codes",
    .offer = Offer::containers,
    .flags = kWaitFlags,
    .run = run_as<WaitFlags, wait>,
};

extern const Command kRm = {
    .name = "rm",
    .operands = "CONTAINER...",
    .summary = "Remove containers",
    .offer = Offer::containers,
    .flags = kRmFlags,
    .run = run_as<RmFlags, rm>,
};

extern const Command kRename = {
    .name = "rename",
    .operands = "CONTAINER NAME",
    .summary = "Give a container another name",
    .offer = Offer::containers,
    .run = run_as<NoFlags, rename>,
};

}  // namespace kist::cli
