// reactor.h - one epoll(7) for all that the agent waits for.

#pragma once

#include <cstdint>

#include "base/fd.h"
#include "base/result.h"
#include "base/vector.h"

struct epoll_event;

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

// How many descriptors this process may have: RLIMIT_NOFILE as it is now.
size_t max_files();

class Reactor {
public:
    static Result<Reactor> make();
    Reactor(Reactor&&) = default;
    ~Reactor();  // deletes whom it has retired, and nobody else

    // Until it is forgotten or closed everywhere; a second time: for `handler` from now on.
    // `events` of epoll_ctl(2); one handler may wait for several.  It is borrowed until it is
    // retired.  ENOSPC: fs.epoll.max_user_watches.
    Result<void> watch(const Fd& file, uint32_t events, Handler& handler);
    // What has happened in this turn may still be told.
    void forget(const Fd& file);
    // Is called once more in the next turn even if nothing happens: who has moved enough for now
    // lets others move.
    void again(Handler& handler);
    // It is not called any more, and deleted at the end of the turn: events for it may be at hand.
    void retire(Handler* handler);

    // Something small was passed on to who had the word before: the next turn waits for the answer
    // awake, if what was waited for so has come at once lately.
    void expect_answer() { expects_ = true; }

    // Waits until something happens, or for `milliseconds` (-1: as long as it takes), and calls
    // whom it concerns.
    void turn(int milliseconds);

private:
    explicit Reactor(Fd epoll) : epoll_(std::move(epoll)) {}
    int wait(epoll_event* events, int milliseconds);
    int look(epoll_event* events);
    void bury();

    Fd epoll_;
    bool expects_ = false;    // an answer
    bool soon_ = false;       // the last one came
    int64_t alone_from_ = 0;  // until then others want the processor, too; of steady_nanos()
    Vector<Handler*> again_, retired_;
};

}  // namespace kist::network
