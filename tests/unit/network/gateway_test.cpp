// gateway_test.cpp - network/gateway.h: what gets to the relay, and what it can send.

#include "network/gateway.h"

#include <cstring>

#include "check.h"
#include "street.h"

namespace kist::network {
namespace {

using test::Client;
using test::Server;
using test::waits;

#define STREET_TEST(name) TEST_WITH(Street, street, Gateway, name)

STREET_TEST(HoldsConnectionsBackUntilTheyAreMarked)
{
    Fd tap = street.gateway.tap("br-a").take();
    for (const char* world : {"8.8.8.8", "2001:db8::8", "172.18.0.1"}) {
        bool six = strchr(world, ':');
        const Gateway::Family& family = street.gateway.family(six);
        Client client(street.a2, world, 61001);
        std::optional<Packet> packet;
        String bytes;
        EXPECT_EQ(seen_on(tap, packet, bytes),
                  str::format("syn %s > %s:61001", six ? "fd00:a::2" : "172.18.0.2", world));
        EXPECT_FALSE(waits(family.listener, POLLIN));
        ASSERT_TRUE(packet);
        street.gateway.inject(with_checksum(*packet), packet->key.remote.address, true);
        ASSERT_TRUE(waits(family.listener, POLLIN)) << world;
        Fd made(::accept4(family.listener.get(), nullptr, nullptr, SOCK_NONBLOCK));
        EXPECT_TRUE(name_of(made, ::getsockname) == packet->key.remote);
        EXPECT_TRUE(name_of(made, ::getpeername) == packet->key.guest);
        char byte;
        EXPECT_EQ(::send(client.socket().get(), "x", 1, 0), 1);
        EXPECT_TRUE(waits(made, POLLIN));
        EXPECT_EQ(::recv(made.get(), &byte, 1, 0), 1);
        EXPECT_EQ(::send(made.get(), "y", 1, 0), 1);
        EXPECT_TRUE(waits(client.socket(), POLLIN));
    }
    EXPECT_EQ(street.tracked(), "0\n");
}

STREET_TEST(TapsNothingButWhatBeginsOrAsks)
{
    Fd tap = street.gateway.tap("br-a").take();
    Server neighbour(street.a3, "172.18.0.3", 80);
    EXPECT_EQ(test::meets(street.a2, "172.18.0.3", 80, neighbour), "172.18.0.2");
    Server server(street.a2, "172.18.0.2", 80);
    Fd published = street.gateway
                       .connect(SOCK_STREAM, {Address::parse("198.51.100.7").take(), 443},
                                {Address::parse("172.18.0.2").take(), 80})
                       .take();
    EXPECT_EQ(server.hears(), "198.51.100.7");
    EXPECT_TRUE(waits(published, POLLIN));
    Fd datagram = street.a2.socket(false, SOCK_DGRAM);
    test::SocketAddress there("8.8.8.8", 53);
    EXPECT_EQ(::sendto(datagram.get(), "x", 1, 0, &there.any, there.size), 1);
    EXPECT_FALSE(waits(tap, POLLIN));
}

// What came to the socket that all datagrams come to: "from > to".
String heard_on(const Fd& datagrams)
{
    if (!waits(datagrams, POLLIN))
        return "nothing";
    sockaddr_storage from;
    char byte, control[256];
    iovec data = {&byte, 1};
    msghdr message = {.msg_name = &from,
                      .msg_namelen = sizeof from,
                      .msg_iov = &data,
                      .msg_iovlen = 1,
                      .msg_control = control,
                      .msg_controllen = sizeof control,
                      .msg_flags = 0};
    EXPECT_EQ(::recvmsg(datagrams.get(), &message, 0), 1);
    cmsghdr* meant = CMSG_FIRSTHDR(&message);
    if (!meant)
        return "no destination";
    sockaddr_storage to = {};
    memcpy(&to, CMSG_DATA(meant), meant->cmsg_len - CMSG_LEN(0));
    SocketAddress destination = SocketAddress::of(to);
    return str::format("%s > %s:%d", SocketAddress::of(from).address.text().c_str(),
                       destination.address.text().c_str(), int(destination.port));
}

STREET_TEST(GetsDatagramsUntilThereIsASocketForThem)
{
    for (const char* world : {"8.8.8.8", "2001:db8::8", "172.18.0.1"}) {
        bool six = strchr(world, ':');
        const char* own = six ? "fd00:a::2" : "172.18.0.2";
        const Fd& datagrams = street.gateway.family(six).datagrams;
        Fd guest = street.a2.socket(six, SOCK_DGRAM);
        test::SocketAddress there(world, 53);
        EXPECT_EQ(::connect(guest.get(), &there.any, there.size), 0);
        EXPECT_EQ(::send(guest.get(), "x", 1, 0), 1);
        EXPECT_EQ(heard_on(datagrams), str::format("%s > %s:53", own, world));

        SocketAddress from = name_of(guest, ::getpeername), to = name_of(guest, ::getsockname);
        Fd pair = street.gateway.connect(SOCK_DGRAM, from, to).take();
        EXPECT_EQ(::send(pair.get(), "y", 1, 0), 1);
        EXPECT_TRUE(waits(guest, POLLIN));
        EXPECT_EQ(::send(guest.get(), "z", 1, 0), 1);
        EXPECT_TRUE(waits(pair, POLLIN));
        EXPECT_EQ(heard_on(datagrams), "nothing");
    }
    EXPECT_EQ(street.tracked(), "0\n");
}

STREET_TEST(LeavesEchoesToOthers)
{
    Fd tap = street.gateway.tap("br-a").take();
    for (const char* world : {"8.8.8.8", "2001:db8::8", "172.18.0.1", "fd00:a::1"}) {
        bool six = strchr(world, ':');
        Fd here(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
        Fd there(::open(street.a2.path().c_str(), O_RDONLY | O_CLOEXEC));
        EXPECT_EQ(::setns(there.get(), CLONE_NEWNET), 0);
        Fd ping(::socket(six ? AF_INET6 : AF_INET, SOCK_DGRAM,
                         six ? int(IPPROTO_ICMPV6) : int(IPPROTO_ICMP)));
        EXPECT_EQ(::setns(here.get(), CLONE_NEWNET), 0);
        char request[12] = {
            static_cast<char>(six ? 128 : 8), 0, 0, 0, 0, 0, 0, 1, 'p', 'i', 'n', 'g'};
        test::SocketAddress to(world, 0);
        EXPECT_EQ(::sendto(ping.get(), request, sizeof request, 0, &to.any, to.size), 12) << errno;
        std::optional<Packet> packet;
        String bytes;
        EXPECT_EQ(seen_on(tap, packet, bytes),
                  str::format("echo %s > %s:0", six ? "fd00:a::2" : "172.18.0.2", world));
        EXPECT_FALSE(waits(ping, POLLIN));
        ASSERT_TRUE(packet);
        street.gateway.inject(echo_reply(*packet), packet->key.guest.address, false);
        EXPECT_TRUE(waits(ping, POLLIN)) << world;
    }
}

STREET_TEST(KeepsNetworksApart)
{
    Server a2(street.a2, "172.18.0.2", 80), a2_six(street.a2, "fd00:a::2", 80);
    EXPECT_EQ(test::meets(street.a3, "172.18.0.2", 80, a2), "172.18.0.3");
    EXPECT_EQ(test::meets(street.b2, "172.18.0.2", 80, a2), "");
    EXPECT_EQ(test::meets(street.b2, "fd00:a::2", 80, a2_six), "");
    EXPECT_EQ(test::meets(street.in2, "172.18.0.2", 80, a2), "");
    Server in2(street.in2, "172.20.0.2", 80);
    EXPECT_EQ(test::meets(street.a2, "172.20.0.2", 80, in2), "");

    // Not even with the mark, which nobody can forge.
    Fd tap = street.gateway.tap("br-in").take();
    Client client(street.in2, "8.8.8.8", 80);
    std::optional<Packet> packet;
    String bytes;
    EXPECT_EQ(seen_on(tap, packet, bytes), "syn 172.20.0.2 > 8.8.8.8:80");
    for (const char* world : {"8.8.8.8", "2001:db8::8"}) {
        bool six = strchr(world, ':');
        Client away(street.in2, world, 80);
        Fd guest = street.in2.socket(six, SOCK_DGRAM);
        test::SocketAddress there(world, 53);
        EXPECT_EQ(::connect(guest.get(), &there.any, there.size), 0);
        EXPECT_EQ(::send(guest.get(), "x", 1, 0), 1);
        EXPECT_EQ(heard_on(street.gateway.family(six).datagrams), "nothing");
        EXPECT_FALSE(waits(street.gateway.family(six).listener, POLLIN));
        char byte;
        EXPECT_EQ(::recv(guest.get(), &byte, 1, 0), -1);
        EXPECT_EQ(errno, ECONNREFUSED);
    }
}

STREET_TEST(ConnectsFromAnyAddress)
{
    Server server(street.a2, "0.0.0.0", 80), six(street.a2, "::", 81);
    SocketAddress to = {Address::parse("172.18.0.2").take(), 80};
    SocketAddress to6 = {Address::parse("fd00:a::2").take(), 81};
    for (uint16_t port : {uint16_t(0), uint16_t(22), uint16_t(61001)}) {
        SocketAddress from = {Address::parse("198.51.100.7").take(), port};
        SocketAddress from6 = {Address::parse("2001:db8::7").take(), port};
        Fd made = street.gateway.connect(SOCK_STREAM, from, to).take();
        EXPECT_EQ(server.hears(), "198.51.100.7");
        Fd made6 = street.gateway.connect(SOCK_STREAM, from6, to6).take();
        EXPECT_EQ(six.hears(), "2001:db8::7");
        EXPECT_TRUE(port == 0 || name_of(made, ::getsockname) == from);
        EXPECT_TRUE(port == 0 || name_of(made6, ::getsockname) == from6);
        if (port)
            EXPECT_ERROR(street.gateway.connect(SOCK_STREAM, from, to), EADDRINUSE, "172.18.0.2");
    }
    Fd ours = street.gateway.connect(SOCK_STREAM, {}, to).take();
    EXPECT_EQ(server.hears(), "172.18.0.1");
    // A refusal comes as from anybody.
    to.port = 82;
    Fd refused = street.gateway.connect(SOCK_STREAM, {}, to).take();
    EXPECT_TRUE(waits(refused, POLLERR));
}

}  // namespace
}  // namespace kist::network
