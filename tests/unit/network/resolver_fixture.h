// resolver_fixture.h - a resolver on this machine's loopback, and all that it talks to.

#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <optional>

#include "base/clock.h"
#include "base/fs.h"
#include "base/str.h"
#include "check.h"
#include "messages.h"
#include "network/leases.h"
#include "network/resolver.h"
#include "network/wiring.h"
#include "temporary.h"

namespace kist::test {

inline sockaddr_in loopback(unsigned last, uint16_t port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(0x7f000000 | last);
    return address;
}

// A socket that does not wait, bound to `bound`, connected to `peer` where they have a port.
inline Fd make_socket(int type, sockaddr_in bound, sockaddr_in peer = {})
{
    Fd made(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    int on = 1;
    (void)::setsockopt(made.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bound.sin_family)
        EXPECT_EQ(::bind(made.get(), reinterpret_cast<sockaddr*>(&bound), sizeof bound), 0);
    if (type == SOCK_STREAM && bound.sin_family)
        EXPECT_EQ(::listen(made.get(), 100), 0);
    if (peer.sin_family)
        (void)::connect(made.get(), reinterpret_cast<sockaddr*>(&peer), sizeof peer);
    return made;
}

inline uint16_t port_of(const Fd& socket)
{
    sockaddr_in address{};
    socklen_t size = sizeof address;
    (void)::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
}

class ResolverTest : public ::testing::Test {
protected:
    static constexpr const char* kContainer = "c1";
    static constexpr int64_t kPatienceMs = 5000;

    void SetUp() override
    {
        // The servers: 127.0.0.2 and on, all with the port of the first.
        servers_.push_back(make_socket(SOCK_DGRAM, loopback(2, 0)));
        port_ = port_of(servers_[0]);
        run_ = fs::make_directories(directory_.path() + "/run/" + kContainer).take();
        wire({endpoint("mynet", "n1")});
    }

    static network::Endpoint endpoint(const char* name, const char* id)
    {
        network::Endpoint made;
        made.network = name;
        made.network_id = id;
        made.address = "172.18.0.2/16";
        made.gateway = "172.18.0.1";
        made.resolves = true;
        return made;
    }
    void wire(Vector<network::Endpoint> endpoints)
    {
        EXPECT_OK(network::write_wiring(
            run_, {.container = kContainer, .endpoints = std::move(endpoints)}));
    }
    void lease(const char* network_id, const char* leases)
    {
        Fd directory = fs::make_directories(directory_.path() + "/network").take();
        EXPECT_OK(fs::replace(directory, str::format("%s.json", network_id),
                              str::format("{\"version\":1,\"leases\":[%s]}", leases)));
    }
    void resolv_conf(const String& text)
    {
        EXPECT_OK(fs::replace(directory_.fd(), "resolv.conf", text));
    }
    // The first `count` loopback addresses from 127.0.0.2 on, in a resolv.conf.
    void serve(unsigned count, const char* options = "")
    {
        String text;
        for (unsigned i = 0; i < count; i++) {
            text += str::format("nameserver 127.0.0.%u\n", 2 + i);
            if (i >= servers_.size())
                servers_.push_back(make_socket(SOCK_DGRAM, loopback(2 + i, port_)));
        }
        resolv_conf(text + options);
    }
    network::Resolver& resolver()
    {
        if (!resolver_) {
            auto sockets = network::ResolverSockets::open().take();
            resolver_port_ = sockets.port;
            sockets.open_askers(given_servers_);
            resolver_.emplace(std::move(sockets),
                              network::ResolverOptions{
                                  .state = directory_.path(),
                                  .container = kContainer,
                                  .servers = given_servers_,
                                  .resolv_conf = directory_.path() + "/resolv.conf",
                                  .port = port_,
                                  .idle_ms = idle_ms_,
                              });
            udp_ = client(SOCK_DGRAM);
        }
        return *resolver_;
    }
    Fd client(int type) { return make_socket(type, {}, loopback(11, resolver_port_)); }

    // One turn of the resolver's loop, of at most `ms`.
    void turn(int64_t ms = 10)
    {
        Vector<pollfd> waits;
        resolver().wish(waits);
        int64_t until = std::min(clock::steady_ms() + ms, resolver().due());
        (void)::poll(waits.data(), waits.size(),
                     int(std::max<int64_t>(0, until - clock::steady_ms())));
        resolver().act(waits);
    }
    // A datagram, or what a connection has; nothing when nothing comes.
    std::optional<String> hear(const Fd& socket, int64_t patience = kPatienceMs,
                               sockaddr_in* from = nullptr)
    {
        static char buffer[70000];
        for (int64_t end = clock::steady_ms() + patience;;) {
            socklen_t size = sizeof *from;
            ssize_t got = ::recvfrom(socket.get(), buffer, sizeof buffer, 0,
                                     reinterpret_cast<sockaddr*>(from), from ? &size : nullptr);
            if (got >= 0)
                return String(buffer, size_t(got));
            turn(10);
            if (clock::steady_ms() > end)
                return std::nullopt;
        }
    }
    void ask(const Asked& asked) { say(udp_, question(asked)); }
    // Asks by UDP; the answer.
    String answer(const Asked& asked)
    {
        resolver();
        ask(asked);
        auto heard = hear(udp_);
        EXPECT_TRUE(heard) << asked.name.c_str();
        return heard ? std::move(*heard) : String(12, '\xff');
    }
    void say(const Fd& socket, std::string_view bytes)
    {
        EXPECT_EQ(::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
                  ssize_t(bytes.size()));
    }
    // Lets server `which` answer what comes next; "" when nothing comes.
    String serve_one(unsigned which, unsigned records = 1, unsigned code = 0,
                     int64_t patience = kPatienceMs)
    {
        sockaddr_in from{};
        auto asked = hear(servers_[which], patience, &from);
        if (!asked)
            return {};
        send_to(which, from, reply(*asked, records, code));
        return *asked;
    }
    void send_to(unsigned which, sockaddr_in to, std::string_view bytes)
    {
        EXPECT_EQ(::sendto(servers_[which].get(), bytes.data(), bytes.size(), 0,
                           reinterpret_cast<sockaddr*>(&to), sizeof to),
                  ssize_t(bytes.size()));
    }

    TemporaryDirectory directory_;
    Fd run_;
    Vector<Fd> servers_;
    Vector<String> given_servers_;
    uint16_t port_ = 0, resolver_port_ = 0;
    std::optional<network::Resolver> resolver_;
    Fd udp_;
    int64_t idle_ms_ = 10'000;
};

// A message behind its length, as TCP wants it.
inline String framed(std::string_view message)
{
    String bytes;
    put16(bytes, unsigned(message.size()));
    bytes += message;
    return bytes;
}

}  // namespace kist::test
