// udp_ports_test.cpp - network/udp_relay.h: published ports.

#include "datagrams.h"
#include "network/udp_relay.h"

namespace kist::network {
namespace {

using test::bound;
using test::hear;
using test::joined;
using test::name_of;
using test::Place;
using test::RelayLab;
using test::run;
using test::send;
using test::send_to;
using test::talks;

#define RELAY_TEST(name) TEST_WITH(RelayLab, lab, UdpPorts, name)

RELAY_TEST(PublishesPortsAndShowsWhoComes)
{
    run("ip addr add 203.0.113.2/24 dev up0; ip addr add 2001:db8::2/64 dev up0 nodad");
    Vector<Fd> ports;
    ports.push_back(lab.publish("0.0.0.0", 8000, 80, SOCK_DGRAM));
    ports.push_back(lab.publish("::1", 8002, 80, SOCK_DGRAM));
    Fd both = lab.lab.machine.socket(true, SOCK_DGRAM);  // as ports.h makes it
    test::SocketAddress any("::", 8001);
    ASSERT_EQ(::bind(both.get(), &any.any, any.size), 0);
    ports.push_back(std::move(both));
    lab.record.ports.push_back({"", 8001, 80, 0, Protocol::udp});
    lab.serve(std::move(ports));
    Fd four = bound(lab.guest, RelayLab::kGuest, 80), six = bound(lab.guest, RelayLab::kGuest6, 80);
    const struct {
        bool outside;
        const char* address;
        uint16_t port;
        const char* seen;
    } kRows[] = {
        {true, "203.0.113.1", 8000, "203.0.113.9"}, {true, "203.0.113.2", 8000, "203.0.113.9"},
        {true, "203.0.113.1", 8001, "203.0.113.9"}, {true, "203.0.113.2", 8001, "203.0.113.9"},
        {true, "2001:db8::1", 8001, "2001:db8::9"}, {true, "2001:db8::2", 8001, "2001:db8::9"},
        {false, "127.0.0.1", 8000, "10.9.0.1"},     {false, "127.0.0.1", 8001, "10.9.0.1"},
        {false, "::1", 8001, "fd00:9::1"},          {false, "::1", 8002, "fd00:9::1"},
        {false, "127.0.0.2", 8001, "10.9.0.1"},
    };
    for (auto& row : kRows) {
        bool is_six = strchr(row.address, ':');
        const Fd& server = is_six ? six : four;
        const Place& place = row.outside ? lab.lab.outside : lab.lab.machine;
        Fd client = place.socket(is_six, SOCK_DGRAM);
        test::SocketAddress from, back;
        for (int i = 0; i < 2; i++) {
            send_to(client, {row.address, row.port}, "question");
            EXPECT_EQ(hear(lab, server, &from), "question") << row.address;
            EXPECT_EQ(from.text(), row.seen) << row.address;
            send_to(server, from, "answer");
            EXPECT_EQ(hear(lab, client, &back), "answer") << row.address;
            EXPECT_EQ(name_of(back), String(row.address) + " " + test::to_text(row.port));
        }
        test::SocketAddress own;
        ::getsockname(client.get(), &own.any, &own.size);
        if (row.outside)
            EXPECT_EQ(from.v4.sin_port, own.v4.sin_port) << row.address;
    }
    lab.relay->dismiss("c1");
    lab.turn();
    Fd client = joined(lab.lab.outside, "203.0.113.1", 8000);
    EXPECT_EQ(send(client, "question"), 0);
    EXPECT_EQ(hear(lab, client), "error Connection refused");
}

RELAY_TEST(LeavesPortsToWhomKeepsThem)
{
    Vector<Fd> ports;
    ports.push_back(lab.publish("0.0.0.0", 8000, 80, SOCK_DGRAM));
    Fd kept(::fcntl(ports[0].get(), F_DUPFD_CLOEXEC, 0));
    lab.serve(std::move(ports));
    lab.relay->dismiss("c1");
    lab.turn();
    Fd client = joined(lab.lab.outside, "203.0.113.1", 8000);
    EXPECT_EQ(send(client, "question"), 0);
    for (int i = 0; i < 20; i++)
        lab.turn();
    EXPECT_EQ(hear(lab, kept), "question");
}

RELAY_TEST(KeepsApartWhoComesByTwoPortsToOne)
{
    Vector<Fd> ports;
    ports.push_back(lab.publish("0.0.0.0", 8000, 80, SOCK_DGRAM));
    ports.push_back(lab.publish("0.0.0.0", 8001, 80, SOCK_DGRAM));
    lab.serve(std::move(ports));
    Fd server = bound(lab.guest, RelayLab::kGuest, 80);
    Fd client = bound(lab.lab.outside, RelayLab::kOutside, 9000);
    test::SocketAddress from[2], back;
    for (uint16_t i : {0, 1}) {
        send_to(client, {"203.0.113.1", uint16_t(8000 + i)}, "question");
        EXPECT_EQ(hear(lab, server, &from[i]), "question");
        EXPECT_EQ(from[i].text(), RelayLab::kOutside);
    }
    EXPECT_NE(name_of(from[0]), name_of(from[1]));
    for (uint16_t i : {0, 1}) {
        send_to(server, from[i], "answer");
        EXPECT_EQ(hear(lab, client, &back), "answer");
        EXPECT_EQ(ntohs(back.v4.sin_port), 8000 + i);
    }
}

RELAY_TEST(KnowsAClientThatItHasSpokenToBefore)
{
    Vector<Fd> ports;
    ports.push_back(lab.publish("0.0.0.0", 8000, 80, SOCK_DGRAM));
    lab.serve(std::move(ports));
    Fd server = bound(lab.guest, RelayLab::kGuest, 80);
    Fd client = bound(lab.lab.outside, RelayLab::kOutside, 9000);
    test::SocketAddress from, back;
    send_to(server, {RelayLab::kOutside, 9000}, "hello");
    EXPECT_EQ(hear(lab, client, &from), "hello");
    EXPECT_NE(ntohs(from.v4.sin_port), 8000);
    for (int i = 0; i < 2; i++) {
        send_to(client, {"203.0.113.1", 8000}, "question");
        EXPECT_EQ(hear(lab, server, &from), "question");
        EXPECT_EQ(name_of(from), "203.0.113.9 9000");
        send_to(server, from, "answer");
        EXPECT_EQ(hear(lab, client, &back), "answer");
        EXPECT_EQ(ntohs(back.v4.sin_port), 8000);
    }
}

RELAY_TEST(ReachesItsOwnPublishedPortByTheGateway)
{
    Vector<Fd> ports;
    ports.push_back(lab.publish("0.0.0.0", 8000, 80, SOCK_DGRAM));
    lab.record.ports[0].host_address = "";
    lab.serve(std::move(ports));
    Fd server = bound(lab.guest, RelayLab::kGuest, 80);
    Fd client = joined(lab.guest, "10.9.0.1", 8000);
    EXPECT_TRUE(talks(lab, client, server));
}

TEST(UdpPorts, TakeNothingFromWhatTheContainerAsks)
{
    test::in_new_network([] {
        RelayLab lab(false, 160);  // a pair for each 8, and half of them by one container
        Vector<Fd> ports;
        ports.push_back(lab.publish("0.0.0.0", 8000, 80, SOCK_DGRAM));
        lab.serve(std::move(ports));
        Fd server = bound(lab.guest, RelayLab::kGuest, 80);
        Fd names = bound(lab.lab.outside, RelayLab::kOutside, 53);
        Fd socket = joined(lab.guest, RelayLab::kOutside, 53);
        test::SocketAddress from;
        EXPECT_EQ(send(socket, "question"), 0);
        EXPECT_EQ(hear(lab, names, &from), "question");
        Vector<Fd> clients;
        for (int i = 0; i < 30; i++) {
            clients.push_back(joined(lab.lab.outside, "203.0.113.1", 8000));
            EXPECT_EQ(send(clients.back(), "hello"), 0);
            EXPECT_EQ(hear(lab, server), "hello");
        }
        send_to(names, from, "answer");
        EXPECT_EQ(hear(lab, socket), "answer");
        // As little can be had by who asks all the time.
        Fd asks = lab.guest.socket(false, SOCK_DGRAM);
        for (uint16_t i = 0; i < 30; i++)
            send_to(asks, {RelayLab::kOutside, uint16_t(10000 + i)}, "hello");
        for (int i = 0; i < 50; i++)
            lab.turn();
        EXPECT_TRUE(talks(lab, clients.back(), server));
    });
}

// As of root where the kernel has no packet filter.
TEST(UdpPorts, LeadToContainersOfThisMachineWithoutAGateway)
{
    test::in_new_network([] {
        test::Lab machine;
        machine.add_bridge("br-a", "10.9.0.1", "fd00:9::1");
        Place box =
            machine.box("br-a", "v2", "10.9.0.2/24", "10.9.0.1", "fd00:9::2/64", "fd00:9::1");
        box.settle();
        Reactor reactor = MUST(Reactor::make());
        Gateway gateway = Gateway::here();
        Guests guests;
        Guest guest;
        guest.container = "c1";
        guest.endpoints.push_back({.address = "10.9.0.2/24",
                                   .gateway = "10.9.0.1",
                                   .address6 = "fd00:9::2/64",
                                   .gateway6 = "fd00:9::1"});
        guest.ports.push_back({"::", 8000, 80, 0, Protocol::udp});
        guests.add(guest);
        UdpRelay relay(reactor, gateway, guests);
        EXPECT_OK(relay.publish(bound(machine.machine, "::", 8000), "c1", 0));
        Fd server = bound(box, "fd00:9::2", 80);
        for (const char* address : {"2001:db8::1", "::1"}) {
            Fd client =
                joined(strcmp(address, "::1") ? machine.outside : machine.machine, address, 8000);
            char words[16];
            test::SocketAddress from;
            // A new address of IPv6 is not answered for at once.
            auto turn_until = [&](const Fd& there) {
                for (int i = 0; i < 5 && !test::waits(there, POLLIN, 0); i++)
                    reactor.turn(1000);
                return test::waits(there, POLLIN);
            };
            EXPECT_EQ(send(client, "question"), 0);
            ASSERT_TRUE(turn_until(server));
            EXPECT_EQ(::recvfrom(server.get(), words, sizeof words, 0, &from.any, &from.size), 8);
            EXPECT_EQ(from.text(), "fd00:9::1");
            send_to(server, from, "answer");
            ASSERT_TRUE(turn_until(client));
            EXPECT_EQ(::recv(client.get(), words, sizeof words, 0), 6);
        }
    });
}

}  // namespace
}  // namespace kist::network
