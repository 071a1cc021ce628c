// tcp_relay.h - connections of containers, and to their published ports, made and passed on.
//
// Both ends are the kernel's TCP; what goes between them is tcp_flow.h's.  A container's connection
// is made on this machine's side first, while its first packet waits here: so what becomes of that
// becomes of the container's.

#pragma once

#include <cstdint>
#include <memory>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "network/gateway.h"
#include "network/guests.h"
#include "network/packet.h"
#include "network/reactor.h"
#include "network/tcp_flow.h"

namespace kist::network {

class TcpPending;
class TcpListener;

class TcpRelay {
public:
    // All are borrowed.  What it may have open follows from max_files().  SIGPIPE is to be ignored.
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
    // Only what is of networks that the container is not on any more, as `now` says.
    void forget(const String& container, const Guest* now);

    // In clock::steady_ms(); INT64_MAX: nothing is.  expire() is to be called then.
    int64_t due() const { return due_; }
    void expire(int64_t now);

private:
    friend class TcpPending;
    friend class TcpListener;

    TcpAccount& account_of(const Guest& guest, const Endpoint& endpoint);
    bool is_full(const TcpAccount& account, bool begins) const;
    TcpPending* find(const FlowKey& key) const;
    void open(const Packet& syn, const SocketAddress& to, TcpAccount& account);
    void established(TcpPending& pending);
    void refuse(const Packet& syn, int error) const;
    void remove(TcpPending& pending);
    void accept(bool six);
    void admit(TcpListener& listener);
    Fd reach(const SocketAddress& client, const Endpoint& endpoint, uint16_t port) const;
    void pause(TcpListener& listener);
    void wake_at(int64_t when);

    Reactor& reactor_;
    const Gateway& gateway_;
    const Guests& guests_;
    Vector<std::unique_ptr<TcpAccount>> accounts_;
    TcpFlows flows_;
    size_t most_ = 0;          // connections in all
    size_t awaited_ = 0;       // of pending_: connected, and not accepted yet
    int64_t due_ = INT64_MAX;  // of nobody sooner
    Vector<TcpPending*> pending_;
    Vector<TcpListener*> listeners_;
};

}  // namespace kist::network
