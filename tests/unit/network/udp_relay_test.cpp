// udp_relay_test.cpp - network/udp_relay.h: datagrams of a guest, and to its ports.

#include "network/udp_relay.h"

#include <dirent.h>

#include "datagrams.h"
#include "frames.h"
#include "packets.h"

namespace kist::network {
namespace {

using test::bound;
using test::hear;
using test::joined;
using test::name_of;
using test::RelayLab;
using test::run;
using test::send;
using test::send_to;
using test::talks;

size_t open_files()
{
    size_t count = 0;
    DIR* directory = ::opendir("/proc/self/fd");
    while (::readdir(directory))
        count++;
    ::closedir(directory);
    return count;
}

#define RELAY_TEST(name) TEST_WITH(RelayLab, lab, UdpRelay, name)

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

RELAY_TEST(KeepsEachOfManyAsItIs)
{
    // Some can go on together, others are empty, too large for that, or in the wrong order.
    constexpr size_t kSizes[] = {500, 500, 500, 300, 400, 0, 7, 7, 0, 0, 2000, 2000, 1, 1472, 1472};
    lab.serve();
    for (const char* address : {RelayLab::kOutside, RelayLab::kOutside6}) {
        Fd server = bound(lab.lab.outside, address, 7000);
        Fd socket = joined(lab.guest, address, 7000);
        for (int burst = 0; burst < 3; burst++) {
            for (size_t size : kSizes)
                EXPECT_EQ(send(socket, String(size, 'x')), 0);
            for (size_t size : kSizes)
                EXPECT_EQ(hear(lab, server), String(size, 'x')) << size;
        }
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
    // Nor from who is nobody's.
    String forged =
        datagram({test::address("10.9.0.77"), 99}, {test::address("203.0.113.1"), 7000}, "knock");
    EXPECT_TRUE(test::send_frame(lab, raw4, forged));
    EXPECT_EQ(hear(lab, four, nullptr, 30), "nothing");
    // That it would have been heard:
    String packet = datagram({test::address(RelayLab::kGuest), 99},
                             {test::address("203.0.113.1"), 7000}, "knock");
    EXPECT_TRUE(test::send_frame(lab, raw4, packet));
    EXPECT_EQ(hear(lab, four), "knock");
}

RELAY_TEST(SaysNothingAboutAnAddressOfTheOtherFamily)
{
    lab.serve();
    Fd raw = test::in_place(lab.guest, AF_PACKET, SOCK_DGRAM, htons(0x86dd));
    String packet = datagram({test::address(RelayLab::kGuest6), 99},
                             {test::address("::ffff:203.0.113.9"), 7000}, "a long enough knock");
    EXPECT_TRUE(test::send_frame(lab, raw, packet)) << errno;
    for (int i = 0; i < 100; i++) {
        lab.turn();
        char bytes[2000];
        ssize_t got = ::recv(raw.get(), bytes, sizeof bytes, MSG_DONTWAIT);
        EXPECT_FALSE(got > 40 && bytes[6] == 58 && bytes[40] == 1);  // ICMPv6: unreachable
    }
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
