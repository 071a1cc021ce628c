// wiring_relayed.cpp - the networks of an ordinary user's container, which are in the gateway of
// the user's agent, as its monitor deals with them.

#include <algorithm>

#include "base/clock.h"
#include "base/log.h"
#include "network/bridge.h"
#include "network/firewall.h"
#include "network/netlink.h"
#include "network/route.h"
#include "service/wiring.h"

namespace kist::service {

namespace {

constexpr int64_t kLeastPauseMs = 1000, kMostPauseMs = 60'000;

// What is done in the gateway.
struct Joining {
    const network::Wiring& wiring;
    Vector<network::Network> networks;  // of its endpoints
    const Fd& network_namespace;        // the container's
    bool anew;                          // a gateway of before has left links there
    bool resolves;                      // a resolver is there already
    const Vector<String>& servers;      // of --dns
};

Result<void> remove_interface(void* context)
{
    auto route = TRY(network::Netlink::open(NETLINK_ROUTE));
    return network::remove_link(route, *static_cast<const String*>(context));
}

Result<void> join_networks(void* context, Vector<Fd>& files)
{
    auto& joining = *static_cast<Joining*>(context);
    for (size_t i = 0; i < joining.networks.size(); i++) {
        const network::Network& network = joining.networks[i];
        const network::Endpoint& endpoint = joining.wiring.endpoints[i];
        String interface = endpoint.interface;
        if (joining.anew)
            TRY(network::in_namespace(joining.network_namespace, remove_interface, &interface));
        TRY(network::raise(network, network::Place::gateway), "cannot make the network \"%s\"",
            network.name.c_str());
        TRY(network::plug(network, endpoint, joining.network_namespace, i == 0,
                          network::Place::gateway),
            "cannot connect with the network \"%s\"", network.name.c_str());
    }
    if (joining.resolves)
        return {};
    ResolverRequest request = {joining.servers, {}};
    TRY(network::in_namespace(joining.network_namespace, open_resolver, &request), kNoResolver);
    network::ResolverSockets& sockets = request.sockets;
    files = std::move(sockets.askers);
    files.push_back(std::move(sockets.udp));
    files.push_back(std::move(sockets.tcp));
    return {};
}

}  // namespace

Result<void> Wire::summon()
{
    if (!has_networks())
        return {};
    bool needed = is_relayed();
    if (!needed) {
        auto ruled = network::open_rules();
        if (!ruled && !ruled.error().is(ENOTSUP))
            return ruled;
        ruled_ = bool(ruled);
        if (!ruled_ && image::first_time(engine_.places.state, "without-rules"))
            log::warn(
                "networks are without rules (%s): containers reach no other machine, and ports "
                "that are published are relayed; \"kist check\" tells more",
                ruled.error().message().c_str());
    }
    for (const network::Port& port : spec_.published)
        needed |= !ruled_ || port.host_address.find(':') != String::npos;
    if (needed)
        agent_.emplace(TRY(Agent::find(engine_)));
    return {};
}

network::Guest Wire::guest() const
{
    network::Guest guest;
    guest.container = wiring_.container;
    guest.endpoints = wiring_.endpoints;
    for (network::Endpoint& endpoint : guest.endpoints)
        endpoint.names.clear();
    guest.ports = relayed_;
    guest.host_loopback = spec_.allow_host_loopback;
    return guest;
}

Result<void> Wire::join(bool anew, network::Leases leases)
{
    if (!wiring_.relayed) {
        leases.close();
        agent_->leave_gateway();
        return agent_->tell(guest(), relayed_ports_);
    }
    networks_.clear();
    if (anew)
        wiring_ = TRY(network::read_wiring(directory_));
    Joining joining = {wiring_, {}, network_namespace_, anew, resolver_.has_value(), spec_.dns};
    for (const network::Endpoint& endpoint : wiring_.endpoints)
        joining.networks.push_back(TRY(find_network(engine_, spec_, endpoint.network)));
    auto joined = agent_->in_gateway(join_networks, &joining);
    agent_->leave_gateway();
    Vector<Fd> files = TRY(std::move(joined));
    leases.close();
    if (files.size() >= 2) {
        network::ResolverSockets sockets;
        for (Fd* last : {&sockets.tcp, &sockets.udp}) {
            *last = std::move(files.back());
            files.pop_back();
        }
        sockets.askers = std::move(files);
        resolve(std::move(sockets));
    }
    return agent_->tell(guest(), relayed_ports_);
}

void Wire::reload()
{
    auto wiring = network::read_wiring(directory_);
    if (!agent_ || !wiring)
        return;
    Vector<network::Endpoint> before = std::move(wiring_.endpoints);
    wiring_ = std::move(*wiring);
    bool changed = before.size() != wiring_.endpoints.size();
    for (size_t i = 0; !changed && i < before.size(); i++)
        changed = before[i].address != wiring_.endpoints[i].address;
    if (!changed)  // telling would end what is under way
        return;
    agent_->hurry();  // nobody else is attended to meanwhile
    if (!agent_->tell(guest(), {}))
        lose_agent();
}

// At once, unless that was tried just now; what goes wrong again and again is tried less and less.
void Wire::lose_agent()
{
    agent_.reset();
    int64_t now = clock::steady_ms();
    rejoin_at_ = tried_at_ ? std::max(now, tried_at_ + std::max(pause_, kLeastPauseMs)) : now;
}

void Wire::rejoin()
{
    rejoin_at_ = INT64_MAX;
    tried_at_ = clock::steady_ms();
    auto leases = network::Leases::lock(engine_.places.state, false);
    if (!leases && leases.error().is(EAGAIN)) {
        rejoin_at_ = tried_at_ + kLockedMs;
        return;
    }
    auto found = leases ? Agent::find(engine_, true) : std::move(leases).error();
    Result<void> joined;
    if (found) {
        agent_ = std::move(*found);
        joined = join(true, std::move(*leases));
    } else {
        joined = std::move(found).error();
    }
    pause_ = joined ? 0 : std::clamp(2 * pause_, kLeastPauseMs, kMostPauseMs);
    if (joined)
        return;
    log::debug("cannot connect container %.12s again: %s", spec_.id.c_str(),
               joined.error().message().c_str());
    lose_agent();
}

}  // namespace kist::service
