// dial.cpp - from a name to a connected socket.
//
// A host has several addresses, and on many networks one family of them leads nowhere.  Connections
// are started a quarter of a second apart and wait for one another: the first to stand wins.

#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstring>
#include <optional>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "registry/socket.h"

namespace kist::registry {

namespace {

constexpr int kStaggerMs = 250;  // RFC 8305, section 5
constexpr size_t kMaxAddresses = 16;

struct Address {
    sockaddr_storage bytes;
    socklen_t size;
};

struct Attempt {
    Fd socket;
    int64_t deadline;
};

Error lookup_error(const String& host, int status)
{
    switch (status) {
        case EAI_NONAME:
#ifdef EAI_NODATA
        case EAI_NODATA:
#endif
            return Error(ENOENT, "there is no host called %s", host.c_str())
                .with_hint("check the spelling; names are looked up as /etc/resolv.conf says");
        case EAI_AGAIN:
            return Error(EAGAIN,
                         "the address of %s cannot be found out now: no name server answers",
                         host.c_str())
                .with_hint("check the network, and the name servers in /etc/resolv.conf");
        case EAI_SYSTEM: return os_error("cannot look up %s", host.c_str());
        default:
            return Error(EAGAIN, "cannot look up %s: %s", host.c_str(), ::gai_strerror(status));
    }
}

// The addresses in the resolver's order of preference, but the families in turn.
Result<Vector<Address>> look_up(const String& host, uint16_t port)
{
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_NUMERICSERV;
    addrinfo* list = nullptr;
    int status = ::getaddrinfo(host.c_str(), str::format("%u", port).c_str(), &wanted, &list);
    if (status != 0)
        return lookup_error(host, status);
    Undo release([&] { ::freeaddrinfo(list); });

    Vector<Address> families[2];
    int first_family = list->ai_family;
    for (addrinfo* item = list; item; item = item->ai_next) {
        if (item->ai_addrlen > sizeof(sockaddr_storage))
            continue;
        Address address{};
        memcpy(&address.bytes, item->ai_addr, item->ai_addrlen);
        address.size = item->ai_addrlen;
        families[item->ai_family != first_family].push_back(address);
    }
    Vector<Address> addresses;
    for (size_t i = 0; i < kMaxAddresses; i++)
        for (const Vector<Address>& family : families)
            if (i < family.size() && addresses.size() < kMaxAddresses)
                addresses.push_back(family[i]);
    return addresses;
}

// A socket on its way to `address`; an error when that fails at once.
Result<Fd> start(const Address& address)
{
    int number = ::socket(address.bytes.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (number < 0)
        return os_error("socket");
    Fd socket(number);
    int on = 1;
    (void)::setsockopt(number, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(number, reinterpret_cast<const sockaddr*>(&address.bytes), address.size) < 0 &&
        errno != EINPROGRESS)
        return os_error("connect");
    return socket;
}

// The race of all addresses.
class Race {
public:
    Race(Vector<Address> addresses, int connect_ms)
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

    Vector<Address> addresses_;
    int connect_ms_;
    size_t next_ = 0;
    Vector<Attempt> running_;  // in the order of their deadlines
    int last_error_ = EHOSTUNREACH;
};

}  // namespace

Result<Socket> dial(const String& host, uint16_t port, int connect_ms, int stall_ms)
{
    Vector<Address> addresses = TRY(look_up(host, port));
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
