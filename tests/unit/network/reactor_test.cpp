// reactor_test.cpp - who is called, how often, and until when.

#include "network/reactor.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <thread>

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

namespace {

long sleeps()
{
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
}

// Takes what came, and says so to whoever waits for it.
struct Player : Handler {
    const Fd &mine, &theirs;
    int left;

    Player(const Fd& mine, const Fd& theirs, int left) : mine(mine), theirs(theirs), left(left) {}
    void ready(uint32_t) override
    {
        eventfd_t value;
        ::eventfd_read(mine.get(), &value);
        ::eventfd_write(theirs.get(), 1);
        left--;
    }
};

}  // namespace

TEST(Reactor, SleepsUntilAnAnswerComesThatIsNotSoon)
{
    Reactor reactor = MUST(Reactor::make());
    constexpr int kTurns = 200;
    long before = sleeps();
    for (int i = 0; i < kTurns; i++) {
        reactor.expect_answer();
        reactor.turn(1);
    }
    EXPECT_GE(sleeps() - before, kTurns);
    timespec cpu{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
    reactor.expect_answer();
    reactor.turn(100);
    timespec after{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
    EXPECT_LT((after.tv_sec - cpu.tv_sec) * 1000 + (after.tv_nsec - cpu.tv_nsec) / 1'000'000, 20);
}

// With both on one processor the answer is there whenever the reactor has let the other have it.
TEST(Reactor, StaysAwakeForAnswersThatComeAtOnce)
{
    constexpr int kTimes = 20'000;
    cpu_set_t one;
    CPU_ZERO(&one);
    cpu_set_t all;
    ASSERT_EQ(::sched_getaffinity(0, sizeof all, &all), 0);
    for (int i = 0; i < CPU_SETSIZE && !CPU_COUNT(&one); i++)
        if (CPU_ISSET(i, &all))
            CPU_SET(i, &one);
    ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
    Fd ping = event(), pong(::eventfd(0, EFD_CLOEXEC));
    std::thread other([&] {
        for (int i = 0; i < kTimes; i++) {
            eventfd_t value;
            ::eventfd_write(ping.get(), 1);
            ::eventfd_read(pong.get(), &value);
        }
    });
    Reactor reactor = MUST(Reactor::make());
    Player player(ping, pong, kTimes);
    EXPECT_OK(reactor.watch(ping, EPOLLIN, player));
    long before = sleeps();
    while (player.left > 0) {
        reactor.expect_answer();
        reactor.turn(-1);
    }
    other.join();
    EXPECT_LT(sleeps() - before, kTimes * 9 / 10);  // who else is there wants its share, too
    ::sched_setaffinity(0, sizeof all, &all);
}
