// socket.cpp - a connected socket, and the transport that adds nothing to it.

#include "registry/socket.h"

#include <poll.h>
#include <sys/socket.h>

#include <cstring>

#include "base/clock.h"
#include "base/str.h"
#include "base/string.h"
#include "base/sys.h"

namespace kist::registry {

namespace {

constexpr size_t kPlainBuffer = 64 << 10;

Error broken(const String& name)
{
    int code = errno;
    return Error(code, "the connection to %s broke: %s", name.c_str(), strerror(code));
}

}  // namespace

Result<void> Socket::wait(short events)
{
    int64_t deadline = clock::steady_ms() + stall_ms_;
    while (true) {
        int64_t left = deadline - clock::steady_ms();
        pollfd poll{fd_.get(), events, 0};
        int ready = left > 0 ? ::poll(&poll, 1, int(left)) : 0;
        if (ready > 0)
            return {};
        if (ready == 0)
            return Error(ETIMEDOUT, "%s has been silent for %d seconds", name_.c_str(),
                         stall_ms_ / 1000);
        if (errno != EINTR)
            return broken(name_);
    }
}

Result<size_t> Socket::receive(void* buffer, size_t size)
{
    while (true) {
        ssize_t got = sys::retry([&] { return ::recv(fd_.get(), buffer, size, 0); });
        if (got >= 0)
            return size_t(got);
        if (errno != EAGAIN && errno != EWOULDBLOCK)
            return broken(name_);
        TRY(wait(POLLIN));
    }
}

Result<size_t> Socket::send(std::string_view bytes)
{
    while (true) {
        ssize_t sent =
            sys::retry([&] { return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL); });
        if (sent >= 0)
            return size_t(sent);
        if (errno != EAGAIN && errno != EWOULDBLOCK)
            return broken(name_);
        TRY(wait(POLLOUT));
    }
}

bool Socket::is_quiet() const
{
    pollfd poll{fd_.get(), POLLIN, 0};
    return ::poll(&poll, 1, 0) == 0;
}

PlainTransport::PlainTransport(Socket socket)
    : socket_(std::move(socket)), buffer_(new char[kPlainBuffer])
{
}

Result<std::string_view> PlainTransport::peek()
{
    if (begin_ == end_) {
        begin_ = end_ = 0;
        end_ = TRY(socket_.receive(buffer_.get(), kPlainBuffer));
    }
    return std::string_view(buffer_.get() + begin_, end_ - begin_);
}

Result<void> PlainTransport::write(std::string_view bytes)
{
    while (!bytes.empty())
        bytes.remove_prefix(TRY(socket_.send(bytes)));
    return {};
}

Result<Socket> PlainTransport::release() &&
{
    if (begin_ != end_)
        return Error(EPROTO, "%s talks before it is asked", socket_.name().c_str());
    return std::move(socket_);
}

}  // namespace kist::registry
