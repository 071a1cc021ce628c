// dial.cpp - from a name to a connected socket.
//
// A host has several addresses, and on many networks one family of them leads nowhere.  Connections
// are started a quarter of a second apart and wait for one another: the first to stand wins.

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstring>
#include <optional>

#include "base/clock.h"
#include "base/log.h"
#include "base/lookup.h"
#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "registry/socket.h"

namespace kist::registry {

namespace {

constexpr int kStaggerMs = 250;  // RFC 8305, section 5

struct Attempt {
    Fd socket;
    int64_t deadline;
};

// A socket on its way to `address`; an error when that fails at once.
Result<Fd> start(const SocketName& address)
{
    int number = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (number < 0)
        return os_error("socket");
    Fd socket(number);
    int on = 1;
    (void)::setsockopt(number, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(number, address.get(), address.size) < 0 && errno != EINPROGRESS)
        return os_error("connect");
    return socket;
}

// The race of all addresses.
class Race {
public:
    Race(Vector<SocketName> addresses, int connect_ms)
        : addresses_(std::move(addresses)), connect_ms_(connect_ms)
    {
    }

    // The winner's socket, or the error of the last to fail.
    Result<Fd> run()
    {
        int64_t next_start = 0;
        while (next_ < addresses_.size() || !running_.empty()) {
            int64_t now = clock::steady_ms();
            if (next_ < addresses_.size() && (running_.empty() || now >= next_start)) {
                launch(now);
                next_start = now + kStaggerMs;
                continue;
            }
            int64_t until = running_.front().deadline;
            if (next_ < addresses_.size() && next_start < until)
                until = next_start;
            if (auto won = wait(until - now))
                return std::move(*won);
        }
        errno = last_error_;
        return os_error("connect");
    }

private:
    void launch(int64_t now)
    {
        auto started = start(addresses_[next_++]);
        if (started)
            running_.push_back({started.take(), now + connect_ms_});
        else
            last_error_ = started.error().code();
    }

    std::optional<Fd> wait(int64_t timeout_ms)
    {
        Vector<pollfd> polls;
        for (const Attempt& attempt : running_)
            polls.push_back({attempt.socket.get(), POLLOUT, 0});
        int timeout = timeout_ms > 0 ? int(timeout_ms) : 0;
        (void)::poll(polls.data(), polls.size(), timeout);

        int64_t now = clock::steady_ms();
        for (size_t i = running_.size(); i-- > 0;) {
            if (polls[i].revents == 0) {
                if (now < running_[i].deadline)
                    continue;
                last_error_ = ETIMEDOUT;
            } else {
                int error = 0;
                socklen_t size = sizeof error;
                (void)::getsockopt(polls[i].fd, SOL_SOCKET, SO_ERROR, &error, &size);
                if (error == 0)
                    return std::move(running_[i].socket);
                last_error_ = error;
            }
            running_.erase(running_.begin() + ptrdiff_t(i));
        }
        return std::nullopt;
    }

    Vector<SocketName> addresses_;
    int connect_ms_;
    size_t next_ = 0;
    Vector<Attempt> running_;  // in the order of their deadlines
    int last_error_ = EHOSTUNREACH;
};

}  // namespace

Result<Socket> dial(const String& host, uint16_t port, int connect_ms, int stall_ms)
{
    Vector<SocketName> addresses = TRY(look_up(host, port));
    size_t count = addresses.size();
    bool brackets = host.find(':') != host.npos;
    String name = str::format(brackets ? "[%s]:%u" : "%s:%u", host.c_str(), port);

    auto connected = Race(std::move(addresses), connect_ms).run();
    if (connected)
        return Socket(connected.take(), name, stall_ms);

    int code = connected.error().code();
    String tried = count > 1 ? str::format(" (%zu addresses tried)", count) : "";
    if (code == ECONNREFUSED)
        return Error(code, "%s refuses connections%s", name.c_str(), tried.c_str())
            .with_hint("check that the server is running, and the port");
    if (code == ETIMEDOUT)
        return Error(code, "%s does not answer%s", name.c_str(), tried.c_str())
            .with_hint("check the network and the firewall; behind a proxy set HTTPS_PROXY");
    return Error(code, "cannot connect to %s%s: %s", name.c_str(), tried.c_str(), strerror(code));
}

}  // namespace kist::registry
