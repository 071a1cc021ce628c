// udp_relay_test.cpp - network/udp_relay.h: datagrams of a guest, and to its ports.

#include "network/udp_relay.h"

#include <dirent.h>

#include "frames.h"
#include "packets.h"

namespace kist::network {
namespace {

using test::Place;
using test::RelayLab;
using test::run;

// A socket for datagrams, bound to an address of a place.
Fd bound(const Place& place, const char* address, uint16_t port)
{
    Fd socket = place.socket(strchr(address, ':'), SOCK_DGRAM);
    test::SocketAddress here(address, port);
    EXPECT_EQ(::bind(socket.get(), &here.any, here.size), 0) << address << ' ' << errno;
    return socket;
}

void join(const Fd& socket, const char* address, uint16_t port)
{
    test::SocketAddress there(address, port);
    EXPECT_EQ(::connect(socket.get(), &there.any, there.size), 0) << address << ' ' << errno;
}

Fd joined(const Place& place, const char* address, uint16_t port)
{
    Fd socket = place.socket(strchr(address, ':'), SOCK_DGRAM);
    join(socket, address, port);
    return socket;
}

int send(const Fd& socket, std::string_view bytes)
{
    return ::send(socket.get(), bytes.data(), bytes.size(), 0) < 0 ? errno : 0;
}

void send_to(const Fd& socket, const test::SocketAddress& to, std::string_view bytes)
{
    EXPECT_EQ(::sendto(socket.get(), bytes.data(), bytes.size(), 0, &to.any, to.size),
              ssize_t(bytes.size()))
        << errno;
}

// What comes, "nothing", or the error; from whom.
String hear(RelayLab& lab, const Fd& socket, test::SocketAddress* from = nullptr,
            int patience = 2000)
{
    String bytes(70000, '\0');
    test::SocketAddress name;
    if (!lab.waits(socket, POLLIN | POLLERR, patience))
        return "nothing";
    ssize_t got = ::recvfrom(socket.get(), bytes.data(), bytes.size(), 0, &name.any, &name.size);
    if (got < 0)
        return String("error ") + strerror(errno);
    if (from)
        *from = name;
    bytes.resize(size_t(got));
    return bytes;
}

String name_of(const test::SocketAddress& name)
{
    return name.text() + " " + test::to_text(ntohs(name.v4.sin_port));
}

// Whether what `socket` sends comes to `server`, and the answer back.
bool talks(RelayLab& lab, const Fd& socket, const Fd& server, std::string_view words = "words",
           String* seen = nullptr)
{
    test::SocketAddress from;
    if (send(socket, words) != 0)
        (void)send(socket, words);  // an error of before
    if (hear(lab, server, &from, 500) != words)
        return false;
    if (seen)
        *seen = name_of(from);
    send_to(server, from, String(words) + "!");
    return hear(lab, socket, nullptr, 500) == String(words) + "!";
}

size_t open_files()
{
    size_t count = 0;
    DIR* directory = ::opendir("/proc/self/fd");
    while (::readdir(directory))
        count++;
    ::closedir(directory);
    return count;
}

#define RELAY_TEST(name)          \
    void name(RelayLab& lab);     \
    TEST(UdpRelay, name)          \
    {                             \
        test::in_new_network([] { \
            RelayLab lab;         \
            name(lab);            \
        });                       \
    }                             \
    void name(RelayLab& lab)

RELAY_TEST(CarriesQuestionsAndBringsTheAnswersOfWhomWasAsked)
{
    lab.serve();
    for (const char* address : {RelayLab::kOutside, RelayLab::kOutside6}) {
        bool six = strchr(address, ':');
        Fd server = bound(lab.lab.outside, address, 7000);
        Fd other = bound(lab.lab.outside, address, 7001);
        Fd socket = lab.guest.socket(six, SOCK_DGRAM);
        test::SocketAddress from, back;
        send_to(socket, {address, 7000}, "question");
        EXPECT_EQ(hear(lab, server, &from), "question");
        EXPECT_EQ(from.text(), six ? "2001:db8::1" : "203.0.113.1");
        send_to(other, from, "what nobody asked for");
        send_to(server, from, "answer");
        EXPECT_EQ(hear(lab, socket, &back), "answer");
        EXPECT_EQ(name_of(back), String(address) + " 7000");
        EXPECT_EQ(hear(lab, socket, nullptr, 50), "nothing");
        // More of the same pair, and another one from the same socket.
        send_to(socket, {address, 7000}, "more");
        test::SocketAddress again;
        EXPECT_EQ(hear(lab, server, &again), "more");
        EXPECT_EQ(name_of(again), name_of(from));
        send_to(socket, {address, 7001}, "else");
        EXPECT_EQ(hear(lab, other, &again), "else");
        send_to(other, again, "thing");
        EXPECT_EQ(hear(lab, socket, &back), "thing");
        EXPECT_EQ(name_of(back), String(address) + " 7001");
    }
}

RELAY_TEST(CarriesDatagramsOfAnySize)
{
    lab.serve();
    for (const char* address : {RelayLab::kOutside, RelayLab::kOutside6}) {
        Fd server = bound(lab.lab.outside, address, 7000);
        Fd socket = joined(lab.guest, address, 7000);
        size_t most = strchr(address, ':') ? 65527 : 65507;
        for (size_t size :
             {size_t(0), size_t(1), size_t(1472), size_t(1473), size_t(9000), most - 1}) {
            String words(size, 'w');
            EXPECT_TRUE(talks(lab, socket, server, words)) << address << ' ' << size;
        }
        EXPECT_EQ(send(socket, String(most, 'x')), 0);
        EXPECT_EQ(hear(lab, server), String(most, 'x'));
    }
}

RELAY_TEST(KeepsTheOrderOfMany)
{
    lab.serve();
    Fd server = bound(lab.lab.outside, RelayLab::kOutside, 7000);
    Fd socket = joined(lab.guest, RelayLab::kOutside, 7000);
    ASSERT_TRUE(talks(lab, socket, server));
    for (unsigned burst = 0; burst < 20; burst++) {
        for (unsigned i = 0; i < 100; i++)
            EXPECT_EQ(send(socket, str::format("%u %u", burst, i) + String(1000, '.')), 0);
        for (unsigned i = 0; i < 100; i++)
            ASSERT_EQ(hear(lab, server), str::format("%u %u", burst, i) + String(1000, '.'));
    }
}

RELAY_TEST(RefusesInsideWhatIsRefusedOutside)
{
    lab.serve();
    for (const char* address : {RelayLab::kOutside, RelayLab::kOutside6}) {
        Fd socket = joined(lab.guest, address, 7000);
        for (int i = 0; i < 3; i++) {
            EXPECT_EQ(send(socket, "anybody?"), 0);
            EXPECT_EQ(hear(lab, socket), "error Connection refused") << address;
        }
        // What comes behind an error is not lost.
        EXPECT_EQ(send(socket, "anybody?"), 0);
        EXPECT_EQ(hear(lab, socket), "error Connection refused");
        Fd server = bound(lab.lab.outside, address, 7000);
        EXPECT_TRUE(talks(lab, socket, server)) << address;
    }
}

RELAY_TEST(SaysWhatCannotBeReached)
{
    lab.serve();
    run("echo 100 > /proc/sys/net/ipv4/neigh/up0/retrans_time_ms; "
        "echo 1 > /proc/sys/net/ipv4/neigh/up0/mcast_solicit; "
        "echo 100 > /proc/sys/net/ipv6/neigh/up0/retrans_time_ms; "
        "echo 1 > /proc/sys/net/ipv6/neigh/up0/mcast_solicit; "
        "ip route add prohibit 198.51.100.0/24; ip route add prohibit 2001:db8:5::/48");
    const struct {
        const char *address, *error;
    } kRows[] = {
        {"192.0.2.77", "error Network is unreachable"},
        {"2001:db8:7::7", "error Network is unreachable"},
        {"203.0.113.77", "error No route to host"},
        {"2001:db8::77", "error No route to host"},
        {"198.51.100.7", "error No route to host"},  // what IPv4 makes of "prohibited"
        {"2001:db8:5::7", "error Permission denied"},
    };
    for (auto& row : kRows) {
        Fd socket = joined(lab.guest, row.address, 7000);
        test::hear_errors(socket, strchr(row.address, ':'));
        EXPECT_EQ(send(socket, "anybody?"), 0);
        EXPECT_EQ(hear(lab, socket), row.error) << row.address;
    }
}

RELAY_TEST(LeadsNowhereOnThisMachineUnlessAllowed)
{
    run("ip route add default via 203.0.113.9; ip -6 route add default via 2001:db8::9");
    lab.serve();
    const struct {
        const char *gateway, *loopback, *own;
    } kRows[] = {{"10.9.0.1", "127.0.0.1", "203.0.113.1"}, {"fd00:9::1", "::1", "2001:db8::1"}};
    for (auto& row : kRows) {
        Fd hidden = bound(lab.lab.machine, row.loopback, 7000);
        Fd socket = joined(lab.guest, row.gateway, 7000);
        EXPECT_EQ(send(socket, "let me in"), 0);
        EXPECT_EQ(hear(lab, socket), "error Connection refused");
        EXPECT_EQ(hear(lab, hidden, nullptr, 10), "nothing");
        Fd open = bound(lab.lab.machine, row.own, 7001);
        Fd other = joined(lab.guest, row.gateway, 7001);
        EXPECT_TRUE(talks(lab, other, open));
        // By its own address it is reached, too.
        Fd third = joined(lab.guest, row.own, 7001);
        EXPECT_TRUE(talks(lab, third, open));
    }
    lab.record.host_loopback = true;
    lab.serve();
    for (auto& row : kRows) {
        Fd hidden = bound(lab.lab.machine, row.loopback, 7002);
        Fd socket = joined(lab.guest, row.gateway, 7002);
        EXPECT_TRUE(talks(lab, socket, hidden));
    }
    // What was allowed is not, once it is not: not even for what is under way.
    Fd hidden = bound(lab.lab.machine, "127.0.0.1", 7003);
    Fd socket = joined(lab.guest, "10.9.0.1", 7003);
    EXPECT_TRUE(talks(lab, socket, hidden));
    lab.record.host_loopback = false;
    lab.serve();
    EXPECT_FALSE(talks(lab, socket, hidden));
}

RELAY_TEST(RefusesTheLoopbackHoweverItIsWritten)
{
    lab.serve();
    // A guest's own kernel keeps such packets; its raw sockets do not.
    struct {
        const char* to;
        int protocol;
    } rows[] = {{"127.0.0.1", 0}, {"0.0.0.0", 0}, {"::ffff:127.0.0.1", 0}, {"::127.0.0.1", 0}};
    Fd four = bound(lab.lab.machine, "0.0.0.0", 7000);
    Fd six = bound(lab.lab.machine, "::", 7001);
    Fd raw4 = test::in_place(lab.guest, AF_PACKET, SOCK_DGRAM, htons(0x0800));
    Fd raw6 = test::in_place(lab.guest, AF_PACKET, SOCK_DGRAM, htons(0x86dd));
    for (auto& row : rows) {
        bool is_six = strchr(row.to, ':');
        const Fd& raw = is_six ? raw6 : raw4;
        String packet = datagram({test::address(is_six ? RelayLab::kGuest6 : RelayLab::kGuest), 99},
                                 {test::address(row.to), uint16_t(is_six ? 7001 : 7000)}, "knock");
        EXPECT_TRUE(test::send_frame(lab, raw, packet)) << errno;
        EXPECT_EQ(hear(lab, four, nullptr, 30), "nothing") << row.to;
        EXPECT_EQ(hear(lab, six, nullptr, 30), "nothing") << row.to;
    }
    // That it would have been heard:
    String packet = datagram({test::address(RelayLab::kGuest), 99},
                             {test::address("203.0.113.1"), 7000}, "knock");
    EXPECT_TRUE(test::send_frame(lab, raw4, packet));
    EXPECT_EQ(hear(lab, four), "knock");
}

RELAY_TEST(ForgetsPairsThatAreSilent)
{
    lab.serve();
    size_t files = open_files();
    struct {
        uint16_t port;
        bool answered;
        int64_t stays, goes;  // seconds
    } rows[] = {
        {7000, false, 29, 31}, {7000, true, 179, 181}, {53, true, 9, 11}, {53, false, 29, 31}};
    for (auto& row : rows) {
        Fd server = bound(lab.lab.outside, RelayLab::kOutside, row.port);
        Fd socket = joined(lab.guest, RelayLab::kOutside, row.port);
        String seen;
        if (row.answered) {
            EXPECT_TRUE(talks(lab, socket, server, "words", &seen));
        } else {
            EXPECT_EQ(send(socket, "words"), 0);
            EXPECT_EQ(hear(lab, server), "words");
        }
        size_t before = open_files();
        lab.relay->expire(clock::steady_ms() + row.stays * 1000);
        EXPECT_EQ(open_files(), before);
        int64_t due = lab.relay->due() - clock::steady_ms();
        EXPECT_LE(due, row.goes * 1000);
        lab.relay->expire(clock::steady_ms() + row.goes * 1000);
        lab.turn();
        EXPECT_EQ(open_files(), before - 2);
        EXPECT_EQ(lab.relay->due(), INT64_MAX);
        EXPECT_TRUE(talks(lab, socket, server));  // of a new pair
        lab.relay->expire(clock::steady_ms() + 200'000);
        lab.turn();
    }
    EXPECT_LE(open_files(), files + 32);  // and sockets that the gateway has in stock
}

RELAY_TEST(KeepsWithinItsLimits)
{
    lab.serve();
    Fd server = bound(lab.lab.outside, RelayLab::kOutside, 7000);
    Fd socket = lab.guest.socket(false, SOCK_DGRAM);
    size_t before = open_files();
    for (uint16_t i = 0; i < 2000; i++) {
        send_to(socket, {RelayLab::kOutside, uint16_t(10000 + i)}, "hello");
        for (int turns = 0; turns < 3; turns++)
            lab.turn(0);
    }
    for (int i = 0; i < 50; i++)
        lab.turn();
    EXPECT_GE(open_files(), before + 500);
    EXPECT_LE(open_files(), before + 2 * 256 + 40);
    Fd fresh = joined(lab.guest, RelayLab::kOutside, 7000);
    EXPECT_TRUE(talks(lab, fresh, server));
    lab.relay->dismiss("c1");
    lab.turn();
    EXPECT_LE(open_files(), before + 40);
}

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

RELAY_TEST(GivesItsMemoryBackWhenItHasNothingToDo)
{
    lab.serve();
    Fd server = bound(lab.lab.outside, RelayLab::kOutside, 7000);
    Fd socket = joined(lab.guest, RelayLab::kOutside, 7000);
    EXPECT_TRUE(talks(lab, socket, server, String(60000, 'w')));
    EXPECT_LE(lab.relay->due(), clock::steady_ms() + 1000);
    lab.relay->expire(clock::steady_ms() + 1001);
    EXPECT_GE(lab.relay->due(), clock::steady_ms() + 170'000);
    EXPECT_TRUE(talks(lab, socket, server, String(60000, 'w')));
}

}  // namespace
}  // namespace kist::network
