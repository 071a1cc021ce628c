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

class Tap;

class Relay {
public:
    // Both are borrowed.  Watches the gateway's sockets.
    Relay(Reactor& reactor, const Gateway& gateway);
    ~Relay();
    Relay(const Relay&) = delete;

    // A guest whose links are there, or one that was served already and has changed.  `ports`: the
    // bound sockets of its ports, in their order; none for one that is served already, whose ports
    // stay, and lead to its first endpoint of now.  After an error nothing is left of one that
    // is new.  EINVAL; ENODEV: a bridge is not there.
    Result<void> serve(Guest guest, Vector<Fd> ports);
    // Nothing of it is left: ports, connections, pairs.
    void dismiss(const String& container);

    // As of TcpRelay.
    int64_t due() const;
    void expire(int64_t now);

private:
    friend class Tap;
    Result<void> tap(const String& bridge);
    Result<void> connect(const String& container, Vector<Fd> ports);

    Reactor& reactor_;
    const Gateway& gateway_;
    Guests guests_;
    TcpRelay tcp_;
    UdpRelay udp_;
    EchoRelay echo_;
    Vector<Tap*> taps_;
};

}  // namespace kist::network
