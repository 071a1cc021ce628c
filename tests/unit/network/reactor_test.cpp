// reactor_test.cpp - who is called, how often, and until when.

#include "network/reactor.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "check.h"

using namespace kist;
using network::Handler;
using network::Reactor;

namespace {

Fd event(unsigned value = 0)
{
    return Fd(::eventfd(value, EFD_CLOEXEC | EFD_NONBLOCK));
}

// Counts its calls, retires another when told to, and says when it is deleted.
struct Counter : Handler {
    Reactor& reactor;
    int& calls;
    int* deleted = nullptr;
    Handler* victim = nullptr;
    bool more = false;
    uint32_t last = ~0u;

    Counter(Reactor& reactor, int& calls) : reactor(reactor), calls(calls) {}
    ~Counter() override
    {
        if (deleted)
            ++*deleted;
    }
    void ready(uint32_t events) override
    {
        calls++;
        last = events;
        if (victim)
            reactor.retire(victim);
        if (more)
            reactor.again(*this);
    }
};

}  // namespace

TEST(Reactor, CallsWhomSomethingHappensTo)
{
    Reactor reactor = MUST(Reactor::make());
    Fd quiet = event(), loud = event(1);
    int quiet_calls = 0, loud_calls = 0;
    Counter a(reactor, quiet_calls), b(reactor, loud_calls);
    EXPECT_OK(reactor.watch(quiet, EPOLLIN, a));
    EXPECT_OK(reactor.watch(loud, EPOLLIN, b));
    reactor.turn(0);
    reactor.turn(-1);
    EXPECT_EQ(quiet_calls, 0);
    EXPECT_EQ(loud_calls, 2);
    EXPECT_EQ(b.last, uint32_t(EPOLLIN));
    reactor.forget(loud);
    reactor.turn(0);
    EXPECT_EQ(loud_calls, 2);
}

TEST(Reactor, ChangesWhatIsWaitedForAndWho)
{
    Reactor reactor = MUST(Reactor::make());
    Fd loud = event(1);
    int first = 0, second = 0;
    Counter a(reactor, first), b(reactor, second);
    EXPECT_OK(reactor.watch(loud, EPOLLIN, a));
    EXPECT_OK(reactor.watch(loud, EPOLLIN | EPOLLOUT, b));
    reactor.turn(0);
    EXPECT_EQ(first, 0);
    EXPECT_EQ(b.last, uint32_t(EPOLLIN | EPOLLOUT));
    EXPECT_ERROR(reactor.watch(Fd(), EPOLLIN, a), EBADF, "epoll_ctl");
}

TEST(Reactor, CallsNobodyThatWasRetiredWithinTheSameBatch)
{
    Reactor reactor = MUST(Reactor::make());
    Fd files[] = {event(1), event(1)};
    int calls[2] = {}, deleted = 0;
    Counter* pair[2];
    for (int i = 0; i < 2; i++) {
        pair[i] = new Counter(reactor, calls[i]);
        pair[i]->deleted = &deleted;
        EXPECT_OK(reactor.watch(files[i], EPOLLIN, *pair[i]));
    }
    pair[0]->victim = pair[1];
    pair[1]->victim = pair[0];
    reactor.turn(0);
    EXPECT_EQ(calls[0] + calls[1], 1);  // whichever came first
    EXPECT_EQ(deleted, 1);
    for (Fd& file : files)
        file.close();
    reactor.retire(calls[0] ? pair[0] : pair[1]);
    reactor.turn(0);
    EXPECT_EQ(deleted, 2);
}

TEST(Reactor, RetiresOneThatDoesItItselfAndTwice)
{
    int calls = 0, deleted = 0;
    {
        Reactor reactor = MUST(Reactor::make());
        Fd loud = event(1);
        auto* self = new Counter(reactor, calls);
        self->deleted = &deleted;
        self->victim = self;
        self->more = true;
        EXPECT_OK(reactor.watch(loud, EPOLLIN, *self));
        reactor.retire(self);
        reactor.retire(self);
        reactor.turn(0);
        EXPECT_EQ(calls, 0);
        EXPECT_EQ(deleted, 1);
        loud.close();

        auto* left = new Counter(reactor, calls);
        left->deleted = &deleted;
        reactor.retire(left);
    }
    EXPECT_EQ(deleted, 2);
}

TEST(Reactor, ComesBackToWhoHasMoreToDoWithoutWaiting)
{
    Reactor reactor = MUST(Reactor::make());
    int calls = 0, deleted = 0;
    auto* busy = new Counter(reactor, calls);
    busy->deleted = &deleted;
    busy->more = true;
    reactor.again(*busy);
    reactor.again(*busy);
    reactor.turn(-1);
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(busy->last, 0u);
    reactor.turn(-1);
    EXPECT_EQ(calls, 2);
    reactor.retire(busy);  // while its turn is to come
    reactor.turn(0);
    EXPECT_EQ(calls, 2);
    EXPECT_EQ(deleted, 1);
    reactor.turn(0);
}
