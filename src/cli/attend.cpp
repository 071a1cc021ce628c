// attend.cpp - start and attach: containers whose output comes here.

#include "cli/attend.h"

#include "base/string.h"
#include "cli/each.h"
#include "cli/print.h"
#include "cli/say.h"
#include "container/signals.h"
#include "service/detach_keys.h"

namespace kist::cli {

namespace {

using container::Summary;

// ---- start, attach -----------------------------------------------------------------------------

struct StartFlags {
    bool attach = false, interactive = false;
    String detach_keys;
};

// clang-format off
constexpr Flag kStartFlags[] = {
    flag<&StartFlags::attach>     ('a', "attach",      nullptr, "Pass on its output and answer with its exit code"_help),
    flag<&StartFlags::detach_keys>(0,   "detach-keys", "KEYS",  "Keys that leave the container running (ctrl-p,ctrl-q)"_help),
    flag<&StartFlags::interactive>('i', "interactive", nullptr, "Pass on what comes from stdin, too"_help),
};
// clang-format on

Result<int> start_attached(const StartFlags& flags, const service::Engine& engine,
                           std::string_view name)
{
    String keys = TRY(detach_keys_of(flags.detach_keys));
    Summary container = TRY(container::find(engine.directories, name));
    service::Attachment wants = {.input = flags.interactive && container.spec.interactive,
                                 .output = true,
                                 .errors = true,
                                 .until_exit = true};
    Fd signals = TRY(container::catch_signals());
    auto client = service::start(engine, container.spec.id, wants, std::nullopt, &signals);
    if (!client && client.error().is(EALREADY))
        client = service::Client::connect(engine.directories, container.spec.id, wants);
    service::Client connected = TRY(std::move(client));
    service::Client::Terminal terminal = {.tty = container.spec.tty, .detach_keys = keys};
    return finish_attending(TRY(connected.attend(wants, terminal, signals)));
}

Result<int> start(const StartFlags& flags, const service::Engine& engine, Arguments operands)
{
    if (flags.attach || flags.interactive) {
        if (operands.size() > 1)
            return Error(EINVAL, "only one container can be attached to");
        return start_attached(flags, engine, operands[0]);
    }
    return for_each(engine, operands, [&](const Summary& each) -> Result<void> {
        auto started = service::start(engine, each.spec.id, {});
        // docker's and podman's scripts start what may run already.
        if (!started && !started.error().is(EALREADY))
            return std::move(started).error();
        return {};
    });
}

struct AttachFlags {
    bool no_stdin = false;
    String detach_keys;
    container::Choice sig_proxy;
};

// clang-format off
constexpr Flag kAttachFlags[] = {
    flag<&AttachFlags::detach_keys>(0, "detach-keys", "KEYS",       "Keys that leave the container running (ctrl-p,ctrl-q)"_help),
    flag<&AttachFlags::no_stdin>   (0, "no-stdin",    nullptr,      "Do not pass on what comes from stdin"_help),
    flag<&AttachFlags::sig_proxy>  (0, "sig-proxy",   "true|false", "Pass signals on, as is done unless said"_help),
};
// clang-format on

Result<int> attach(const AttachFlags& flags, const service::Engine& engine, Arguments operands)
{
    String keys = TRY(detach_keys_of(flags.detach_keys));
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
        .tty = container.spec.tty,
        // Ctrl-C that is not typed into the container's terminal is for us.
        .signals = flags.sig_proxy != "false" && !(flags.no_stdin && container.spec.tty),
        .detach_keys = keys};
    return finish_attending(TRY(connected.attend(wants, terminal, signals)));
}

}  // namespace

Result<String> detach_keys_of(const String& asked)
{
    return service::parse_detach_keys(asked.empty() ? "ctrl-p,ctrl-q" : asked);
}

int finish_attending(const service::Attended& attended)
{
    if (attended.oom_killed)
        report(Error(ENOMEM, "a process of the container was killed: out of memory")
                   .with_hint("give it more with --memory, or look for a leak"));
    if (attended.detached && attended.exit_code == 0)
        tell(Where::errors, "\n");  // the shell's prompt follows the container's
    return attended.exit_code;
}

extern const Command kStart = {
    .name = "start",
    .operands = "CONTAINER...",
    .summary = "Start containers that have ended or were only created"_help,
    .flags = kStartFlags,
    .offer = Offer::containers,
    .run = with_engine<StartFlags, start>,
};

extern const Command kAttach = {
    .name = "attach",
    .operands = "CONTAINER",
    .summary = "Connect this terminal to a running container"_help,
    .details = "Leave with the detach keys: the container goes on.\n"_help,
    .flags = kAttachFlags,
    .offer = Offer::containers,
    .run = with_engine<AttachFlags, attach>,
};

}  // namespace kist::cli
