// reactor.h - one epoll(7) for all that the agent waits for.

#pragma once

#include <cstdint>

#include "base/fd.h"
#include "base/result.h"
#include "base/vector.h"

namespace kist::network {

// Who waits for something to happen to a descriptor.  Deleted by the Reactor, after retire().
class Handler {
public:
    virtual ~Handler() = default;
    // `events` of epoll_ctl(2); 0: its turn after again().
    virtual void ready(uint32_t events) = 0;

private:
    friend class Reactor;
    bool retired_ = false, again_ = false;
};

class Reactor {
public:
    static Result<Reactor> make();

    // Until it is forgotten or closed everywhere.  `handler` is borrowed until it is retired.
    Result<void> watch(const Fd& file, uint32_t events, Handler& handler);
    void forget(const Fd& file);
    // Is called once more in the next turn even if nothing happens: who has moved enough for now
    // lets others move.
    void again(Handler& handler);
    // It is not called any more, and deleted at the end of the turn: events for it may be at hand.
    void retire(Handler* handler);

    // Waits until something happens, or for `milliseconds` (-1: as long as it takes), and calls
    // whom it concerns.
    void turn(int milliseconds);
};

}  // namespace kist::network
