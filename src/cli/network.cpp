// network.cpp - network create, ls, inspect.

#include "cli/network.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "cli/command.h"
#include "cli/labels.h"
#include "cli/print.h"
#include "cli/say.h"
#include "container/names.h"
#include "network/route.h"

namespace kist::cli {

namespace {

using network::Address;
using network::Pool;
using network::Subnet;

// ---- create ----------------------------------------------------------------------------------

struct CreateFlags {
    bool internal = false, ipv6 = false;
    String driver = "bridge";
    Vector<String> subnets, ranges, gateways, labels, options;
};

// clang-format off
constexpr Flag kCreateFlags[] = {
    flag<&CreateFlags::driver>  ('d', "driver",   "DRIVER",       "bridge, the only one there is"_help),
    flag<&CreateFlags::gateways>(0,   "gateway",  "ADDRESS",      "The bridge's address, unless said the first of the subnet"_help),
    flag<&CreateFlags::internal>(0,   "internal", nullptr,        "Have no way out"_help),
    flag<&CreateFlags::ranges>  (0,   "ip-range", "SUBNET",       "Give containers addresses of this part of the subnet"_help),
    flag<&CreateFlags::ipv6>    (0,   "ipv6",     nullptr,        "Have IPv6, too"_help),
    flag<&CreateFlags::labels>  (0,   "label",    "NAME[=VALUE]", "Give it a label"_help),
    flag<&CreateFlags::options> ('o', "opt",      "NAME=VALUE",   "com.docker.network.bridge.enable_icc=false and the like"_help),
    flag<&CreateFlags::subnets> (0,   "subnet",   "SUBNET",       "10.20.0.0/24 for example; unless said, one that is free"_help),
};
// clang-format on

// The pool whose subnet has the address, which `flag` says.
Result<Pool*> pool_of(Vector<Pool>& pools, const Address& address, const char* flag)
{
    for (Pool& pool : pools)
        if (TRY(Subnet::parse(pool.subnet), "--subnet").contains(address))
            return &pool;
    return Error(EINVAL, "--%s %s is in no --subnet", flag, address.text().c_str())
        .with_hint("give the --subnet that it is in, too");
}

// What a bridge's subnet covers is not looked for elsewhere any more: this machine's router, say.
void warn_of_routes(const String& text)
{
    auto subnet = Subnet::parse(text);
    auto routes = network::used_subnets();
    const Subnet* widest = nullptr;
    if (subnet && routes)
        for (const Subnet& route : *routes)
            if (route.overlaps(*subnet) && (!widest || route.bits < widest->bits))
                widest = &route;
    if (widest)
        log::warn("--subnet %s overlaps this machine's route to %s: what is there may be cut off",
                  text.c_str(), widest->text().c_str());
}

Result<int> create(const CreateFlags& flags, const service::Engine& engine, Arguments operands)
{
    if (flags.driver != "bridge")
        return Error(EINVAL, "--driver %s: there is only \"bridge\"", flags.driver.c_str());
    TRY(container::check_name(operands[0], "network", 1));
    Network network;
    network.name = operands[0];
    network.internal = flags.internal;
    network.ipv6 = flags.ipv6;
    for (const String& subnet : flags.subnets)
        network.pools.push_back({.subnet = subnet});
    for (const String& range : flags.ranges) {
        Subnet subnet = TRY(Subnet::parse(range), "--ip-range");
        TRY(pool_of(network.pools, subnet.base, "ip-range"))->range = range;
    }
    for (const String& gateway : flags.gateways) {
        Address address = TRY(Address::parse(gateway), "--gateway");
        TRY(pool_of(network.pools, address, "gateway"))->gateway = gateway;
    }
    network.labels = pairs_of(flags.labels);
    network.options = pairs_of(flags.options);
    auto networks = TRY(network::Networks::open(engine.directories.store));
    network = TRY(networks.make(std::move(network)));
    service::tell_network(engine, "create", network);
    // An ordinary user's bridges are apart from this machine's links.
    for (const String& subnet : flags.subnets)
        if (engine.outer.map.tier == image::StoreMap::Tier::root)
            warn_of_routes(subnet);
    say_line(network.id);
    return 0;
}

// ---- ls, inspect -----------------------------------------------------------------------------

struct LsFlags {
    bool quiet = false, no_trunc = false;
    String format;
    Vector<String> filters;
};

// clang-format off
constexpr Flag kLsFlags[] = {
    flag<&LsFlags::filters> ('f', "filter",   "KEY=VALUE", "Show those with this name, id, label, driver or type (custom or builtin), or that no container is on (dangling=true)"_help),
    flag<&LsFlags::format>  (0,   "format",   "FORMAT",    "json, or a template such as '{{.Name}} {{.Driver}}'"_help),
    flag<&LsFlags::no_trunc>(0,   "no-trunc", nullptr,     "Show whole ids"_help),
    flag<&LsFlags::quiet>   ('q', "quiet",    nullptr,     "Print ids only"_help),
};
constexpr Column kColumns[] = {
    {"ID", "NETWORK ID"},
    {"Name", "NAME"},
    {"Driver", "DRIVER"},
    {"Scope", "SCOPE"},
    {"IPv6", "IPV6", false},
    {"Internal", "INTERNAL", false},
    {"Labels", "LABELS", false},
    {"CreatedAt", "CREATED AT", false},
    {"Label", "", false, true},
};
// clang-format on

const char* word_of(bool value)
{
    return value ? "true" : "false";
}

Result<int> ls(const LsFlags& flags, const service::Engine& engine, Arguments)
{
    Conditions conditions = TRY(parse_network_filters(flags.filters, FilterUse::list));
    Vector<container::Spec> specs = TRY(container::all_specs(engine.places));
    Vector<Row> rows;
    for (const Network& each : TRY(all_networks(engine))) {
        bool used = false;
        for (const container::Spec& spec : specs)
            used = used || service::is_on(spec, each);
        if (!match_network(conditions, {each, used}))
            continue;
        rows.push_back({flags.no_trunc ? each.id : each.id.substr(0, kShortId), each.name,
                        network_driver(each), "local", word_of(each.ipv6), word_of(each.internal),
                        text_of(each.labels), each.created, json::write(each.labels)});
    }
    TRY(print_rows(kColumns, rows, flags.quiet ? "{{.ID}}" : flags.format));
    return 0;
}

struct InspectFlags {
    String format;
};

constexpr Flag kInspectFlags[] = {
    flag<&InspectFlags::format>('f', "format", "FORMAT",
                                "json, or a template such as '{{.Internal}}'"_help),
};

Result<int> inspect(const InspectFlags& flags, const service::Engine& engine, Arguments operands)
{
    Vector<String> documents;
    int status = 0;
    for (std::string_view name : operands) {
        auto document = network_document(engine, name);
        if (document) {
            documents.push_back(std::move(*document));
        } else {
            report(document.error());
            status = 1;
        }
    }
    TRY(print_documents(documents, flags.format));
    return status;
}

bool is_older(const Network& network, int64_t moment)
{
    auto created = clock::from_text(network.created);
    return created && *created < moment;
}

const SeenNetwork& seen_by(const void* seen)
{
    return *static_cast<const SeenNetwork*>(seen);
}

using S = const void*;
using C = const Condition&;
using enum FilterUse;

// clang-format off
constexpr FilterKey kFilters[] = {
    {"dangling", list, true,  [](S s, C c) { return (!seen_by(s).used && !network::is_reserved(seen_by(s).network.name)) == bool(c.number); }, read_truth},
    {"driver",   list, false, [](S s, C c) { return c.value == network_driver(seen_by(s).network); }},
    {"id",       list, false, [](S s, C c) { return seen_by(s).network.id.starts_with(c.value); }},
    {"label",    both, true,  [](S s, C c) { return has_label(seen_by(s).network.labels, c.value); }},
    {"label!",   both, true,  [](S s, C c) { return !has_label(seen_by(s).network.labels, c.value); }},
    {"name",     list, false, [](S s, C c) { return match_name(seen_by(s).network.name, c.value); }},
    {"scope",    list, false, [](S, C c) { return c.value == "local"; }},
    {"type",     list, false, [](S s, C c) { return c.value == (network::is_reserved(seen_by(s).network.name) ? "builtin" : "custom"); }},
    {"until",    both, true,  [](S s, C c) { return is_older(seen_by(s).network, c.number); }, read_time},
};
// clang-format on

}  // namespace

Result<Conditions> parse_network_filters(const Vector<String>& words, FilterUse use)
{
    return parse_filters(kFilters, words, use);
}

bool match_network(const Conditions& conditions, const SeenNetwork& seen)
{
    return match_filters(conditions, &seen);
}

const char* network_driver(const Network& network)
{
    if (!network.link.empty())
        return "bridge";
    return network.name == "host" ? "host" : "null";
}

Result<Vector<Network>> all_networks(const service::Engine& engine)
{
    auto networks = TRY(network::Networks::open(engine.directories.store));
    Vector<Network> all = TRY(networks.list());
    for (const char* name : {"host", "none"}) {
        size_t place = 0;
        while (place < all.size() && !(String(name) < all[place].name))
            place++;
        all.insert(all.begin() + place, Network{.name = name, .id = Digest::of(name).hex()});
    }
    return all;
}

extern const Command kNetworkCreate = {
    .name = "network create",
    .operands = "NETWORK",
    .summary = "Make a network for containers"_help,
    .flags = kCreateFlags,
    .run = with_engine<CreateFlags, create>,
};

extern const Command kNetworkInspect = {
    .name = "network inspect",
    .operands = "NETWORK...",
    .summary = "Show all that is known of networks"_help,
    .flags = kInspectFlags,
    .offer = Offer::networks,
    .run = with_engine<InspectFlags, inspect>,
};

extern const Command kNetworkLs = {
    .name = "network ls",
    .operands = "",
    .summary = "List networks"_help,
    .flags = kLsFlags,
    .run = with_engine<LsFlags, ls>,
};

}  // namespace kist::cli
