// wiring.h - a container's networks: taken before it runs, connected while its first process waits,
// given back when it has ended.
//
// All of it is on record in STATE/run/ID/network.json (network/wiring.h) before it is there, so
// that it can be undone from there alone, by whoever finds the container dead (network/unwire.h).
// What goes with the monitor by itself is what it holds: the sockets that reserve published ports,
// and the resolver that the container asks.

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
#include "service/engine.h"

namespace kist::service {

class Wire final : public container::Connector {
public:
    // All are borrowed.  `directory` is STATE/run/ID.
    Wire(const Engine& engine, container::Spec& spec, const Fd& directory)
        : engine_(engine), spec_(spec), directory_(directory)
    {
    }

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
    void rename() const;

    // For the monitor's poll(2): as of the resolver (network/resolver.h).
    void wish(Vector<pollfd>& waits) const;
    void act(std::span<const pollfd> waits);
    int64_t due() const;

private:
    Result<void> share();
    Result<void> take();
    Result<void> take_ports();
    Result<void> plug(const Fd& network_namespace);

    const Engine& engine_;
    container::Spec& spec_;
    const Fd& directory_;
    network::Wiring wiring_;
    Vector<network::Network> networks_;  // of the endpoints, until they are connected
    Vector<Fd> ports_;
    std::optional<network::Resolver> resolver_;
    std::optional<Fd> shared_network_, shared_files_;
};

// Puts a container on one more network, at once when it runs.  EEXIST: it is on it.  EINVAL: it has
// no network of its own.  `wish.names` are aliases.
Result<void> connect(const Engine& engine, const container::Summary& container, const String& name,
                     const network::Wish& wish);
// ENOENT: it is not on that network.  When it was the first one, the next takes its place, and its
// published ports.
Result<void> disconnect(const Engine& engine, const container::Summary& container,
                        const String& name);

// ---- for these two files ---------------------------------------------------------------------

// A network of `spec`; ENOENT says what to do.
Result<network::Network> find_network(const Engine& engine, const container::Spec& spec,
                                      const String& name);
// Adds the endpoint of `attachment` to `wiring`, which is written before anything is taken.  The
// caller holds the lock of the leases.
Result<void> take_endpoint(const network::Leases& leases, const network::Network& network,
                           const container::Spec& spec, const container::Attachment& attachment,
                           network::Wiring& wiring, const Fd& directory);
// The network namespace of a container's first process; nothing when it does not live.
Result<std::optional<Fd>> network_namespace_of(const container::State& state);

}  // namespace kist::service
