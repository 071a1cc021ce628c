// prune.cpp - container prune, system prune and system reset: taking away what is not needed.

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/process.h"
#include "base/string.h"
#include "base/vector.h"
#include "cli/command.h"
#include "cli/container_filter.h"
#include "cli/listing.h"
#include "cli/network.h"
#include "cli/print.h"
#include "cli/say.h"
#include "cli/volume.h"
#include "network/agent.h"
#include "network/bridge.h"
#include "network/firewall.h"
#include "service/lifecycle.h"

namespace kist::cli {

namespace {

container::Summary summary_of(Listed listed)
{
    return {std::move(listed.spec), std::move(listed.state)};
}

// Removes the containers that neither run nor are about to; what they had written.
Result<uint64_t> prune_containers(const Context& context, const Vector<String>& words)
{
    service::Engine engine = TRY(service::open_engine(context.places, context.outer));
    Vector<Listed> all = TRY(list_containers(engine));
    Conditions conditions = TRY(parse_container_filters(words, FilterUse::prune, context, all));
    Vector<Listed> idle;
    for (size_t i = 0; i < all.size(); i++) {
        container::Status status = all[i].state.status;
        bool ended = status == container::Status::exited || status == container::Status::created;
        if (ended && match_container(conditions, {all[i], i}))
            idle.push_back(std::move(all[i]));
    }
    if (idle.empty())
        return 0;
    TRY(measure(context, idle));
    uint64_t freed = 0;
    say_line("Deleted Containers:");
    for (Listed& each : idle) {
        String id = each.spec.id;
        uint64_t written = each.written;
        auto removed = service::remove(engine, summary_of(std::move(each)), {});
        if (removed) {
            say_line(id);
            freed += written;
        } else if (!removed.error().is(ENOENT) && !removed.error().is(EBUSY)) {
            report(removed.error());  // it did not just go, or begin to run
        }
    }
    say_line("");
    return freed;
}

struct PruneFlags {
    bool all = false, volumes = false, force = false;
    Vector<String> filters;
};

constexpr Text kFilterHelp =
    "Only those of before until=TIME, with label=NAME[=VALUE], or without (label!=...)"_help;

// clang-format off
constexpr Flag kContainerFlags[] = {
    flag<&PruneFlags::filters>(0,   "filter", "KEY=VALUE", kFilterHelp),
    flag<&PruneFlags::force>  ('f', "force",  nullptr,     "Do not ask"_help),
};

constexpr Flag kSystemFlags[] = {
    flag<&PruneFlags::all>    ('a', "all",     nullptr,     "Remove every image that no container uses, not only those without a name"_help),
    flag<&PruneFlags::filters>(0,   "filter",  "KEY=VALUE", kFilterHelp),
    flag<&PruneFlags::force>  ('f', "force",   nullptr,     "Do not ask"_help),
    flag<&PruneFlags::volumes>(0,   "volumes", nullptr,     "Remove anonymous volumes that no container uses, too"_help),
};
// clang-format on

Result<int> container_prune(const PruneFlags& flags, const Context& context, Arguments)
{
    if (!flags.force && !TRY(confirm("Remove every container that does not run?")))
        return 0;
    uint64_t freed = TRY(prune_containers(context, flags.filters));
    say("Total reclaimed space: %s\n", human_size(freed).c_str());
    return 0;
}

// Volumes and images.  The process is inside of the user namespace from the first of them on.
Result<uint64_t> prune_store(const Context& context, const PruneFlags& flags)
{
    uint64_t freed = 0;
    if (!flags.volumes) {
        TRY(container::enter_outer(context.outer, context.places));
    } else {
        PrunedVolumes pruned = TRY(prune_volumes(context, false, flags.filters));
        freed = pruned.bytes;
        if (!pruned.names.empty())
            say("Deleted Volumes:\n%s\n\n", joined(pruned.names, "\n").c_str());
    }
    if (!flags.filters.empty())
        return freed;
    image::Store store = TRY(open_store(context));
    Fd lock = TRY(store.lock_exclusive());
    Vector<Digest> used = TRY(container::images_in_use(context.places));
    uint64_t images = 0;
    Vector<String> lines = TRY(store.prune(flags.all, used, &images, std::move(lock)));
    if (!lines.empty())
        say("Deleted Images:\n%s\n\n", joined(lines, "\n").c_str());
    return freed + images;
}

Result<int> system_prune(const PruneFlags& flags, const Context& context, Arguments)
{
    String question = str::format(
        "This removes every container that does not run, every network that none is on%s, and "
        "every image that %s.\nGo on?",
        flags.volumes ? ", every anonymous volume that no container uses" : "",
        flags.all ? "no container uses" : "has no name");
    if (!flags.force && !TRY(confirm(question.c_str())))
        return 0;
    if (flags.volumes)  // before anything is taken away
        TRY(parse_volume_filters(flags.filters, FilterUse::prune), "--volumes");
    uint64_t freed = TRY(prune_containers(context, flags.filters));
    service::Engine engine = TRY(service::open_engine(context.places, context.outer));
    Vector<String> networks = TRY(prune_networks(engine, flags.filters));
    if (!networks.empty())
        say("Deleted Networks:\n%s\n\n", joined(networks, "\n").c_str());
    freed += TRY(prune_store(context, flags));
    say("Total reclaimed space: %s\n", human_size(freed).c_str());
    return 0;
}

// ---- system reset ----------------------------------------------------------

struct ResetFlags {
    bool force = false;
};

constexpr Flag kResetFlags[] = {
    flag<&ResetFlags::force>('f', "force", nullptr, "Do not ask"_help),
};

// All that may be in the two directories.  Whatever else is there is not ours.
constexpr const char* kStoreNames[] = {"networks", "containers", "names",  "volumes", "references",
                                       "images",   "diff-ids",   "layers", "staging", "state",
                                       "clock",    "lock",       "version"};
constexpr const char* kStateNames[] = {
    "run",        "locks",   "events.json",         "events.lock", "outer",
    "outer.lock", "network", network::kAgentSocket, "agent.lock"};

Result<void> clear(const String& path, std::span<const char* const> names)
{
    auto directory = sys::open(path, O_RDONLY | O_DIRECTORY);
    if (!directory)
        return directory.error().is(ENOENT) ? Result<void>() : std::move(directory).error();
    for (const char* name : names)
        TRY(fs::remove_tree(*directory, name));
    (void)::rmdir(path.c_str());  // unless something else is in it, or it is mounted
    return {};
}

// In a child, as the files are those of the ids in the user namespace.
Result<void> clear_store(const Context& context)
{
    (void)flush();
    pid_t child = ::fork();
    if (child < 0)
        return os_error("fork");
    if (child == 0) {
        auto cleared = container::enter_outer(context.outer, context.places);
        if (cleared)
            cleared = clear(context.places.root, kStoreNames);
        if (!cleared)
            report(cleared.error());
        (void)flush();
        ::_exit(cleared ? 0 : 1);
    }
    if (TRY(process::wait(child)) != 0)
        return Error(ECANCELED, "cannot remove all of %s", context.places.root.c_str());
    return {};
}

// Their bridges, and the rules.
Result<void> lower_networks(const service::Engine& engine)
{
    if (engine.outer.map.tier != image::StoreMap::Tier::root)
        return {};
    auto networks = TRY(network::Networks::open(engine.directories.store));
    for (const Network& network : TRY(networks.list()))
        TRY(network::lower(network), "network \"%s\"", network.name.c_str());
    if (auto removed = network::remove_firewall(); !removed && !removed.error().is(ENOTSUP))
        return removed;  // this kernel may have none
    return {};
}

// It ends a moment after the last container, and its socket goes; a new one is not to lose its own.
void await_agent(const String& state)
{
    constexpr int kTries = 40, kPause = 50;  // ms
    String socket = state + "/" + network::kAgentSocket;
    for (int i = 0; i < kTries && ::access(socket.c_str(), F_OK) == 0; ++i)
        (void)::poll(nullptr, 0, kPause);
}

Result<int> system_reset(const ResetFlags& flags, const Context& context, Arguments)
{
    String question = str::format(
        "This stops and removes every container, and deletes all networks, images and volumes "
        "below %s.\n"
        "Go on?",
        context.places.root.c_str());
    if (!flags.force && !TRY(confirm(question.c_str())))
        return 0;
    // A directory that is no store is not emptied, whoever named it.
    auto version = fs::read_path(context.places.root + "/version");
    if (!version && version.error().is(ENOENT))
        return Error(ENOENT, "there is no store at %s", context.places.root.c_str());
    if (!TRY(std::move(version)).starts_with("kist store "))
        return Error(EINVAL, "%s is not a store of kist", context.places.root.c_str());
    service::Engine engine = TRY(service::open_engine(context.places, context.outer));
    for (Listed& each : TRY(list_containers(engine))) {
        auto removed = service::remove(engine, summary_of(std::move(each)), {.force = true});
        if (!removed && !removed.error().is(ENOENT))
            return std::move(removed).error();
    }
    TRY(lower_networks(engine));
    TRY(clear_store(context));
    await_agent(context.places.state);
    TRY(clear(context.places.state, kStateNames));
    return 0;
}

}  // namespace

extern const Command kContainerPrune = {
    .name = "container prune",
    .operands = "",
    .summary = "Remove containers that do not run"_help,
    .flags = kContainerFlags,
    .run = with_context<PruneFlags, container_prune>,
};

extern const Command kSystemPrune = {
    .name = "system prune",
    .operands = "",
    .summary = "Remove containers, networks, images and volumes that nobody needs"_help,
    .details = "With --filter, containers, networks and volumes only.\n"_help,
    .flags = kSystemFlags,
    .run = with_context<PruneFlags, system_prune>,
};

extern const Command kSystemReset = {
    .name = "system reset",
    .operands = "",
    .summary = "Remove everything: all containers, networks, images and volumes"_help,
    .flags = kResetFlags,
    .run = with_context<ResetFlags, system_reset>,
};

}  // namespace kist::cli
