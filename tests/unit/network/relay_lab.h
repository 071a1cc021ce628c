// relay_lab.h - a machine with a gateway, a guest behind it and a neighbour outside, out of network
// namespaces; and what they say to each other while the relay is at work.
//
// To be made inside of in_new_network(), whose namespace is the machine: 203.0.113.1 and
// 2001:db8::1; the neighbour is ...9 (lab.h).  The guest is 10.9.0.2 and fd00:9::2.  All is done by
// one thread, so whoever waits for something lets the relay have its turns.

#pragma once

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>

#include <memory>

#include "base/clock.h"
#include "bulk.h"
#include "lab.h"
#include "network/bridge.h"
#include "network/gateway.h"
#include "network/relay.h"

namespace kist::test {

struct RelayLab {
    static constexpr const char* kGuest = "10.9.0.2";
    static constexpr const char* kGuest6 = "fd00:9::2";
    static constexpr const char* kOutside = "203.0.113.9";
    static constexpr const char* kOutside6 = "2001:db8::9";

    Lab lab;
    Place guest{another_network()};
    network::Network network;
    network::Guest record;
    std::unique_ptr<network::Reactor> reactor;
    std::unique_ptr<network::Gateway> gateway;
    std::unique_ptr<network::Relay> relay;
    rlim_t files;

    // Not `six`: IPv6 takes its second to be there.
    // `most`: how many descriptors the relay is to think that it may have.
    explicit RelayLab(bool six = true, rlim_t most = RLIM_INFINITY) : files(most)
    {
        network.name = "test";
        network.id = String(64, 'a');
        network.link = "br-aaaaaaaaaaaa";
        network.ipv6 = true;
        network.pools.push_back({"10.9.0.0/24", "10.9.0.1", ""});
        network.pools.push_back({"fd00:9::/64", "fd00:9::1", ""});
        record.container = "c1";
        network::Endpoint endpoint;
        endpoint.network = "test";
        endpoint.bridge = network.link;
        endpoint.veth = "veth2";
        endpoint.interface = "eth0";
        endpoint.mac = "02:42:0a:09:00:02";
        endpoint.address = "10.9.0.2/24";
        endpoint.gateway = "10.9.0.1";
        endpoint.address6 = "fd00:9::2/64";
        endpoint.gateway6 = "fd00:9::1";
        record.endpoints.push_back(endpoint);
        start();
        if (six)
            guest.settle();
    }

    void start()
    {
        auto started = network::Gateway::start([](void*) -> Result<void> { return {}; }, nullptr);
        ASSERT_TRUE(test::is_ok(started));
        gateway = std::make_unique<network::Gateway>(started.take());
        reactor = std::make_unique<network::Reactor>(network::Reactor::make().take());
        Fd netns(::open(str::format("/proc/%d/ns/net", gateway->process()).c_str(), O_RDONLY));
        auto plugged = network::in_namespace(
            netns,
            [](void* context) -> Result<void> {
                auto* self = static_cast<RelayLab*>(context);
                TRY(network::raise(self->network, network::Place::gateway));
                Fd to(::open(self->guest.path().c_str(), O_RDONLY | O_CLOEXEC));
                return network::plug(self->network, self->record.endpoints[0], to, true,
                                     network::Place::gateway);
            },
            this);
        ASSERT_TRUE(test::is_ok(plugged));
        ::signal(SIGPIPE, SIG_IGN);
        limit_files(files);
        relay = std::make_unique<network::Relay>(*reactor, *gateway);
        limit_files(RLIM_INFINITY);
    }
    static void limit_files(rlim_t count)
    {
        rlimit limit{};
        ::getrlimit(RLIMIT_NOFILE, &limit);
        limit.rlim_cur = std::min(count, limit.rlim_max);
        EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    }
    // Also before anything is asked: which is what makes the guest known.
    void serve(Vector<Fd> ports = {}) { EXPECT_OK(relay->serve(record, std::move(ports))); }
    // A bound socket for a port of the guest.
    Fd publish(const char* address, uint16_t port, uint16_t to, int type = SOCK_STREAM)
    {
        Fd socket = lab.machine.socket(strchr(address, ':'), type);
        SocketAddress here(address, port);
        int on = 1;
        ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        EXPECT_EQ(::bind(socket.get(), &here.any, here.size), 0);
        record.ports.push_back(
            {.host_address = address,
             .host_port = port,
             .container_port = to,
             .protocol = type == SOCK_STREAM ? network::Protocol::tcp : network::Protocol::udp});
        return socket;
    }
    void turn(int milliseconds = 1)
    {
        reactor->turn(milliseconds);
        if (relay->due() <= clock::steady_ms())
            relay->expire(clock::steady_ms());
    }
    // Until one of `events` is there (poll(2)), for a while.
    bool waits(const Fd& socket, short events, int milliseconds = 2000)
    {
        for (int64_t until = clock::steady_ms() + milliseconds; clock::steady_ms() < until;) {
            pollfd wait = {.fd = socket.get(), .events = events, .revents = 0};
            if (::poll(&wait, 1, 0) == 1)
                return true;
            turn();
        }
        return false;
    }

    static Fd listen(const Place& place, const char* address, uint16_t port)
    {
        Fd socket = place.socket(strchr(address, ':'), SOCK_STREAM);
        SocketAddress here(address, port);
        int on = 1;
        ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        EXPECT_EQ(::bind(socket.get(), &here.any, here.size), 0) << errno;
        EXPECT_EQ(::listen(socket.get(), 1024), 0);
        return socket;
    }
    // A socket that is on its way; `port`: its own.
    static Fd begin(const Place& place, const char* address, uint16_t to, uint16_t port = 0)
    {
        Fd socket = place.socket(strchr(address, ':'), SOCK_STREAM);
        SocketAddress there(address, to);
        if (port) {
            SocketAddress here(strchr(address, ':') ? "::" : "0.0.0.0", port);
            int on = 1;
            ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
            EXPECT_EQ(::bind(socket.get(), &here.any, here.size), 0);
        }
        if (::connect(socket.get(), &there.any, there.size) < 0)
            EXPECT_EQ(errno, EINPROGRESS);
        return socket;
    }
    // 0 when it is connected, or errno; EAGAIN: it is on its way still.
    int outcome(const Fd& socket, int milliseconds = 2000)
    {
        if (!waits(socket, POLLOUT, milliseconds))
            return EAGAIN;
        int error = 0;
        socklen_t size = sizeof error;
        ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
        return error;
    }
    // Who is accepted, and from where; closed: nobody.
    Fd accept(const Fd& listener, String* from = nullptr)
    {
        SocketAddress name;
        if (!waits(listener, POLLIN, 500))
            return Fd();
        Fd made(::accept4(listener.get(), &name.any, &name.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (from)
            *from = name.text() + " " + to_text(ntohs(name.v4.sin_port));
        return made;
    }
    // What recv(2) says: the size, 0, or the error negated.
    ssize_t hear(const Fd& socket, void* buffer, size_t size)
    {
        if (!waits(socket, POLLIN))
            return -EAGAIN;
        ssize_t got = ::recv(socket.get(), buffer, size, 0);
        return got < 0 ? -errno : got;
    }
    ssize_t hear(const Fd& socket)
    {
        char byte;
        return hear(socket, &byte, 1);
    }
    bool carries(const Fd& from, const Fd& to, size_t size = 1000)
    {
        return test::carries(from, to, size, [&](int wait) { turn(wait); });
    }
};

}  // namespace kist::test
