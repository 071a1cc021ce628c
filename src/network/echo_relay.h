// echo_relay.h - ping: ICMP echo of containers, by the kernel's ping sockets on this machine's
// side, which need no rights where net.ipv4.ping_group_range lets the user's group have them:
// icmp(7).

#pragma once

#include <cstdint>

#include "network/gateway.h"
#include "network/guests.h"
#include "network/packet.h"
#include "network/reactor.h"

namespace kist::network {

class EchoRelay {
public:
    // All are borrowed.
    EchoRelay(Reactor& reactor, const Gateway& gateway, const Guests& guests);
    ~EchoRelay();
    EchoRelay(const EchoRelay&) = delete;

    // An echo request seen on a tap.  Where there are no ping sockets, "prohibited" comes back.
    void ask(const Packet& echo);
    void withdraw(const String& container);
    int64_t due() const;
    void expire(int64_t now);
};

}  // namespace kist::network
