// relay_test.cpp - taps and limits of what is relayed, in network namespaces.

#include "network/relay.h"

#include "relay_lab.h"

using namespace kist;
using test::in_new_network;
using test::RelayLab;

namespace {

// Runs what links need in the gateway's namespace.
void in_gateway(const RelayLab& all, const String& command)
{
    test::run(
        str::format("nsenter --net=/proc/%d/ns/net %s", all.gateway->process(), command.c_str()));
}

}  // namespace

TEST(Relay, HearsOfABridgeThatWasMadeAnew)
{
    in_new_network([] {
        RelayLab all(false);
        all.serve();
        Fd listener = all.listen(all.lab.outside, all.kOutside, 7000);
        in_gateway(all, "ip link del br-aaaaaaaaaaaa");
        EXPECT_ERROR(all.relay->serve(all.record, {}), ENODEV, "");
        for (int i = 0; i < 2; i++) {
            in_gateway(all, "ip link del veth2 2>/dev/null || true");
            all.relay.reset();
            all.start();
            all.serve();
            EXPECT_EQ(all.outcome(all.begin(all.guest, all.kOutside, 7000)), 0);
        }
        // With the news of its end unread, and read.
        for (bool read : {false, true}) {
            in_gateway(all, "sh -c 'ip link set br-aaaaaaaaaaaa down'");
            if (read)
                all.turn();
            in_gateway(all, "sh -c 'ip link set br-aaaaaaaaaaaa up'");
            all.serve();
            EXPECT_EQ(all.outcome(all.begin(all.guest, all.kOutside, 7000), 5000), 0) << read;
        }
    });
}

TEST(Relay, WantsASocketForEachPort)
{
    in_new_network([] {
        RelayLab all(false);
        Vector<Fd> ports;
        ports.push_back(all.publish("203.0.113.1", 8080, 80));
        all.record.ports.push_back(all.record.ports[0]);
        EXPECT_ERROR(all.relay->serve(all.record, std::move(ports)), EINVAL, "1 sockets for 2");
    });
}

TEST(Relay, RefusesAContainerThatBeginsMoreThanItMay)
{
    in_new_network([] {
        RelayLab all(false);
        all.serve();
        all.lab.machine.run("ip neigh add 203.0.113.50 lladdr 02:00:00:00:00:99 dev up0");
        Vector<Fd> sockets;
        int refused = 0;
        for (int i = 0; i < 300; i++) {
            sockets.push_back(all.begin(all.guest, "203.0.113.50", 7000));
            all.turn(0);
        }
        for (const Fd& socket : sockets)
            refused += all.outcome(socket, 1) == ECONNREFUSED;
        EXPECT_EQ(refused, 300 - 256);
        // They are forgotten when the container has stopped to ask.
        EXPECT_LT(all.relay->due(), clock::steady_ms() + 71'000);
        sockets.clear();
        all.relay->expire(clock::steady_ms() + 200'000);
        EXPECT_EQ(all.relay->due(), INT64_MAX);
        Fd listener = all.listen(all.lab.outside, all.kOutside, 7000);
        EXPECT_EQ(all.outcome(all.begin(all.guest, all.kOutside, 7000)), 0);
    });
}

TEST(Relay, CountsAllNetworksOfAContainer)
{
    in_new_network([] {
        RelayLab all(false, 120);
        all.guest.run("ip addr add 10.9.0.3/24 dev eth0");
        auto other = all.record.endpoints[0];
        other.network = "other";
        other.address = "10.9.0.3/24";
        all.record.endpoints.push_back(std::move(other));
        all.serve();
        Fd listener = all.listen(all.lab.outside, all.kOutside, 7000);
        Vector<Fd> sockets;
        int refused = 0;
        // A connection for each 6 descriptors, and half of them by one container.
        for (int i = 0; i < 15; i++) {
            Fd socket = all.guest.socket(false, SOCK_STREAM);
            test::SocketAddress here(i % 2 ? "10.9.0.3" : all.kGuest, 0);
            test::SocketAddress there(all.kOutside, 7000);
            EXPECT_EQ(::bind(socket.get(), &here.any, here.size), 0);
            (void)::connect(socket.get(), &there.any, there.size);
            int error = all.outcome(socket);
            EXPECT_EQ(error, i < 10 ? 0 : ECONNREFUSED) << i;
            refused += error == ECONNREFUSED;
            sockets.push_back(std::move(socket));
        }
        EXPECT_EQ(refused, 5);
    });
}

TEST(Relay, RestsWhereThereAreNoDescriptorsLeft)
{
    in_new_network([] {
        RelayLab all(false);
        Vector<Fd> ports;
        ports.push_back(all.publish("203.0.113.1", 8080, 80));
        all.serve(std::move(ports));
        Fd listener = all.listen(all.guest, all.kGuest, 80);
        Fd client = all.begin(all.lab.outside, "203.0.113.1", 8080);
        Fd guest = all.begin(all.guest, all.kOutside, 7000);
        all.limit_files(3);
        for (int i = 0; i < 5; i++)
            all.turn(1);
        int64_t begun = clock::steady_ms();
        all.reactor->turn(100);
        int64_t waited = clock::steady_ms() - begun;
        bool reset = test::waits(guest, POLLIN);
        all.limit_files(RLIM_INFINITY);
        EXPECT_GE(waited, 90);
        EXPECT_TRUE(reset);
        EXPECT_EQ(all.outcome(guest), ECONNREFUSED);
        // Goes on by itself.
        EXPECT_TRUE(all.accept(listener).is_open());
    });
}

TEST(Relay, PublishesWithoutAGateway)
{
    in_new_network([] {
        RelayLab all(false);
        network::Gateway here = network::Gateway::here();
        // The bridge is in the machine's own namespace: here it is only an address.
        all.lab.machine.run("ip addr add 10.9.0.2/32 dev lo");
        network::Relay relay(*all.reactor, here);
        Vector<Fd> ports;
        ports.push_back(all.publish("203.0.113.1", 8080, 80));
        EXPECT_OK(relay.serve(all.record, std::move(ports)));
        Fd listener = all.listen(all.lab.machine, all.kGuest, 80);
        Fd client = all.begin(all.lab.outside, "203.0.113.1", 8080);
        EXPECT_EQ(all.outcome(client), 0);
        Fd server = all.accept(listener);
        EXPECT_EQ(::send(client.get(), "x", 1, 0), 1);
        EXPECT_EQ(all.hear(server), 1);
        relay.dismiss("c1");
        EXPECT_EQ(all.hear(server), -ECONNRESET);
    });
}
