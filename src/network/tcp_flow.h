// tcp_flow.h - connections that are passed on: each two sockets, whose bytes go to each other.

#pragma once

#include <cstddef>

#include "base/fd.h"
#include "base/string.h"
#include "base/vector.h"
#include "network/reactor.h"

namespace kist::network {

// What one container has open on one network; who lists it keeps it until its flows are reset.
struct TcpAccount {
    String container, network;
    size_t flows = 0, pending = 0;
};

class TcpHalf;

class TcpFlows {
public:
    // Borrowed.  SIGPIPE is to be ignored: splice(2) sends it.
    explicit TcpFlows(Reactor& reactor);
    ~TcpFlows();  // resets them
    TcpFlows(const TcpFlows&) = delete;

    // Passes on from now to the end.  Both are non-blocking; `connected` may be on its way still:
    // if it does not get there `accepted` is reset.  `accepted` has what settle() sets from whom it
    // was accepted by.
    void start(Fd accepted, Fd connected, TcpAccount& account);
    // Resets all that is counted there.
    void reset(const TcpAccount& account);
    size_t count() const { return flows_.size(); }
    // What is read, and not written yet, but for what is in pipes.
    size_t held() const { return held_; }

    // What long-lived connections are to have: no waiting for more to send, and word of a peer that
    // is no more.
    static void settle(const Fd& socket);
    // Ends it with RST instead of FIN.
    static void abort(Fd socket);

private:
    friend class TcpHalf;
    // An empty one; both closed when there is none.
    struct Pipe {
        Fd reader, writer;
        size_t size = 0;
    };
    Pipe take_pipe();
    void give_back(Pipe& pipe);  // one that is empty, or none

    Reactor& reactor_;
    Vector<TcpHalf*> flows_;  // the half that was accepted of each
    Vector<Pipe> pipes_;      // that nobody uses now
    size_t most_pipes_;
    size_t free_pipes_;  // that may be used besides
    size_t held_ = 0;
};

}  // namespace kist::network
