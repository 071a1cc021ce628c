// street.h - a gateway with containers, out of network namespaces.

#pragma once

#include <algorithm>
#include <optional>

#include "base/sys.h"
#include "check.h"
#include "lab.h"
#include "network/bridge.h"
#include "network/gateway.h"
#include "network/packet.h"

namespace kist::network {

inline Result<void> stay(void*)
{
    return {};
}

inline Gateway started()
{
    auto made = Gateway::start(stay, nullptr);
    EXPECT_OK(made);
    return made ? made.take() : Gateway::here();
}

// A gateway with two networks, and "in" that has no way out; containers on the first and the last.
struct Street {
    Gateway gateway = started();
    test::Place inside{Fd(
        ::open(str::format("/proc/%d/ns/net", gateway.process()).c_str(), O_RDONLY | O_CLOEXEC))};
    Network a = network("a", "172.18.0", "fd00:a:"), b = network("b", "172.19.0", "fd00:b:");
    Network in = network("in", "172.20.0", "fd00:c:");
    test::Place a2{test::another_network()}, a3{test::another_network()},
        b2{test::another_network()};
    test::Place in2{test::another_network()};

    Street()
    {
        in.internal = true;
        join(a, a2, "172.18.0", "fd00:a:", 2);
        join(a, a3, "172.18.0", "fd00:a:", 3);
        join(b, b2, "172.19.0", "fd00:b:", 2);
        join(in, in2, "172.20.0", "fd00:c:", 2);
    }

    static Network network(const char* name, const char* four, const char* six)
    {
        Network made = {.name = name, .link = String("br-") + name, .ipv6 = true};
        made.pools.push_back(
            {.subnet = str::format("%s.0/24", four), .gateway = str::format("%s.1", four)});
        made.pools.push_back(
            {.subnet = str::format("%s:/64", six), .gateway = str::format("%s:1", six)});
        return made;
    }
    void join(const Network& network, const test::Place& place, const char* four, const char* six,
              int host)
    {
        struct Join {
            const Network& network;
            Endpoint endpoint;
            Fd netns;
        } join = {network,
                  {.network = network.name,
                   .bridge = network.link,
                   .veth = str::format("v%s%d", network.name.c_str(), host),
                   .interface = "eth0",
                   .mac = str::format("02:42:00:00:00:%02x", host),
                   .address = str::format("%s.%d/24", four, host),
                   .gateway = str::format("%s.1", four),
                   .address6 = str::format("%s:%d/64", six, host),
                   .gateway6 = str::format("%s:1", six)},
                  Fd(::open(place.path().c_str(), O_RDONLY | O_CLOEXEC))};
        Fd here(::open(inside.path().c_str(), O_RDONLY | O_CLOEXEC));
        EXPECT_OK(in_namespace(
            here,
            [](void* context) -> Result<void> {
                auto& its = *static_cast<Join*>(context);
                TRY(raise(its.network, network::Place::gateway));
                return plug(its.network, its.endpoint, its.netns, true, network::Place::gateway);
            },
            &join));
    }
    // What the kernel notes of connections there.
    String tracked() const
    {
        return test::output_of("nsenter --net=" + inside.path() +
                               " cat /proc/sys/net/netfilter/nf_conntrack_count");
    }
};

// The next packet on a tap: "syn FROM > TO:PORT", "nothing" ...
inline String seen_on(const Fd& tap, std::optional<Packet>& packet, String& bytes)
{
    bytes.resize(4096);
    if (!test::waits(tap, POLLIN))
        return "nothing";
    ssize_t size = ::recv(tap.get(), bytes.data(), bytes.size(), 0);
    bytes.resize(static_cast<size_t>(std::max(size, ssize_t(0))));
    packet = Packet::read(bytes);
    if (!packet)
        return "something else";
    return str::format("%s %s > %s:%d", packet->kind == Packet::Kind::syn ? "syn" : "echo",
                       packet->key.guest.address.text().c_str(),
                       packet->key.remote.address.text().c_str(), int(packet->key.remote.port));
}

// getsockname(2), getpeername(2).
inline SocketAddress name_of(const Fd& socket, int (*call)(int, sockaddr*, socklen_t*))
{
    sockaddr_storage at;
    socklen_t size = sizeof at;
    EXPECT_EQ(call(socket.get(), reinterpret_cast<sockaddr*>(&at), &size), 0);
    return SocketAddress::of(at);
}

}  // namespace kist::network
