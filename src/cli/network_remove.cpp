// network_remove.cpp - network rm and prune.

#include "cli/command.h"
#include "cli/network.h"
#include "cli/print.h"
#include "cli/say.h"

namespace kist::cli {

namespace {

struct RmFlags {
    bool force = false;
};

constexpr Flag kRmFlags[] = {
    flag<&RmFlags::force>('f', "force", nullptr, "One that is not there is no error"_help),
};

Result<void> remove_one(const service::Engine& engine, std::string_view name)
{
    if (network::is_reserved(name))
        return Error(EPERM, "network \"%.*s\" is there always", int(name.size()), name.data());
    auto networks = TRY(network::Networks::open(engine.directories.store));
    Network network = TRY(networks.find(name));
    if (network::is_reserved(network.name))
        return remove_one(engine, network.name);
    TRY(service::remove_network(engine, network));
    service::tell_network(engine, "destroy", network);
    return {};
}

Result<int> rm(const RmFlags& flags, const service::Engine& engine, Arguments operands)
{
    int status = 0;
    for (std::string_view name : operands) {
        auto removed = remove_one(engine, name);
        if (removed || (flags.force && removed.error().is(ENOENT))) {
            say_line(String(name));
        } else {
            report(removed.error());
            status = 1;
        }
    }
    return status;
}

struct PruneFlags {
    bool force = false;
    Vector<String> filters;
};

// clang-format off
constexpr Flag kPruneFlags[] = {
    flag<&PruneFlags::filters>(0,   "filter", "KEY=VALUE", "Only those of before until=TIME, with label=NAME[=VALUE], or without (label!=...)"_help),
    flag<&PruneFlags::force>  ('f', "force",  nullptr,     "Do not ask"_help),
};
// clang-format on

Result<int> prune(const PruneFlags& flags, const service::Engine& engine, Arguments)
{
    if (!flags.force && !TRY(confirm("Remove every network that no container is on?")))
        return 0;
    Vector<String> names = TRY(prune_networks(engine, flags.filters));
    if (!names.empty())
        say("Deleted Networks:\n%s\n", joined(names, "\n").c_str());
    return 0;
}

}  // namespace

Result<Vector<String>> prune_networks(const service::Engine& engine, const Vector<String>& filters)
{
    Conditions conditions = TRY(parse_network_filters(filters, FilterUse::prune));
    auto networks = TRY(network::Networks::open(engine.directories.store));
    Vector<String> names;
    for (const Network& network : TRY(networks.list())) {
        if (network::is_reserved(network.name) || !match_network(conditions, {network, false}))
            continue;
        auto removed = service::remove_network(engine, network);
        if (!removed) {
            if (!removed.error().is(EBUSY))  // the others are removed all the same, and told of
                report(removed.error());
            continue;
        }
        service::tell_network(engine, "destroy", network);
        names.push_back(network.name);
    }
    return names;
}

extern const Command kNetworkPrune = {
    .name = "network prune",
    .operands = "",
    .summary = "Remove networks that no container is on"_help,
    .flags = kPruneFlags,
    .run = with_engine<PruneFlags, prune>,
};

extern const Command kNetworkRm = {
    .name = "network rm",
    .operands = "NETWORK...",
    .summary = "Remove networks"_help,
    .flags = kRmFlags,
    .offer = Offer::networks,
    .run = with_engine<RmFlags, rm>,
};

}  // namespace kist::cli
