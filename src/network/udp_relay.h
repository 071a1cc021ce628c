// udp_relay.h - datagrams of containers, and to their published ports.
//
// Who sends to somebody gets a socket for that pair on either side, so that answers come from where
// they are expected and from nobody else, and errors (ICMP) find back.  A pair that is silent for
// half a minute, or three when it has been answered, is forgotten.
//
//     container == the gateway's socket of the pair == agent == its own one        == host
//     container == the gateway's socket of the pair == agent == the published port == client

#pragma once

#include <cstdint>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "network/gateway.h"
#include "network/guests.h"
#include "network/packet.h"
#include "network/reactor.h"
#include "network/udp_batch.h"

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
    // Ends its pairs, but keeps its ports: what it may reach, or where it is, has changed.
    void forget(const String& container);
    int64_t due() const { return due_; }
    void expire(int64_t now);

private:
    class Source;
    class Half;
    struct Pair;
    // What a pair is found by; both are hashes.
    struct Row {
        uint64_t key, container;
        Pair* pair;
    };

    Pair* find(const Source& source, const FlowKey& key) const;
    Pair* open(Source& source, const FlowKey& key, int index);
    FlowKey inside_of(const Source& source, const FlowKey& key, const Guest& guest);
    Pair* add(Source& source, const FlowKey& key, uint64_t container, Fd inside, Fd outside);
    void make_room(const Source& source, uint64_t container);
    void end(Pair* pair);
    void came(Pair& pair, bool outside);
    void failed(const Pair& pair, int code);
    void tell(const FlowKey& key, std::string_view payload, int code);
    void wake_at(int64_t when) { due_ = when < due_ ? when : due_; }

    Reactor& reactor_;
    const Gateway& gateway_;
    const Guests& guests_;
    size_t most_ = 0;  // pairs in all
    Vector<Row> pairs_;
    Vector<Source*> sources_;  // the first are the gateway's
    UdpBatch batch_;
    int64_t due_ = INT64_MAX;  // of nobody sooner
    int64_t used_ = 0;         // when batch_ was
    bool batch_rests_ = true;
};

}  // namespace kist::network
