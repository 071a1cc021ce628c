// boot.cpp - boot and shutdown: what an init system calls.

#include "service/boot.h"

#include <algorithm>

#include "base/string.h"
#include "cli/command.h"
#include "cli/context.h"
#include "cli/print.h"
#include "container/provision.h"

namespace kist::cli {

namespace {

constexpr int kTimeout = 30;  // seconds
constexpr int kMaxTimeout = 24 * 3600;

struct BootFlags {
    bool stay = false;
    int timeout = kTimeout;
    String user;
};

// clang-format off
constexpr Flag kBootFlags[] = {
    flag<&BootFlags::stay>   (0, "stay",    nullptr,   "Remain, look after monitors that were killed, and shut down on SIGTERM"_help),
    flag<&BootFlags::timeout>(0, "timeout", "SECONDS", "With --stay: how long that shutdown may take (default 30)"_help),
    flag<&BootFlags::user>   (0, "user",    "USER",    "As root: prepare ids and a cgroup for this user, and go on as the user"_help),
};
constexpr Flag kShutdownFlags[] = {
    flag<&BootFlags::timeout>(0, "timeout", "SECONDS", "How long it may take until what is left is killed (default 30)"_help),
    flag<&BootFlags::user>   (0, "user",    "USER",    "As root: stop this user's containers"_help),
};
// clang-format on

// The places and ids of whoever's containers are meant; with --user this process is that user from
// then on.
Result<Context> open_as(const BootFlags& flags, const Globals& globals)
{
    if (flags.timeout < 0 || flags.timeout > kMaxTimeout)
        return Error(EINVAL, "--timeout %d: seconds from 0 to %d", flags.timeout, kMaxTimeout);
    if (!flags.user.empty()) {
        container::HostUser user = TRY(container::find_host_user(flags.user), "--user");
        TRY(container::provision(user));
        TRY(container::become(user, globals.root, globals.state));
    }
    return open_context(globals);
}

Result<int> end_all(const Context& context, int timeout)
{
    service::Engine engine = TRY(service::open_engine(context.places, context.outer));
    return TRY(service::shutdown_all(engine, timeout, report)) ? 1 : 0;
}

Result<int> boot(const BootFlags& flags, const Globals& globals, Arguments)
{
    // An end that comes while we are about to begin is one, too.
    Fd ends;
    if (flags.stay)
        ends = TRY(service::catch_ends());
    Context context = TRY(open_as(flags, globals));
    if (flags.stay) {
        TRY(service::guard(context.places, context.outer, ends, report));
        return end_all(context, flags.timeout);
    }
    service::Engine engine = TRY(service::open_engine(context.places, context.outer));
    return TRY(service::launch_all(engine, report)) ? 1 : 0;
}

Result<int> shutdown(const BootFlags& flags, const Globals& globals, Arguments)
{
    return end_all(TRY(open_as(flags, globals)), flags.timeout);
}

}  // namespace

extern const Command kBoot = {
    .name = "boot",
    .operands = "",
    .summary = "Start the containers that run from boot on"_help,
    .details =
        "Starts every container whose restart policy asks for it: always, unless-stopped when the "
        "user did\n"
        "not stop it, on-failure when it ran as the machine went down. What a container requires "
        "(--requires)\n"
        "is started first; when that has a health check, it is waited for. An init system calls it "
        "once, or\n"
        "keeps \"kist boot --stay\" running. board/README.md has a file for each init.\n"_help,
    .flags = kBootFlags,
    .run = run_as<BootFlags, boot>,
};

extern const Command kShutdown = {
    .name = "shutdown",
    .operands = "",
    .summary = "Stop all containers before the machine goes down"_help,
    .details =
        "Those that nobody requires are stopped first, side by side. The next boot starts again "
        "all that it\n"
        "stopped and that have a restart policy.\n"_help,
    .flags = kShutdownFlags,
    .run = run_as<BootFlags, shutdown>,
};

}  // namespace kist::cli
