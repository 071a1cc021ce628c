// tcp_relay_test.cpp - connections of a guest and to it, through a gateway, in network namespaces.

#include "network/tcp_relay.h"

#include "relay_lab.h"

using namespace kist;
using test::in_new_network;
using test::RelayLab;

TEST(TcpRelay, CarriesWhatAGuestAndTheWorldSay)
{
    in_new_network([] {
        RelayLab all;
        all.serve();
        for (const char* address : {all.kOutside, all.kOutside6}) {
            Fd listener = all.listen(all.lab.outside, address, 7000);
            Fd client = all.begin(all.guest, address, 7000);
            EXPECT_EQ(all.outcome(client), 0) << address;
            String from;
            Fd server = all.accept(listener, &from);
            EXPECT_TRUE(from.starts_with(strchr(address, ':') ? "2001:db8::1 " : "203.0.113.1 "))
                << from;
            size_t size = strchr(address, ':') ? 1 << 20 : 64 << 20;
            EXPECT_TRUE(all.carries(client, server, size));
            EXPECT_TRUE(all.carries(server, client, size));
            EXPECT_EQ(::shutdown(client.get(), SHUT_WR), 0);
            EXPECT_EQ(all.hear(server), 0);
            EXPECT_TRUE(all.carries(server, client, 1 << 20));
            server.close();
            EXPECT_EQ(all.hear(client), 0);
        }
    });
}

TEST(TcpRelay, TellsAGuestWhatBecameOfItsConnection)
{
    in_new_network([] {
        RelayLab all;
        all.serve();
        for (const char* address : {all.kOutside, all.kOutside6}) {
            int64_t begun = clock::steady_ms();
            EXPECT_EQ(all.outcome(all.begin(all.guest, address, 7001)), ECONNREFUSED) << address;
            EXPECT_LT(clock::steady_ms() - begun, 500);
        }
        // Nobody has this address; there is no way there; it may not be asked.
        all.lab.machine.run(
            "ip route add unreachable 192.0.2.1; ip route add prohibit 192.0.2.2; "
            "ip route add blackhole 192.0.2.3");
        EXPECT_EQ(all.outcome(all.begin(all.guest, "192.0.2.1", 80)), EHOSTUNREACH);
        EXPECT_EQ(all.outcome(all.begin(all.guest, "192.0.2.2", 80)), EHOSTUNREACH);
        EXPECT_EQ(all.outcome(all.begin(all.guest, "192.0.2.77", 80)), ENETUNREACH);
        EXPECT_EQ(all.outcome(all.begin(all.guest, "2001:db8:1::1", 80)), ENETUNREACH);
        EXPECT_EQ(all.outcome(all.begin(all.guest, "203.0.113.77", 80), 5000), EHOSTUNREACH);
    });
}

TEST(TcpRelay, LeadsNobodyToTheMachinesLoopback)
{
    in_new_network([] {
        RelayLab all(false);
        all.serve();
        Fd listener = all.listen(all.lab.machine, "127.0.0.1", 7000);
        all.guest.run(
            "ip link set lo down; ip route add local 127.0.0.0/8 dev lo 2>/dev/null; true");
        EXPECT_EQ(all.outcome(all.begin(all.guest, "10.9.0.1", 7000)), ECONNREFUSED);
        Fd own = all.listen(all.lab.machine, "203.0.113.1", 7000);
        EXPECT_EQ(all.outcome(all.begin(all.guest, "10.9.0.1", 7000)), 0);
        EXPECT_EQ(all.outcome(all.begin(all.guest, "203.0.113.1", 7000)), 0);
        all.record.host_loopback = true;
        all.serve();
        Fd client = all.begin(all.guest, "10.9.0.1", 7000);
        EXPECT_EQ(all.outcome(client), 0);
        EXPECT_TRUE(all.carries(client, all.accept(listener)));
    });
}

TEST(TcpRelay, CarriesResets)
{
    in_new_network([] {
        RelayLab all(false);
        all.serve();
        Fd listener = all.listen(all.lab.outside, all.kOutside, 7000);
        for (bool from_guest : {true, false}) {
            Fd client = all.begin(all.guest, all.kOutside, 7000);
            EXPECT_EQ(all.outcome(client), 0);
            Fd server = all.accept(listener);
            EXPECT_TRUE(all.carries(client, server));
            Fd& ends = from_guest ? client : server;
            network::TcpFlows::abort(std::move(ends));
            ends.close();
            EXPECT_EQ(all.hear(from_guest ? server : client), -ECONNRESET);
        }
        // Of a network that the container has left, and then come to again.
        Fd left = all.begin(all.guest, all.kOutside, 7000);
        EXPECT_EQ(all.outcome(left), 0);
        Fd leaves = all.accept(listener);
        EXPECT_TRUE(all.carries(left, leaves));
        all.serve();
        EXPECT_TRUE(all.carries(left, leaves));
        auto elsewhere = all.record;
        elsewhere.endpoints[0].network = "other";
        EXPECT_OK(all.relay->serve(std::move(elsewhere), {}));
        EXPECT_EQ(all.hear(leaves), -ECONNRESET);
        all.serve();
        // Of a container that is gone.
        Fd client = all.begin(all.guest, all.kOutside, 7000);
        EXPECT_EQ(all.outcome(client), 0);
        Fd server = all.accept(listener);
        EXPECT_TRUE(all.carries(client, server));
        all.relay->dismiss("c1");
        EXPECT_EQ(all.hear(server), -ECONNRESET);
        EXPECT_EQ(all.hear(client), -ECONNRESET);
        EXPECT_EQ(all.outcome(all.begin(all.guest, all.kOutside, 7000)), ECONNREFUSED);
    });
}

TEST(TcpRelay, TakesTheSamePortsAgain)
{
    in_new_network([] {
        RelayLab all(false);
        all.serve();
        Fd listener = all.listen(all.lab.outside, all.kOutside, 7000);
        for (int i = 0; i < 6; i++) {
            Fd client = all.begin(all.guest, all.kOutside, 7000, 5555);
            EXPECT_EQ(all.outcome(client), 0) << i;
            Fd server = all.accept(listener);
            EXPECT_TRUE(all.carries(client, server)) << i;
            // Ended by the world, by the guest's reset, and forgotten by the guest.
            if (i % 3 == 0) {
                server.close();
                EXPECT_EQ(all.hear(client), 0);
                client.close();
                for (int turns = 0; turns < 20; turns++)
                    all.turn();
            } else if (i % 3 == 1) {
                network::TcpFlows::abort(std::move(client));
            } else {
                all.guest.run("ip link set eth0 down");
                network::TcpFlows::abort(std::move(client));
                client.close();
                all.guest.run("ip link set eth0 up; ip route add default via 10.9.0.1");
            }
        }
    });
}

TEST(TcpRelay, LivesThroughAFirstPacketThatIsLost)
{
    in_new_network([] {
        RelayLab all(false);
        all.serve();
        Fd listener = all.listen(all.lab.outside, all.kOutside, 7000);
        // On its way out; then what we put in again.
        all.lab.machine.run("ip link set up0 down");
        Fd client = all.begin(all.guest, all.kOutside, 7000);
        all.turn();
        all.lab.machine.run("ip link set up0 up");
        EXPECT_NE(all.outcome(client, 3000), EAGAIN);

        all.lab.outside.run("ip link set eth0 down");
        client = all.begin(all.guest, all.kOutside, 7000);
        for (int i = 0; i < 50; i++)
            all.turn();
        all.lab.outside.run("ip link set eth0 up");
        EXPECT_EQ(all.outcome(client, 4000), 0);
        EXPECT_TRUE(all.carries(client, all.accept(listener)));

        // The answer to what we put in again.
        client = all.begin(all.guest, all.kOutside, 7000);
        all.guest.run("ip link set eth0 down");
        for (int i = 0; i < 50; i++)
            all.turn();
        all.guest.run("ip link set eth0 up; ip route add default via 10.9.0.1");
        EXPECT_EQ(all.outcome(client, 4000), 0);
        EXPECT_TRUE(all.carries(client, all.accept(listener)));
    });
}

TEST(TcpRelay, GoesOnAroundAReaderThatDoesNotRead)
{
    in_new_network([] {
        rlimit files{};
        ::getrlimit(RLIMIT_NOFILE, &files);
        files.rlim_cur = files.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &files);
        RelayLab all(false);
        all.serve();
        Fd listener = all.listen(all.lab.outside, all.kOutside, 7000);
        Vector<Fd> clients, servers;
        for (int i = 0; i < 500; i++) {
            clients.push_back(all.begin(all.guest, all.kOutside, 7000));
            ASSERT_EQ(all.outcome(clients.back()), 0);
            servers.push_back(all.accept(listener));
            ASSERT_TRUE(servers.back().is_open());
        }
        static char block[64 << 10];
        size_t stuck = 0;
        for (int quiet = 0; quiet < 20; quiet++) {
            for (ssize_t n; (n = ::send(clients[7].get(), block, sizeof block, 0)) > 0; quiet = 0)
                stuck += size_t(n);
            all.turn();
        }
        for (size_t i = 0; i < clients.size(); i += 5)
            EXPECT_TRUE(all.carries(i & 1 ? clients[i] : servers[i],
                                    i & 1 ? servers[i] : clients[i], 5000));
        size_t read = 0;
        for (ssize_t n; read < stuck && (n = all.hear(servers[7], block, sizeof block)) > 0;)
            read += size_t(n);
        EXPECT_EQ(read, stuck);
    });
}

TEST(TcpRelay, PublishesPortsAndShowsWhoComes)
{
    in_new_network([] {
        RelayLab all;
        Vector<Fd> ports;
        for (const char* address : {"203.0.113.1", "2001:db8::1", "127.0.0.1", "::1"})
            ports.push_back(all.publish(address, 8080, 80));
        all.serve(std::move(ports));
        Fd four = all.listen(all.guest, all.kGuest, 80);
        Fd six = all.listen(all.guest, all.kGuest6, 80);
        const struct {
            const test::Place& from;
            const char* address;
            const Fd& at;
            const char* seen;
        } kRows[] = {
            {all.lab.outside, "203.0.113.1", four, "203.0.113.9 4444"},
            {all.lab.outside, "2001:db8::1", six, "2001:db8::9 4444"},
            {all.lab.machine, "203.0.113.1", four, "203.0.113.1 4444"},
            {all.lab.machine, "127.0.0.1", four, "10.9.0.1 "},
            {all.lab.machine, "::1", six, "fd00:9::1 "},
            // At once again, by the same.
            {all.lab.outside, "203.0.113.1", four, ""},
        };
        for (auto& row : kRows) {
            Fd client = all.begin(row.from, row.address, 8080, 4444);
            EXPECT_EQ(all.outcome(client), 0) << row.address;
            String from;
            Fd server = all.accept(row.at, &from);
            EXPECT_TRUE(from.starts_with(row.seen)) << from << " " << row.seen;
            EXPECT_TRUE(all.carries(client, server, 200000));
            EXPECT_TRUE(all.carries(server, client, 200000));
            network::TcpFlows::abort(std::move(client));
            client.close();
            EXPECT_EQ(all.hear(server), -ECONNRESET);
        }
        // Ended by who serves, so that the gateway remembers the pair.
        for (int i = 0; i < 3; i++) {
            Fd client = all.begin(all.lab.outside, "203.0.113.1", 8080, 4445);
            EXPECT_EQ(all.outcome(client), 0);
            Fd server = all.accept(four);
            EXPECT_TRUE(all.carries(client, server)) << i;
            ::shutdown(client.get(), SHUT_WR);
            EXPECT_EQ(all.hear(server), 0);
            server.close();
            EXPECT_EQ(all.hear(client), 0);
            client.close();
        }
    });
}

TEST(TcpRelay, ResetsWhoComesForAPortThatNobodyServes)
{
    in_new_network([] {
        RelayLab all(false);
        Vector<Fd> ports;
        ports.push_back(all.publish("203.0.113.1", 8080, 80));
        all.serve(std::move(ports));
        Fd client = all.begin(all.lab.outside, "203.0.113.1", 8080);
        int error = all.outcome(client);
        EXPECT_EQ(error ? -error : all.hear(client), -ECONNRESET);
        // The ports go with the container.
        all.relay->dismiss("c1");
        EXPECT_EQ(all.outcome(all.begin(all.lab.outside, "203.0.113.1", 8080)), ECONNREFUSED);
    });
}

TEST(TcpRelay, LeavesPortsToWhomKeepsThem)
{
    in_new_network([] {
        RelayLab all;
        Vector<Fd> ports;
        ports.push_back(all.publish("203.0.113.1", 8080, 80));
        Fd kept(::fcntl(ports[0].get(), F_DUPFD_CLOEXEC, 0));
        all.serve(std::move(ports));
        all.relay->dismiss("c1");
        all.turn();
        Fd client = all.begin(all.lab.outside, "203.0.113.1", 8080);
        EXPECT_EQ(all.outcome(client), 0);
        for (int i = 0; i < 20; i++)
            all.turn();
        EXPECT_TRUE(all.accept(kept).is_open());
    });
}

TEST(TcpRelay, WaitsForAContainerBeforeItPassesAnEndOn)
{
    in_new_network([] {
        RelayLab all(false);
        Vector<Fd> ports;
        ports.push_back(all.publish("203.0.113.1", 8080, 80));
        all.serve(std::move(ports));
        Fd listener = all.listen(all.guest, all.kGuest, 80);
        all.guest.run("ip link set eth0 down");
        Fd silent = all.begin(all.lab.outside, "203.0.113.1", 8080);
        Fd brief = all.begin(all.lab.outside, "203.0.113.1", 8080);
        EXPECT_EQ(all.outcome(silent), 0);
        EXPECT_EQ(all.outcome(brief), 0);
        EXPECT_EQ(::send(brief.get(), "q", 1, 0), 1);
        for (const Fd* client : {&silent, &brief})
            EXPECT_EQ(::shutdown(client->get(), SHUT_WR), 0);
        for (int i = 0; i < 50; i++)
            all.turn();
        all.guest.run("ip link set eth0 up; ip route add default via 10.9.0.1");
        int asked = 0;
        for (int i = 0; i < 2; i++) {
            Fd server;
            for (int tries = 0; tries < 8 && !server.is_open(); tries++)
                server = all.accept(listener);
            ssize_t heard = all.hear(server);
            asked += int(heard);
            if (heard)
                EXPECT_EQ(all.hear(server), 0);
            EXPECT_EQ(::send(server.get(), "a", 1, 0), 1);
        }
        EXPECT_EQ(asked, 1);
        for (const Fd* client : {&silent, &brief}) {
            EXPECT_EQ(all.hear(*client), 1);
            EXPECT_EQ(all.hear(*client), 0);
        }
    });
}

TEST(TcpRelay, SendsIPv6ClientsToIPv4WhereThereIsNothingElse)
{
    in_new_network([] {
        RelayLab all(false);
        Vector<Fd> ports;
        ports.push_back(all.publish("2001:db8::1", 8080, 80));
        all.record.endpoints[0].address6 = all.record.endpoints[0].gateway6 = "";
        all.serve(std::move(ports));
        Fd listener = all.listen(all.guest, all.kGuest, 80);
        Fd client = all.begin(all.lab.outside, "2001:db8::1", 8080);
        EXPECT_EQ(all.outcome(client), 0);
        String from;
        Fd server = all.accept(listener, &from);
        EXPECT_TRUE(from.starts_with("10.9.0.1 ")) << from;
        EXPECT_TRUE(all.carries(client, server));
    });
}
