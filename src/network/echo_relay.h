// echo_relay.h - ping: ICMP echo of containers, by the kernel's ping sockets on this machine's
// side, which need no rights where net.ipv4.ping_group_range lets the user's group have them:
// icmp(7).

#pragma once

#include <cstdint>

#include "base/vector.h"
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
    // The gateway itself always answers.
    void ask(const Packet& echo);
    // Ends all that its container has under way.
    void withdraw(const String& container);
    int64_t due() const { return due_; }
    void expire(int64_t now);

private:
    class Flow;

    Flow* find(const FlowKey& key) const;
    Flow* open(const FlowKey& key, uint64_t container);
    void make_room(uint64_t container);
    void end(Flow* flow);
    void tell(const FlowKey& key, uint16_t number, int code) const;

    Reactor& reactor_;
    const Gateway& gateway_;
    const Guests& guests_;
    Vector<Flow*> flows_;
    int64_t due_ = INT64_MAX;  // of nobody sooner
};

}  // namespace kist::network
