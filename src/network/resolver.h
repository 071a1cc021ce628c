// resolver.h - the DNS server that a container asks: names of its neighbours from the leases, all
// else from the servers of this machine (RFC 1035, 7766).
//
// It lives in the container's monitor, as part of its poll(2).  Its sockets were made in the
// container's network namespace; the ones it asks with are this machine's own, so that a server on
// this machine's loopback works too.  resolv.conf is read again when it has changed.

#pragma once

#include <poll.h>

#include <cstdint>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "network/leases.h"

namespace kist::network {

// Bound to the same port of 127.0.0.11 in the network namespace of the calling process.
struct ResolverSockets {
    Fd udp, tcp;
    uint16_t port = 0;

    static Result<ResolverSockets> open();
};

struct ResolverOptions {
    String state;            // the volatile directory's path: leases and the wiring
    String container;        // whose neighbours are found: its id
    Vector<String> servers;  // --dns; none: those of /etc/resolv.conf
    String resolv_conf = "/etc/resolv.conf";
};

class Resolver {
public:
    Resolver(ResolverSockets sockets, ResolverOptions options);
    Resolver(const Resolver&) = delete;
    ~Resolver();

    // What to wait for, appended; the number of rows may change from turn to turn.
    void wish(Vector<pollfd>& waits) const;
    // `events` are the rows that wish() appended.
    void act(std::span<const pollfd> events);
    // In clock::steady_ms(); INT64_MAX: nothing is under way.  act() is to be called then, too.
    int64_t due() const;

private:
    struct State;
    State* state_;
};

}  // namespace kist::network
