// loopback_server.h - servers in a thread, for the tests of what speaks to them.

#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "base/fd.h"
#include "base/string.h"

namespace kist::registry {

// What a server sees of one connection.
class Peer {
public:
    virtual ~Peer() = default;
    // What the client sends, up to and with an empty line; empty when it has closed.
    virtual String request() = 0;
    virtual void answer(std::string_view bytes) = 0;
    // The TLS session's name, the same again when it is resumed.
    virtual String session() { return ""; }
    // Close without TLS's goodbye.
    virtual void be_rude() {}
};

// A server on a port of its own.  `serve` is called for each connection in turn, in the server's
// thread, and the connection closes when it returns.
class LoopbackServer {
public:
    using Serve = std::function<void(Peer& peer, int connection)>;

    enum class Kind { plain, tls };
    explicit LoopbackServer(Serve serve, Kind kind = Kind::plain);
    LoopbackServer(const LoopbackServer&) = delete;
    ~LoopbackServer();

    int port() const { return port_; }
    String url(const String& path = "/") const;

private:
    void run();

    Serve serve_;
    Kind kind_;
    Fd listener_;
    Fd stop_;
    int port_ = 0;
    std::thread thread_;
};

}  // namespace kist::registry
