// reactor.cpp - one turn of the agent's loop.
//
// To fall asleep and be woken by another processor takes tens of microseconds, in virtual machines
// above all, which may be more than an answer takes.  So a turn that follows something small looks
// for a while before it sleeps, as hypervisors do (halt polling), but only while that pays: the
// last answer came within that while, and nobody else wants the processor.

#include "network/reactor.h"

#include <sched.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include <cerrno>
#include <utility>

#include "base/clock.h"

namespace kist::network {

namespace {

constexpr int kBatch = 64;
constexpr int64_t kSoonNanos = 100'000;
constexpr int64_t kRestTimes = 20;  // of what others took: that is the most that looking costs

}  // namespace

size_t max_files()
{
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    return files.rlim_cur;
}

Result<Reactor> Reactor::make()
{
    Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll.is_open())
        return os_error("epoll_create");
    return Reactor(std::move(epoll));
}

Reactor::~Reactor()
{
    bury();
}

Result<void> Reactor::watch(const Fd& file, uint32_t events, Handler& handler)
{
    epoll_event event{.events = events, .data = {.ptr = &handler}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, file.get(), &event) < 0 &&
        (errno != EEXIST || ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, file.get(), &event) < 0))
        return os_error("epoll_ctl");
    return {};
}

void Reactor::forget(const Fd& file)
{
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, file.get(), nullptr);
}

void Reactor::again(Handler& handler)
{
    if (handler.again_ || handler.retired_)
        return;
    handler.again_ = true;
    again_.push_back(&handler);
}

void Reactor::retire(Handler* handler)
{
    if (handler->retired_)
        return;
    handler->retired_ = true;
    retired_.push_back(handler);
}

// Looks without falling asleep; 0: nothing has happened for too long.
int Reactor::look(epoll_event* events)
{
    int64_t begin = clock::steady_nanos(), now = begin;
    for (int64_t before = begin; now < begin + kSoonNanos; before = now) {
        int count = ::epoll_wait(epoll_.get(), events, kBatch, 0);
        if (count)
            return count;
        // Who is to answer may be waiting for this processor.
        ::sched_yield();
        now = clock::steady_nanos();
        if (now > before + kSoonNanos)
            alone_from_ = now + kRestTimes * (now - before);
    }
    return 0;
}

int Reactor::wait(epoll_event* events, int milliseconds)
{
    if (!std::exchange(expects_, false) || !milliseconds)
        return ::epoll_wait(epoll_.get(), events, kBatch, milliseconds);
    int64_t begin = clock::steady_nanos();
    if (soon_ && begin >= alone_from_)
        if (int count = look(events))
            return count;
    int count = ::epoll_wait(epoll_.get(), events, kBatch, milliseconds);
    soon_ = clock::steady_nanos() < begin + kSoonNanos;
    return count;
}

void Reactor::turn(int milliseconds)
{
    epoll_event events[kBatch];
    int count = wait(events, again_.empty() ? milliseconds : 0);
    // Only those of the turn before: who asks for more now is behind what is at hand.
    Vector<Handler*> waiting = std::move(again_);
    for (Handler* handler : waiting)
        handler->again_ = false;
    for (int i = 0; i < count; i++) {
        auto* handler = static_cast<Handler*>(events[i].data.ptr);
        if (!handler->retired_)
            handler->ready(events[i].events);
    }
    for (Handler* handler : waiting)
        if (!handler->retired_)
            handler->ready(0);
    bury();
}

void Reactor::bury()
{
    if (retired_.empty())
        return;
    erase_if(again_, [](const Handler* each) { return each->retired_; });
    // Their destructors may retire others.
    for (size_t i = 0; i < retired_.size(); i++)
        delete retired_[i];
    retired_.clear();
}

}  // namespace kist::network
