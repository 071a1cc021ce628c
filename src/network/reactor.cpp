// reactor.cpp - one turn of the agent's loop.

#include "network/reactor.h"

#include <sys/epoll.h>
#include <sys/resource.h>

#include <cerrno>

namespace kist::network {

namespace {

constexpr int kBatch = 64;

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

void Reactor::turn(int milliseconds)
{
    epoll_event events[kBatch];
    int count = ::epoll_wait(epoll_.get(), events, kBatch, again_.empty() ? milliseconds : 0);
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
