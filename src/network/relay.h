// relay.h - all that the agent passes on between its user's containers and this machine.

#pragma once

#include <cstdint>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "network/echo_relay.h"
#include "network/gateway.h"
#include "network/guests.h"
#include "network/reactor.h"
#include "network/tcp_relay.h"
#include "network/udp_relay.h"

namespace kist::network {

class Relay {
public:
    // Both are borrowed.  Watches the gateway's sockets.
    Relay(Reactor& reactor, const Gateway& gateway);
    Relay(const Relay&) = delete;

    // A guest whose links are there, or one that was served already and has changed.  `ports`: the
    // bound sockets of its ports, in their order; none for one that is served already, whose ports
    // stay, and lead to its first endpoint of now.
    Result<void> serve(Guest guest, Vector<Fd> ports);
    // Nothing of it is left: ports, connections, pairs.
    void dismiss(const String& container);

    int64_t due() const;
    void expire(int64_t now);
};

}  // namespace kist::network
