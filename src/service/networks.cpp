// networks.cpp - networks and the containers that are on them.

#include "service/networks.h"

#include "base/sys.h"
#include "network/bridge.h"
#include "network/leases.h"
#include "service/agent.h"
#include "service/events.h"

namespace kist::service {

namespace {

using container::Attachment;
using container::Spec;
using network::Network;

Result<void> check_address(const Network& network, const String& text, bool six)
{
    if (text.empty())
        return {};
    const network::Pool* pool = network.pool(six);
    if (!pool)
        return Error(EINVAL, "%s: network \"%s\" has no IPv6", text.c_str(), network.name.c_str())
            .with_hint("make one with \"kist network create --ipv6\"");
    auto subnet = TRY(network::Subnet::parse(pool->subnet));
    if (!subnet.contains(TRY(network::Address::parse(text))))
        return Error(EINVAL, "%s is not in %s, the subnet of network \"%s\"", text.c_str(),
                     pool->subnet.c_str(), network.name.c_str())
            .with_hint("without it the container gets one that is free");
    return {};
}

}  // namespace

Result<void> check_attachment(const Attachment& attachment, const Network& network)
{
    // They would be found by nobody.
    if (!attachment.aliases.empty() && network.name == network::kDefaultNetwork)
        return Error(EINVAL, "--network-alias: network \"%s\" knows no names", network.name.c_str())
            .with_hint("use one that \"kist network create\" made");
    TRY(check_address(network, attachment.address, false));
    return check_address(network, attachment.address6, true);
}

Result<void> settle_networks(const Engine& engine, Spec& spec)
{
    if (!spec.network_of.empty())
        spec.network_of = TRY(container::find(engine.directories, spec.network_of),
                              "--network container:%s", spec.network_of.c_str())
                              .spec.id;
    if (spec.attachments.empty())
        return {};
    if (spec.allow_host_loopback && engine.outer.map.tier == image::StoreMap::Tier::root)
        return Error(EINVAL,
                     "--allow-host-loopback is for networks of ordinary users: root's "
                     "containers get to 127.0.0.1 of this machine by no address")
            .with_hint("let the service listen on all addresses, or use --network host");
    auto networks = TRY(network::Networks::open(engine.directories.store));
    for (Attachment& attachment : spec.attachments) {
        Network network = TRY(networks.find(attachment.network), "--network");
        for (const Attachment& other : spec.attachments)
            if (&other != &attachment && other.network == network.name)
                return Error(EINVAL, "--network %s is given twice", network.name.c_str());
        attachment.network = network.name;
        TRY(check_attachment(attachment, network));
    }
    return {};
}

bool is_on(const Spec& spec, const Network& network)
{
    for (const Attachment& attachment : spec.attachments)
        if (attachment.network == network.name)
            return true;
    return false;
}

String network_mode(const Spec& spec)
{
    if (!spec.attachments.empty())
        return spec.attachments[0].network;
    if (!spec.network_of.empty())
        return "container:" + spec.network_of;
    return spec.network_none || spec.network == container::Namespace::own ? "none" : "host";
}

Result<void> lower_network(const Engine& engine, const Network& network)
{
    if (engine.outer.map.tier == image::StoreMap::Tier::root)
        return network::lower(network);
    auto agent = TRY(Agent::find_living(engine));
    if (!agent)
        return {};
    auto lower = [](void* context, Vector<Fd>&) {
        return network::lower(*static_cast<Network*>(context));
    };
    Network copy = network;
    TRY(agent->in_gateway(lower, &copy));
    return {};
}

Result<void> remove_network(const Engine& engine, const Network& network)
{
    auto networks = TRY(network::Networks::open(engine.directories.store));
    // Who starts a container looks for its networks with this lock held.
    auto leases = TRY(network::Leases::lock(engine.places.state));
    String users;
    for (const Spec& spec : TRY(container::all_specs(engine.places)))
        if (is_on(spec, network))
            users += " " + spec.name;
    if (!users.empty())
        return Error(EBUSY, "network \"%s\" is in use by%s", network.name.c_str(), users.c_str())
            .with_hint(
                "take them off it with \"kist network disconnect\", or remove them: kist rm" +
                users);
    TRY(lower_network(engine, network), "network \"%s\"", network.name.c_str());
    TRY(networks.remove(network));
    // image::first_time()'s, of wiring.cpp.
    (void)sys::unlink_at(engine.directories.locks, ".said-firewall-" + network.link);
    return leases.remove(network.id);
}

void tell_network(const Engine& engine, const char* action, const Network& network,
                  const String& container)
{
    Event event = {.type = "network", .action = action, .id = network.id};
    if (!container.empty())
        event.attributes.push_back({"container", container});
    event.attributes.push_back({"name", network.name});
    event.attributes.push_back({"type", "bridge"});
    emit(engine.places, event);
}

}  // namespace kist::service
