// firewall_packets_test.cpp - network/firewall.h: what the rules do to packets.

#include "check.h"
#include "lab.h"
#include "network/firewall.h"

namespace kist::network {
namespace {

using test::Client;
using test::Lab;
using test::Place;
using test::run;
using test::Server;

// Three networks: "a" with two containers, "b" with one, and "in" which has no way out, with two.
struct Town : Lab {
    Network a = network("a", "172.18.0.0/24", "fd00:a::/64");
    Network b = network("b", "172.19.0.0/24", "fd00:b::/64");
    Network in = network("in", "172.20.0.0/24", "fd00:c::/64");
    Place a2, a3, b2, in2, in3;

    Town()
        : a2(joined(a, 2)),
          a3(joined(a, 3)),
          b2(joined(b, 2)),
          in2(joined(in, 2)),
          in3(joined(in, 3))
    {
        in.internal = true;
        for (const Network* each : {&a, &b, &in})
            EXPECT_OK(open_firewall(*each));
    }
    // Before IPv6 is spoken.
    void settle()
    {
        for (const Place* each : {&machine, &outside, &a2, &a3, &b2})
            each->settle();
    }

    static Network network(const char* name, const char* subnet, const char* subnet6)
    {
        Network made = {.name = name, .link = String("br-") + name, .ipv6 = true};
        made.pools.push_back({.subnet = subnet});
        made.pools.push_back({.subnet = subnet6});
        return made;
    }
    // The address of a network's container.
    static String at(const Network& network, int host)
    {
        const String& subnet = network.pools[0].subnet;
        return subnet.substr(0, subnet.size() - 4) + str::format("%d", host);
    }
    static String at6(const Network& network, int host)
    {
        const String& subnet = network.pools[1].subnet;
        return subnet.substr(0, subnet.size() - 3) + str::format("%d", host);
    }
    static Endpoint endpoint(const Network& network, int host)
    {
        return {.network = network.name,
                .bridge = network.link,
                .address = at(network, host) + "/24",
                .address6 = at6(network, host) + "/64"};
    }
    Place joined(const Network& network, int host)
    {
        String gateway = at(network, 1), gateway6 = at6(network, 1);
        if (host == 2)
            add_bridge(network.link.c_str(), gateway.c_str(), gateway6.c_str());
        String link = str::format("v%s%d", network.name.c_str(), host);
        return box(network.link.c_str(), link.c_str(), (at(network, host) + "/24").c_str(),
                   gateway.c_str(), (at6(network, host) + "/64").c_str(), gateway6.c_str());
    }
};

// Whether what passes within a bridge is shown to the packet filter, too (br_netfilter).
bool watch_bridges(bool on)
{
    return !::system(str::format("for each in iptables ip6tables; do echo %d > "
                                 "/proc/sys/net/bridge/bridge-nf-call-$each || exit; done 2>&1",
                                 on)
                         .c_str());
}

#define TOWN_TEST(name) TEST_WITH(Town, town, FirewallPackets, name)

TOWN_TEST(LeaveUnderTheMachinesAddress)
{
    town.settle();
    Server server(town.outside, "0.0.0.0", 7000), server6(town.outside, "::", 7001);
    EXPECT_EQ(meets(town.a2, "203.0.113.9", 7000, server), "203.0.113.1");
    EXPECT_EQ(meets(town.b2, "2001:db8::9", 7001, server6), "2001:db8::1");
    // Between containers and with the machine addresses stay.
    Server neighbour(town.a3, "0.0.0.0", 7000), machine(town.machine, "0.0.0.0", 7000);
    Server container(town.a2, "0.0.0.0", 7000);
    EXPECT_EQ(meets(town.a2, "172.18.0.3", 7000, neighbour), "172.18.0.2");
    EXPECT_EQ(meets(town.a2, "172.18.0.1", 7000, machine), "172.18.0.2");
    EXPECT_EQ(meets(town.machine, "172.18.0.1", 7000, machine), "172.18.0.1");
    EXPECT_EQ(meets(town.machine, "172.18.0.2", 7000, container), "172.18.0.1");
}

TOWN_TEST(ReachPublishedPortsFromEverywhere)
{
    town.settle();
    EXPECT_OK(publish(Town::endpoint(town.a, 2), {{.host_port = 8080, .container_port = 80}}));
    Server server(town.a2, "0.0.0.0", 80), server6(town.a2, "::", 80 + 1);
    EXPECT_EQ(meets(town.outside, "203.0.113.1", 8080, server), "203.0.113.9");
    EXPECT_EQ(meets(town.machine, "203.0.113.1", 8080, server), "203.0.113.1");
    EXPECT_EQ(meets(town.machine, "127.0.0.1", 8080, server), "172.18.0.1");
    EXPECT_EQ(meets(town.machine, "127.1.2.3", 8080, server), "172.18.0.1");
    EXPECT_EQ(meets(town.b2, "203.0.113.1", 8080, server), "172.18.0.1");
    EXPECT_EQ(meets(town.b2, "172.19.0.1", 8080, server), "172.18.0.1");
    EXPECT_EQ(meets(town.in2, "172.20.0.1", 8080, server), "");
    EXPECT_EQ(meets(town.outside, "203.0.113.1", 8081, server), "");

    EXPECT_OK(publish(Town::endpoint(town.a, 2), {{.host_port = 8080, .container_port = 81}}));
    EXPECT_EQ(meets(town.outside, "2001:db8::1", 8080, server6), "2001:db8::9");
    EXPECT_EQ(meets(town.machine, "2001:db8::1", 8080, server6), "2001:db8::1");
    EXPECT_EQ(meets(town.a3, "2001:db8::1", 8080, server6), "fd00:a::1");
}

TOWN_TEST(ReachPublishedPortsFromTheSameNetwork)
{
    EXPECT_OK(publish(Town::endpoint(town.a, 2), {{.host_port = 8080, .container_port = 80}}));
    Server server(town.a2, "0.0.0.0", 80);
    for (bool watched : {false, true}) {
        if (!watch_bridges(watched))
            continue;
        EXPECT_EQ(meets(town.a2, "203.0.113.1", 8080, server), "172.18.0.1") << watched;
        EXPECT_EQ(meets(town.a3, "203.0.113.1", 8080, server), "172.18.0.1") << watched;
        EXPECT_EQ(meets(town.a2, "172.18.0.1", 8080, server), "172.18.0.1") << watched;
    }
}

TOWN_TEST(ReachPortsOfOneAddressThere)
{
    town.settle();
    Vector<Port> ports = {
        {.host_address = "127.0.0.1", .host_port = 8080, .container_port = 80},
        {.host_address = "172.19.0.1", .host_port = 8080, .container_port = 81},
        {.host_address = "0.0.0.0", .host_port = 8082, .container_port = 80},
        {.host_address = "2001:db8::1", .host_port = 8083, .container_port = 82},
    };
    EXPECT_OK(publish(Town::endpoint(town.a, 2), ports));
    Server server(town.a2, "0.0.0.0", 80), another(town.a2, "0.0.0.0", 81);
    Server server6(town.a2, "::", 82);
    EXPECT_EQ(meets(town.machine, "127.0.0.1", 8080, server), "172.18.0.1");
    EXPECT_EQ(meets(town.machine, "203.0.113.1", 8080, server), "");
    EXPECT_EQ(meets(town.outside, "203.0.113.1", 8080, server), "");
    EXPECT_EQ(meets(town.b2, "172.19.0.1", 8080, another), "172.18.0.1");
    EXPECT_EQ(meets(town.outside, "203.0.113.1", 8082, server), "203.0.113.9");
    EXPECT_EQ(meets(town.outside, "2001:db8::1", 8083, server6), "2001:db8::9");
    EXPECT_EQ(meets(town.outside, "203.0.113.1", 8083, server), "");
}

TOWN_TEST(StayInTheirNetwork)
{
    town.settle();
    Server a2(town.a2, "0.0.0.0", 80), b2(town.b2, "0.0.0.0", 80), in2(town.in2, "0.0.0.0", 80);
    Server a2_6(town.a2, "::", 81), outside(town.outside, "0.0.0.0", 80);
    for (bool watched : {false, true}) {
        if (!watch_bridges(watched))
            continue;
        EXPECT_EQ(meets(town.a3, "172.18.0.2", 80, a2), "172.18.0.3") << watched;
        EXPECT_EQ(meets(town.a3, "fd00:a::2", 81, a2_6), "fd00:a::3") << watched;
        EXPECT_EQ(meets(town.machine, "172.18.0.2", 80, a2), "172.18.0.1") << watched;
        EXPECT_EQ(meets(town.a3, "172.19.0.2", 80, b2), "") << watched;
        EXPECT_EQ(meets(town.b2, "172.18.0.2", 80, a2), "") << watched;
        EXPECT_EQ(meets(town.b2, "fd00:a::2", 81, a2_6), "") << watched;
        EXPECT_EQ(meets(town.outside, "172.18.0.2", 80, a2), "") << watched;
        EXPECT_EQ(meets(town.outside, "fd00:a::2", 81, a2_6), "") << watched;

        EXPECT_EQ(meets(town.in3, "172.20.0.2", 80, in2), "172.20.0.3") << watched;
        EXPECT_EQ(meets(town.in3, "203.0.113.9", 80, outside), "") << watched;
        EXPECT_EQ(meets(town.in3, "172.18.0.2", 80, a2), "") << watched;
        EXPECT_EQ(meets(town.a2, "172.20.0.2", 80, in2), "") << watched;
        EXPECT_EQ(meets(town.outside, "172.20.0.2", 80, in2), "") << watched;
    }
}

TOWN_TEST(StayAloneWithoutTheirNeighbours)
{
    if (!watch_bridges(true))
        GTEST_SKIP() << "the kernel has no br_netfilter";
    Server server(town.a2, "0.0.0.0", 80);
    town.a.options.emplace_back("com.docker.network.bridge.enable_icc", "false");
    EXPECT_OK(open_firewall(town.a));
    EXPECT_EQ(meets(town.a3, "172.18.0.2", 80, server), "");
    EXPECT_EQ(meets(town.machine, "172.18.0.2", 80, server), "172.18.0.1");
    EXPECT_OK(publish(Town::endpoint(town.a, 2), {{.host_port = 8080, .container_port = 80}}));
    EXPECT_EQ(meets(town.outside, "203.0.113.1", 8080, server), "203.0.113.9");
}

// Makes what leaves `place` for 192.0.2.1 something that no honest sender sends.
void forge(const Place& place, const char* change)
{
    place.run(
        str::format("nft \"table ip forge { chain post { type filter hook postrouting "
                    "priority 300; ip daddr 192.0.2.1 ip %s; }; }\"",
                    change));
}

TOWN_TEST(DoNotReachTheMachinesLoopback)
{
    Server loopback(town.machine, "127.0.0.1", 9000, SOCK_DGRAM),
        a3(town.a3, "0.0.0.0", 80, SOCK_DGRAM);
    forge(town.a2, "daddr set 127.0.0.1");
    forge(town.outside, "daddr set 127.0.0.1");
    Vector<Port> ports = {{.host_address = "127.0.0.1",
                           .host_port = 8080,
                           .container_port = 80,
                           .protocol = Protocol::udp}};
    EXPECT_OK(publish(Town::endpoint(town.a, 3), ports));
    EXPECT_EQ(meets(town.a2, "192.0.2.1", 9000, loopback, SOCK_DGRAM), "");
    EXPECT_EQ(meets(town.outside, "192.0.2.1", 8080, a3, SOCK_DGRAM), "");
    // Which the rules do, not something else.
    run("nft flush chain inet kist raw");
    EXPECT_EQ(meets(town.a2, "192.0.2.1", 9000, loopback, SOCK_DGRAM), "no answer");
    EXPECT_EQ(meets(town.outside, "192.0.2.1", 8080, a3, SOCK_DGRAM), "no answer");
}

TOWN_TEST(FollowDatagramsPortsAsTheyComeAndGo)
{
    Vector<Port> ports = {{.host_port = 5353, .container_port = 53, .protocol = Protocol::udp}};
    Server machine(town.machine, "0.0.0.0", 5353, SOCK_DGRAM);
    Server a2(town.a2, "0.0.0.0", 53, SOCK_DGRAM), b2(town.b2, "0.0.0.0", 53, SOCK_DGRAM);
    Client client(town.outside, "203.0.113.1", 5353, SOCK_DGRAM);
    Client local(town.machine, "127.0.0.1", 5353, SOCK_DGRAM);
    EXPECT_EQ(client.meets(machine), "203.0.113.9");
    EXPECT_EQ(local.meets(machine), "127.0.0.1");

    EXPECT_OK(publish(Town::endpoint(town.a, 2), ports));
    EXPECT_EQ(client.meets(a2), "203.0.113.9");
    EXPECT_EQ(local.meets(a2), "172.18.0.1");
    EXPECT_EQ(client.meets(machine), "");

    EXPECT_OK(unpublish(Town::endpoint(town.a, 2), ports));
    EXPECT_EQ(client.meets(a2), "");
    EXPECT_EQ(client.meets(machine), "203.0.113.9");

    EXPECT_OK(publish(Town::endpoint(town.b, 2), ports));
    EXPECT_EQ(client.meets(b2), "203.0.113.9");
    EXPECT_EQ(local.meets(b2), "172.19.0.1");
    // A container that is late takes away nothing of another's.
    EXPECT_OK(unpublish(Town::endpoint(town.a, 2), ports));
    EXPECT_EQ(client.meets(b2), "203.0.113.9");
}

TOWN_TEST(AreHeldByOtherFirewallsUntilTheirRemedyIsFollowed)
{
    EXPECT_OK(publish(Town::endpoint(town.a, 2), {{.host_port = 8080, .container_port = 80}}));
    Server server(town.a2, "0.0.0.0", 80), outside(town.outside, "0.0.0.0", 7000);
    run("nft \"table ip filter { chain FORWARD { type filter hook forward priority 0; "
        "policy drop; }; }\"");
    EXPECT_EQ(meets(town.outside, "203.0.113.1", 8080, server), "");
    EXPECT_EQ(meets(town.a2, "203.0.113.9", 7000, outside), "");
    Vector<Obstacle> obstacles = MUST(find_obstacles(town.a));
    ASSERT_EQ(obstacles.size(), 1u);
    run("iptables() { iptables-nft \"$@\"; }; " + obstacles[0].remedy);
    EXPECT_EQ(meets(town.outside, "203.0.113.1", 8080, server), "203.0.113.9");
    EXPECT_EQ(meets(town.a2, "203.0.113.9", 7000, outside), "203.0.113.1");
}

TEST(FirewallPackets, ReachTheResolverOnItsPort)
{
    test::in_new_network([] {
        run("ip link set lo up");
        Place here(Fd(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)));
        for (uint16_t port : {1053, 1054}) {
            EXPECT_OK(redirect_resolver(port));
            Server tcp(here, "127.0.0.11", port), udp(here, "127.0.0.11", port, SOCK_DGRAM);
            Server own(here, "0.0.0.0", 53, SOCK_DGRAM);
            EXPECT_EQ(meets(here, "127.0.0.11", 53, tcp), "127.0.0.1");
            EXPECT_EQ(meets(here, "127.0.0.11", 53, udp, SOCK_DGRAM), "127.0.0.1");
            EXPECT_EQ(meets(here, "127.0.0.1", 53, own, SOCK_DGRAM), "127.0.0.1");
        }
    });
}

}  // namespace
}  // namespace kist::network
