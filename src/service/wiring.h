// wiring.h - a container's networks: taken before it runs, connected while its first process waits,
// given back when it has ended.
//
// All of it is on record in STATE/run/ID/network.json (network/wiring.h) before it is there, so
// that it can be undone from there alone, by whoever finds the container dead (network/unwire.h).
// What goes with the monitor by itself is what it holds: the sockets that reserve published ports,
// and the resolver that the container asks.
//
// An ordinary user's networks are in the gateway of the user's agent (service/agent.h).  It serves
// the container as long as the monitor is connected with it, and when it has ended the monitor
// starts it again and connects the container anew (wiring_relayed.cpp).
//
// Once the container runs, the lock of the leases is tried again and again and never waited for:
// who holds it may itself be waiting for the agent, and the container wants its names meanwhile.

#pragma once

#include <poll.h>

#include <optional>
#include <span>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/container.h"
#include "container/launch.h"
#include "network/leases.h"
#include "network/network.h"
#include "network/resolver.h"
#include "network/wiring.h"
#include "service/agent.h"
#include "service/engine.h"

namespace kist::service {

inline constexpr int64_t kLockedMs = 100;  // until it is tried again

class Wire final : public container::Connector {
public:
    // All are borrowed.  `directory` is STATE/run/ID.
    Wire(const Engine& engine, container::Spec& spec, const Fd& directory)
        : engine_(engine), spec_(spec), directory_(directory)
    {
    }

    // Finds the agent, or starts it, where the container needs one.  Before the monitor moves to
    // the container's cgroup, where the agent of all does not belong.
    Result<void> summon();
    // Before the container's first process is there: makes bridges, takes addresses and ports, or
    // finds the container whose network it shares; and tells the launch.  What of it is done when
    // there is an error is undone by let_go() or container::finish().
    Result<void> prepare(container::LaunchOptions& options);
    Result<void> connect(const Fd& network_namespace) override;
    // Gives all back; it can be prepared again.
    Result<void> let_go();
    // What finish() has not: the ports and the resolver.
    void forget();
    // The container has another name: so it has for its neighbours.
    void rename();
    // It is on other networks than before: rewire.cpp.
    void reload();

    // For the monitor's poll(2): as of the resolver (network/resolver.h), and for the agent.
    void wish(Vector<pollfd>& waits) const;
    void act(std::span<const pollfd> waits);
    int64_t due() const;

private:
    Result<void> share();
    Result<void> take();
    Result<void> take_ports();
    bool has_networks() const;
    bool is_relayed() const { return engine_.outer.map.tier != image::StoreMap::Tier::root; }
    Result<void> plug(const Fd& network_namespace);
    Result<void> join(bool anew, network::Leases leases);
    void lose_agent();
    void rejoin();
    network::Guest guest() const;
    void resolve(network::ResolverSockets sockets);

    const Engine& engine_;
    container::Spec& spec_;
    const Fd& directory_;
    network::Wiring wiring_;
    Vector<network::Network> networks_;  // of the endpoints, until they are connected
    Vector<Fd> ports_;                   // whose packets the rules lead on
    std::optional<network::Resolver> resolver_;
    std::optional<Fd> shared_network_, shared_files_;

    // Where the agent is needed: for all of an ordinary user's networks; for ports that root
    // publishes where there are no rules, or none for them.
    std::optional<Agent> agent_;
    bool ruled_ = true;
    Vector<network::Port> relayed_;
    Vector<Fd> relayed_ports_;
    Fd network_namespace_;           // the container's
    int64_t rejoin_at_ = INT64_MAX;  // in clock::steady_ms(), as these
    int64_t tried_at_ = 0, pause_ = 0;
    int64_t rename_at_ = INT64_MAX;
};

// Puts a container on one more network, at once when it runs.  EEXIST: it is on it.  EINVAL: it has
// no network of its own.  `wish.names` are aliases.
Result<void> connect(const Engine& engine, const container::Summary& container, const String& name,
                     const network::Wish& wish);
// ENOENT: it is not on that network.  When it was the first one, the next takes its place, and its
// published ports.
Result<void> disconnect(const Engine& engine, const container::Summary& container,
                        const String& name);

// ---- for these files ---------------------------------------------------------------------

// A network of `spec`; ENOENT says what to do.
Result<network::Network> find_network(const Engine& engine, const container::Spec& spec,
                                      const String& name);
// Adds the endpoint of `attachment` to `wiring`, which is written before anything is taken; makes
// its bridge, unless that is the agent's.  The caller holds the lock of the leases.
Result<void> take_endpoint(const network::Leases& leases, const network::Network& network,
                           const container::Spec& spec, const container::Attachment& attachment,
                           network::Wiring& wiring, const Fd& directory);
// For network::in_namespace() of the container's; `context` is one of these.
struct ResolverRequest {
    const Vector<String>& servers;  // of --dns
    network::ResolverSockets sockets;
};
inline constexpr const char* kNoResolver = "cannot make the container's resolver";
Result<void> open_resolver(void* context);
// The network namespace of a container's first process; nothing when it does not live.
Result<std::optional<Fd>> network_namespace_of(const container::State& state);

}  // namespace kist::service
