// tcp_relay.h - connections of containers, and to their published ports, made and passed on.
//
// Bytes go from socket to socket by splice(2); both ends are the kernel's TCP.  The end of one
// direction, a reset and the lack of room are carried through.

#pragma once

#include <cstdint>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "network/gateway.h"
#include "network/guests.h"
#include "network/packet.h"
#include "network/reactor.h"

namespace kist::network {

class TcpRelay {
public:
    // All are borrowed.
    TcpRelay(Reactor& reactor, const Gateway& gateway, const Guests& guests);
    ~TcpRelay();
    TcpRelay(const TcpRelay&) = delete;

    // The first packet of a connection, seen on a tap.
    void begin(const Packet& syn);
    // Listens on `socket`, which is bound, for port `index` of the guest, whose first endpoint at
    // that time gets what comes.
    Result<void> publish(Fd socket, const String& container, size_t index);
    // Its ports are closed, and its connections reset.
    void withdraw(const String& container);

    // In clock::steady_ms(); INT64_MAX: nothing is.  expire() is to be called then.
    int64_t due() const;
    void expire(int64_t now);
};

}  // namespace kist::network
