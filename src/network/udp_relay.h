// udp_relay.h - datagrams of containers, and to their published ports.
//
// Who sends to somebody gets a socket for that pair on either side, so that answers come from where
// they are expected and from nobody else, and errors (ICMP) find back.  A pair that is silent for
// half a minute, or three when it has been answered, is forgotten.

#pragma once

#include <cstdint>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "network/gateway.h"
#include "network/guests.h"
#include "network/reactor.h"

namespace kist::network {

class UdpRelay {
public:
    // All are borrowed.
    UdpRelay(Reactor& reactor, const Gateway& gateway, const Guests& guests);
    ~UdpRelay();
    UdpRelay(const UdpRelay&) = delete;

    // As of TcpRelay.
    Result<void> publish(Fd socket, const String& container, size_t index);
    void withdraw(const String& container);
    int64_t due() const;
    void expire(int64_t now);
};

}  // namespace kist::network
