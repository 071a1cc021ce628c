// exec.cpp - `kist exec`: run another program in a running container.

#include "container/exec.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>

#include "base/string.h"
#include "base/sys.h"
#include "base/vector.h"
#include "cli/command.h"
#include "cli/context.h"
#include "cli/print.h"
#include "container/container.h"
#include "container/program.h"
#include "container/self.h"
#include "container/signals.h"
#include "service/detach_keys.h"
#include "service/engine.h"
#include "service/exec_session.h"

namespace kist::cli {

namespace {

constexpr int kCannotStart = 126;  // docker's, whatever the reason

struct ExecFlags {
    bool detach = false, interactive = false, tty = false, privileged = false;
    Vector<String> environment, environment_files;
    String user, workdir, detach_keys = "ctrl-p,ctrl-q";
};

// clang-format off
constexpr Flag kFlags[] = {
    flag<&ExecFlags::detach>           ('d', "detach",      nullptr,        "Leave it running in the background"_help),
    flag<&ExecFlags::detach_keys>      (0,   "detach-keys", "KEYS",         "Keys that leave it running (ctrl-p,ctrl-q)"_help),
    flag<&ExecFlags::environment>      ('e', "env",         "NAME=VALUE",   "Set a variable; NAME alone takes its value from here"_help),
    flag<&ExecFlags::environment_files>(0,   "env-file",    "FILE",         "Set the variables that are lines of a file"_help),
    flag<&ExecFlags::interactive>      ('i', "interactive", nullptr,        "Pass on what comes from stdin"_help),
    flag<&ExecFlags::privileged>       (0,   "privileged",  nullptr,        "Give it all capabilities"_help),
    flag<&ExecFlags::tty>              ('t', "tty",         nullptr,        "Give it a terminal"_help),
    flag<&ExecFlags::user>             ('u', "user",        "USER[:GROUP]", "Run as this user, not as the container's"_help),
    flag<&ExecFlags::workdir>          ('w', "workdir",     "PATH",         "Run in this directory, not in the container's"_help),
};
// clang-format on

Result<void> check_flags(const ExecFlags& flags)
{
    if (flags.tty && flags.interactive && !flags.detach && !::isatty(0))
        return Error(ENOTTY, "-t and -i together need a terminal, and stdin is none")
            .with_hint("leave out -t in scripts");
    if (!flags.workdir.empty() && !flags.workdir.starts_with('/'))
        return Error(EINVAL, "--workdir %s: must be absolute", flags.workdir.c_str());
    return {};
}

void add_term(Vector<String>& env)
{
    for (const String& variable : env)
        if (variable.starts_with("TERM="))
            return;
    env.emplace_back("TERM=xterm");
}

Result<container::ExecOptions> options_for(const container::Summary& container,
                                           const ExecFlags& flags, Arguments command)
{
    container::ExecOptions options = {
        .spec = container.spec,
        .state = container.state,
        .argv = {command.begin(), command.end()},
        .env = container.spec.env,
        .user = flags.user,
        .workdir = flags.workdir,
        .tty = flags.tty,
        .privileged = flags.privileged,
        .outlives_parent = true,
    };
    if (flags.tty)
        add_term(options.env);
    TRY(container::add_variables(options.env, flags.environment_files, flags.environment));
    winsize size;
    if (flags.tty && ::ioctl(0, TIOCGWINSZ, &size) == 0) {
        options.rows = size.ws_row;
        options.columns = size.ws_col;
    }
    return options;
}

// Its three streams when it is to have no terminal: with -d nothing at all.
Result<std::optional<container::Streams>> streams_for(const ExecFlags& flags,
                                                      container::ExecOptions& options,
                                                      const Fd& nothing)
{
    std::optional<container::Streams> streams;
    if (flags.tty)
        return streams;
    if (!flags.detach)
        streams = TRY(container::make_streams(flags.interactive));
    for (int i = 0; i < 3; i++)
        options.stdio[i] = streams ? streams->theirs[i].get() : nothing.get();
    return streams;
}

int exit_code_for(const Error& error)
{
    if (error.is(container::kProgramMissing))
        return 127;
    return error.is(ESRCH) || error.is(EBUSY) ? 1 : kCannotStart;
}

Result<int> exec(const ExecFlags& flags, const Globals& globals, Arguments operands)
{
    TRY(container::put_self_out_of_reach());
    TRY(check_flags(flags));
    String keys;
    if (flags.tty)
        keys = TRY(service::parse_detach_keys(flags.detach_keys));
    Context context = TRY(open_context(globals));
    service::Engine engine = TRY(service::open_engine(context.places, context.outer));
    container::Summary found = TRY(container::find(engine.directories, operands[0]));
    container::ExecOptions options = TRY(options_for(found, flags, operands.subspan(1)));
    Fd nothing = TRY(sys::open("/dev/null", O_RDWR));
    auto streams = TRY(streams_for(flags, options, nothing));

    Fd signals = TRY(container::catch_signals());
    auto executed = container::execute(options);
    if (!executed) {
        report(executed.error());
        return exit_code_for(executed.error());
    }
    if (streams)
        for (Fd& end : streams->theirs)
            end.close();
    service::ExecSession session = {.process = *executed,
                                    .streams = streams,
                                    .signals = signals,
                                    .input = flags.interactive,
                                    .detach_keys = keys};
    if (flags.detach) {
        if (flags.tty)
            TRY(service::leave_deputy(session));
        return 0;
    }
    std::optional<container::RawTerminal> raw;
    if (flags.tty && flags.interactive)
        raw.emplace(TRY(container::RawTerminal::enter(0)));
    return service::attend(session);
}

}  // namespace

extern const Command kExec = {
    .name = "exec",
    .operands = "CONTAINER COMMAND [ARG...]",
    .summary = "Run another program in a running container"_help,
    .details =
        "Answers with the program's exit code: 126 when it cannot be executed, 127 when it is\n"
        "not there.  When kist is told to end, or the detach keys are typed, it goes on.\n"_help,
    .flags = kFlags,
    .offer = Offer::containers,
    .run = run_as<ExecFlags, exec>,
};

}  // namespace kist::cli
