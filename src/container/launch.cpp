// launch.cpp - from a Spec to a running process: the monitor's side.
//
// Root, and the tier `single`, clone the container's first process at once; in the tier `single` it
// maps its one id itself.  With subordinate ids, and in the tier `single` with networks, which are
// the outer user namespace's, a helper is forked which joins that and clones the first process
// there, as our child (CLONE_PARENT), writes its id maps, tells us its pid and ends.  Either way
// the first process then does the rest itself (init.h) and we listen until it has executed the
// program or has failed.

#include "container/launch.h"

#include <linux/capability.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "base/fs.h"
#include "base/log.h"
#include "base/process.h"
#include "base/vector.h"
#include "container/clone.h"
#include "container/grant.h"
#include "container/init.h"
#include "container/outer.h"
#include "container/program.h"
#include "container/report.h"
#include "container/settings.h"

namespace kist::container {

namespace {

using Tier = image::StoreMap::Tier;
constexpr unsigned kTtyGroup = 5;

// What is being launched, and how far it has come.
struct Launch {
    const LaunchOptions& options;
    Plan plan;
    sys::Pipe socket;  // reader: the monitor's end, writer: the container's
    Fd helper;         // while it has something to say: what it says ends with it
    Launched result;
};

uint64_t namespaces_of(const Plan& plan)
{
    const Spec& spec = plan.options.spec;
    uint64_t flags = CLONE_NEWNS;
    if (spec.pid == Namespace::own)
        flags |= CLONE_NEWPID;
    if (spec.ipc == Namespace::own)
        flags |= CLONE_NEWIPC;
    if (spec.uts == Namespace::own)
        flags |= CLONE_NEWUTS;
    if (spec.network == Namespace::own && !plan.options.shared_network)
        flags |= CLONE_NEWNET;
    if (spec.cgroupns == Namespace::own && !*missing_namespace(CLONE_NEWCGROUP))
        flags |= CLONE_NEWCGROUP;
    // One id can only be had in a namespace of one's own; --userns host leaves the outer one.
    if (plan.map_self || (plan.user_namespace && spec.userns == Namespace::own))
        flags |= CLONE_NEWUSER;
    return flags;
}

// ---- the plan --------------------------------------------------------------------------------

bool has_block_node(const Vector<DeviceNode>& nodes)
{
    for (const DeviceNode& node : nodes)
        if (S_ISBLK(node.mode))
            return true;
    return false;
}

// Root's containers get a device filter; where there can be none they may not make nodes, and get
// no block device.
Result<void> plan_devices(Plan& plan)
{
    const LaunchOptions& options = plan.options;
    plan.devices = TRY(find_devices(options.spec));
    if (plan.user_namespace && !options.spec.device_rules.empty())
        return Error(EPERM, "--device-cgroup-rule: only root can give other devices");
    if (plan.user_namespace || options.spec.privileged)
        return {};
    Vector<DeviceRule> rules = TRY(device_rules(options.spec, plan.devices));
    Result<void> filtered = Error(ENOTSUP, "there is no cgroup v2 here");
    if (options.cgroup)
        filtered = attach_device_filter(options.cgroup->directory(), rules);
    if (filtered)
        return {};
    log::debug("no device filter: %s", filtered.error().message().c_str());
    if (has_block_node(plan.devices) || !options.spec.device_rules.empty())
        return std::move(filtered)
            .error()
            .context("devices cannot be filtered, so block devices and rules are refused")
            .with_hint("\"kist check\" says what is missing; --privileged gives all devices");
    plan.confinement.capabilities.remove(CAP_MKNOD);
    return {};
}

Result<void> make_plan(Plan& plan)
{
    const LaunchOptions& options = plan.options;
    TRY(check_settings(options.spec));
    plan.user_namespace = options.outer.map.tier != Tier::root;
    plan.map_self = options.outer.map.tier == Tier::single;
    plan.tty_group = !plan.map_self && has_id(options.outer.gids, kTtyGroup);
    plan.caller_uid = ::geteuid();
    plan.caller_gid = ::getegid();
    plan.wait_for_go = options.connector || (plan.user_namespace && !plan.map_self &&
                                             options.spec.userns == Namespace::own);
    plan.confinement.capabilities =
        TRY(grantable(options.spec.capabilities, plan.user_namespace, options.spec.privileged));
    plan.confinement.change_identity = !plan.map_self;
    plan.confinement.keep_groups = options.spec.keep_groups;
    plan.confinement.no_new_privileges = options.spec.no_new_privileges;
    return plan_devices(plan);
}

// ---- starting --------------------------------------------------------------------------------

struct Started {
    pid_t pid = 0;
    bool in_cgroup = true;  // or none is wanted
};

// --network container: what is cloned next is born in the other's network namespace.  The result is
// the one to come back to.
Result<std::optional<Fd>> enter_shared_network(const LaunchOptions& options)
{
    if (!options.shared_network)
        return std::optional<Fd>();
    Fd home = TRY(sys::open("/proc/self/ns/net", O_RDONLY));
    if (sys::same_file(home, *options.shared_network))
        return std::optional<Fd>();
    if (::setns(options.shared_network->get(), CLONE_NEWNET) < 0)
        return os_error("enter the network namespace of container %.12s",
                        options.spec.network_of.c_str())
            .with_hint(
                "root can, and who has subordinate ids (\"kist check\"); others can share a "
                "container's network when that is the host's");
    return std::optional<Fd>(std::move(home));
}

// Clones the first process; in it, this does not return.
Result<Started> start_first(Launch& launch, bool sibling)
{
    const Cgroup* cgroup = launch.options.cgroup;
    CloneRequest request = {.namespaces = namespaces_of(launch.plan),
                            .sibling = sibling,
                            .cgroup = cgroup ? &cgroup->directory() : nullptr};
    Started started;
    std::optional<Fd> home = TRY(enter_shared_network(launch.options));
    auto pid = clone_process(request);
    if (!pid && cgroup) {
        log::debug("cannot start in the cgroup: %s", pid.error().message().c_str());
        started.in_cgroup = false;
        launch.plan.wait_for_go = true;
        launch.plan.late_cgroupns = request.namespaces & CLONE_NEWCGROUP;
        request.namespaces &= ~uint64_t(CLONE_NEWCGROUP);
        request.cgroup = nullptr;
        pid = clone_process(request);
    }
    // A helper ends here, and may not come back.
    if (home && !sibling && (!pid || *pid != 0) && ::setns(home->get(), CLONE_NEWNET) < 0)
        return os_error("come back from the container's network namespace");
    if (!pid) {
        if (const char* missing = missing_namespace(request.namespaces); *missing)
            return Error(ENOTSUP, "this kernel has no %s namespaces", missing)
                .with_hint("\"kist check\" lists what a kernel needs");
        TRY(check_user_namespaces());
        return std::move(pid).error().context("cannot make the container's namespaces");
    }
    if (*pid == 0) {
        launch.socket.reader.close();
        run_first_process(launch.plan, std::move(launch.socket.writer));
    }
    started.pid = *pid;
    return started;
}

// In the helper.
Result<void> help(Launch& launch)
{
    const LaunchOptions& options = launch.options;
    Report process = {.kind = Report::Kind::process};
    process.file = TRY(join_outer(options.outer, options.places));
    launch.plan.caller_uid = launch.plan.caller_gid = 0;  // as whom that knows us
    Started started = TRY(start_first(launch, true));
    process.pid = started.pid;
    process.code = started.in_cgroup ? 0 : ENOTSUP;
    // Sent first: from then on the monitor ends what fails here.
    TRY(send_report(launch.socket.writer, process));
    if (options.spec.userns == Namespace::own && !launch.plan.map_self)
        TRY(write_nested_maps(options.outer, started.pid));
    return {};
}

// Nothing at the end of the conversation.
Result<std::optional<Report>> hear(Launch& launch)
{
    const Fd* cancel = launch.options.cancel;
    pollfd waits[] = {{launch.socket.reader.get(), POLLIN, 0},
                      {cancel ? cancel->get() : -1, POLLIN, 0},
                      {launch.helper.get(), POLLIN, 0}};
    while (!waits[0].revents) {
        if (sys::retry([&] { return ::poll(waits, 3, -1); }) < 0)
            return os_error("poll");
        if (waits[1].revents)
            return Error(EINTR, "interrupted while it was being started");
        // The first process, which waits for us, has a copy of its end of the socket.
        if (waits[2].revents && ::poll(waits, 1, 0) == 0)
            return Error(ECHILD, "the process that makes its namespaces was killed");
    }
    return receive_report(launch.socket.reader);
}

Result<Report> next_report(Launch& launch)
{
    std::optional<Report> report = TRY(hear(launch));
    if (!report)
        return Error(ECHILD, "the container's process ended without a word");
    if (report->kind == Report::Kind::failure)
        return std::move(*report).error();
    return std::move(*report);
}

// Lets a helper do it in the outer user namespace, and waits for its end: then the maps are
// written.
Result<Started> start_through_helper(Launch& launch)
{
    const LaunchOptions& options = launch.options;
    Fd lock = TRY(lock_outer(options.places));
    pid_t helper = ::fork();
    if (helper < 0)
        return os_error("fork");
    if (helper == 0) {
        launch.socket.reader.close();
        auto helped = help(launch);
        if (!helped)
            (void)send_report(launch.socket.writer, Report::of(Stage::setup, helped.error()));
        _exit(helped ? 0 : 1);
    }
    launch.socket.writer.close();
    launch.helper = TRY(sys::pidfd_open(helper));
    auto report = next_report(launch);
    int status = TRY(process::wait(helper));
    Report process = TRY(std::move(report));
    Started started = {process.pid, process.code == 0};
    launch.result.pid = started.pid;
    if (process.file) {
        launch.result.outer = std::move(*process.file);
        TRY(record_outer(options.outer, options.places, launch.result.outer));
    }
    unlock_outer(lock);
    if (status != 0) {
        TRY(next_report(launch));
        return Error(ECHILD, "the helper failed");
    }
    launch.helper.close();
    return started;
}

Result<Started> start_directly(Launch& launch)
{
    Started started = TRY(start_first(launch, false));
    launch.socket.writer.close();
    launch.result.pid = started.pid;
    const LaunchOptions& options = launch.options;
    if (launch.plan.user_namespace && !launch.plan.map_self &&
        options.spec.userns == Namespace::own)
        TRY(write_nested_maps(options.outer, started.pid));
    return started;
}

// Until the program runs: then the last copy of the container's end of the socket closes.
Result<void> listen_until_executed(Launch& launch)
{
    for (;;) {
        std::optional<Report> report = TRY(hear(launch));
        if (!report)
            return {};
        if (report->kind == Report::Kind::failure)
            return std::move(*report).error();
        if (report->kind == Report::Kind::console && report->file)
            launch.result.console = std::move(*report->file);
    }
}

Result<void> start(Launch& launch)
{
    const OuterNamespace& outer = launch.options.outer;
    bool networks = launch.options.connector || launch.options.shared_network;
    bool through_helper =
        !outer.given && (outer.map.tier == Tier::subuid || (launch.plan.map_self && networks));
    Started started = TRY(through_helper ? start_through_helper(launch) : start_directly(launch));
    launch.result.process = TRY(sys::pidfd_open(started.pid));
    if (!started.in_cgroup)
        TRY(launch.options.cgroup->add(started.pid));
    Connector* connector = launch.options.connector;
    Fd network;
    // Our child, not waited for: the number is its own.  Later on it lets nobody look.
    if (connector)
        network = TRY(sys::open(str::format("/proc/%d/ns/net", started.pid), O_RDONLY));
    if (launch.plan.wait_for_go || !started.in_cgroup)
        TRY(say_go(launch.socket.reader));
    if (connector) {
        TRY(connector->connect(network));
        (void)say_go(launch.socket.reader);  // where it has failed meanwhile, it says so below
    }
    return listen_until_executed(launch);
}

// The image's USER must be known before its one id is mapped.  Names are looked up in the image by
// a process of its own that sees the layers, and nothing else.
Result<void> settle_single_user(Launch& launch)
{
    Plan& plan = launch.plan;
    if (!plan.map_self)
        return {};
    if (image::first_time(launch.options.places.state, "ids"))
        log::warn("only your own id is mapped: %s; see \"kist check\"",
                  launch.options.outer.reason.c_str());
    if (is_plain_user(launch.options.spec.user, plan.mapped))
        return {};
    sys::Pipe socket = TRY(sys::socket_pair());
    bool waits = std::exchange(plan.wait_for_go, false);  // nobody has anything to do to this one
    pid_t child = TRY(clone_process({.namespaces = CLONE_NEWUSER | CLONE_NEWNS}));
    if (child == 0) {
        socket.reader.close();
        run_user_lookup(plan, std::move(socket.writer));
    }
    plan.wait_for_go = waits;
    socket.writer.close();
    auto report = receive_report(socket.reader);
    TRY(process::wait(child));
    std::optional<Report> user = TRY(std::move(report));
    if (!user)
        return Error(ECHILD, "cannot look up the image's user");
    if (user->kind == Report::Kind::failure)
        return std::move(*user).error();
    plan.mapped.uid = user->uid;
    plan.mapped.gid = user->gid;
    return {};
}

}  // namespace

Result<Launched> launch(const LaunchOptions& options)
{
    Launch launch = {.options = options, .plan = {.options = options}};
    TRY(make_plan(launch.plan));
    TRY(settle_single_user(launch));
    TRY(plan_filters(launch.plan.confinement, options.spec,
                     launch.plan.map_self ? &launch.plan.mapped : nullptr));
    launch.socket = TRY(sys::socket_pair());
    auto started = start(launch);
    if (started)
        return std::move(launch.result);
    if (launch.result.pid > 0) {
        (void)::kill(launch.result.pid, SIGKILL);  // our child, not waited for: the pid is its own
        (void)process::wait(launch.result.pid);
    }
    return std::move(started).error();
}

int exit_code_for(const Error& error)
{
    return error.is(kProgramMissing) ? 127 : error.is(kProgramUnusable) ? 126 : 125;
}

}  // namespace kist::container
