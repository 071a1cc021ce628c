// echo_relay_test.cpp - network/echo_relay.h: ping from a guest.

#include "network/echo_relay.h"

#include "frames.h"
#include "network/socket_errors.h"
#include "packets.h"

namespace kist::network {
namespace {

using test::RelayLab;
using test::run;

constexpr const char* kAllow = "echo 0 0 > /proc/sys/net/ipv4/ping_group_range";

// A ping socket of the guest, as a ping(8) of today has it.
Fd ping_socket(const RelayLab& lab, const char* address)
{
    bool six = strchr(address, ':');
    Fd socket = test::in_place(lab.guest, six ? AF_INET6 : AF_INET, SOCK_DGRAM,
                               six ? int(IPPROTO_ICMPV6) : int(IPPROTO_ICMP));
    test::SocketAddress there(address, 0);
    EXPECT_EQ(::connect(socket.get(), &there.any, there.size), 0) << errno;
    return socket;
}

void ask(const Fd& socket, const char* address, unsigned number, std::string_view payload)
{
    String bytes;
    test::put16(bytes, strchr(address, ':') ? 0x8000 : 0x800);
    test::put16(bytes, 0);
    test::put16(bytes, 0);
    test::put16(bytes, number);
    bytes += payload;
    EXPECT_EQ(::send(socket.get(), bytes.data(), bytes.size(), 0), ssize_t(bytes.size())) << errno;
}

// Number and payload of the answer, or what has happened instead.
String answer(RelayLab& lab, const Fd& socket, int patience = 2000)
{
    String bytes(70000, '\0');
    if (!lab.waits(socket, POLLIN | POLLERR, patience))
        return "nothing";
    ssize_t got = ::recv(socket.get(), bytes.data(), bytes.size(), 0);
    if (got < 0)
        return String("error ") + strerror(errno);
    bytes.resize(size_t(got));
    return test::to_text(test::get16(bytes, 6)) + " " + bytes.substr(8);
}

// The guest may make ping sockets.
struct EchoLab : RelayLab {
    EchoLab() { guest.run(kAllow); }
};

#define ECHO_TEST(name) TEST_WITH(EchoLab, lab, EchoRelay, name)

ECHO_TEST(AsksAndBringsTheAnswer)
{
    run(kAllow);
    lab.serve();
    for (const char* address : {RelayLab::kOutside, RelayLab::kOutside6}) {
        Fd one = ping_socket(lab, address), other = ping_socket(lab, address);
        for (unsigned number : {1U, 2U, 65535U}) {
            ask(one, address, number, "one");
            ask(other, address, number, "another payload");
            EXPECT_EQ(answer(lab, one), test::to_text(number) + " one") << address;
            EXPECT_EQ(answer(lab, other), test::to_text(number) + " another payload");
        }
        ask(one, address, 9, "");
        EXPECT_EQ(answer(lab, one), "9 ");
        String large(1400, 'x');
        ask(one, address, 10, large);
        EXPECT_EQ(answer(lab, one), "10 " + large);
    }
}

ECHO_TEST(AnswersForTheGatewayItself)
{
    // Without any right to ask others.
    lab.serve();
    for (const char* address : {"10.9.0.1", "fd00:9::1"}) {
        Fd socket = ping_socket(lab, address);
        ask(socket, address, 3, "here?");
        EXPECT_EQ(answer(lab, socket), "3 here?") << address;
    }
}

ECHO_TEST(SaysThatItMayNot)
{
    lab.serve();
    Fd four = ping_socket(lab, RelayLab::kOutside), six = ping_socket(lab, RelayLab::kOutside6);
    test::hear_errors(four, false);
    test::hear_errors(six, true);
    ask(four, RelayLab::kOutside, 1, "x");
    EXPECT_EQ(answer(lab, four), "error No route to host");  // what IPv4 makes of "prohibited"
    ask(six, RelayLab::kOutside6, 1, "x");
    EXPECT_EQ(answer(lab, six), "error Permission denied");
}

ECHO_TEST(SaysWhatCannotBeReached)
{
    run(kAllow);
    run("echo 100 > /proc/sys/net/ipv4/neigh/up0/retrans_time_ms; "
        "echo 1 > /proc/sys/net/ipv4/neigh/up0/mcast_solicit; "
        "echo 100 > /proc/sys/net/ipv6/neigh/up0/retrans_time_ms; "
        "echo 1 > /proc/sys/net/ipv6/neigh/up0/mcast_solicit");
    lab.serve();
    const struct {
        const char *address, *error;
    } kRows[] = {
        {"192.0.2.77", "error Network is unreachable"},
        {"2001:db8:7::7", "error Network is unreachable"},
        {"203.0.113.77", "error No route to host"},
        {"2001:db8::77", "error No route to host"},
    };
    for (auto& row : kRows) {
        Fd socket = ping_socket(lab, row.address);
        test::hear_errors(socket, strchr(row.address, ':'));
        ask(socket, row.address, 77, "x");
        EXPECT_EQ(answer(lab, socket), row.error) << row.address;
        auto error = take_error(socket);
        ASSERT_TRUE(error);
        EXPECT_EQ(error->size, 8U);
        EXPECT_EQ(test::get16({error->head, 8}, 6), 77U);
    }
}

ECHO_TEST(ReachesNothingThatIsForbidden)
{
    run(kAllow);
    run("ip link set lo up");
    lab.serve();
    Fd raw = test::in_place(lab.guest, AF_PACKET, SOCK_DGRAM, htons(0x0800));
    auto send = [&](const char* to) {
        FlowKey key = {{test::address(RelayLab::kGuest), 7}, {test::address(to), 0}};
        EXPECT_TRUE(test::send_frame(lab, raw, echo_request(key, 1)));
        for (int i = 0; i < 50; i++)
            lab.turn();
    };
    send("127.0.0.1");
    EXPECT_EQ(lab.relay->due(), INT64_MAX);
    send(RelayLab::kOutside);
    EXPECT_NE(lab.relay->due(), INT64_MAX);
}

ECHO_TEST(RestsAfterAnErrorThatIsInNobodysQueue)
{
    run(kAllow);
    run("ip route add 198.51.100.0/24 via 203.0.113.9");
    lab.lab.outside.run("ip route add 198.51.100.0/24 dev lo");
    lab.serve();
    Fd socket = ping_socket(lab, "198.51.100.7");
    ask(socket, "198.51.100.7", 1, "x");
    for (int i = 0; i < 50; i++)
        lab.turn();
    // As when there is no memory for it.
    int file = 3, found = 0, off = 0;
    for (; file < 200; file++) {
        int protocol = 0, type = 0;
        socklen_t size = sizeof protocol;
        ::getsockopt(file, SOL_SOCKET, SO_PROTOCOL, &protocol, &size);
        ::getsockopt(file, SOL_SOCKET, SO_TYPE, &type, &size);
        if (protocol == IPPROTO_ICMP && type == SOCK_DGRAM && file != socket.get())
            found += ::setsockopt(file, SOL_IP, IP_RECVERR, &off, sizeof off) == 0;
    }
    ASSERT_EQ(found, 1);
    lab.lab.outside.run(
        "ip route del 198.51.100.0/24 dev lo; ip route add prohibit 198.51.100.0/24; "
        "echo 1 > /proc/sys/net/ipv4/ip_forward");
    ask(socket, "198.51.100.7", 2, "x");
    for (int i = 0; i < 50; i++)
        lab.turn();
    int64_t begun = clock::steady_ms();
    lab.reactor->turn(100);
    EXPECT_GE(clock::steady_ms() - begun, 90);
}

ECHO_TEST(KeepsWithinItsLimitsAndForgets)
{
    run(kAllow);
    lab.serve();
    Vector<Fd> sockets;
    for (unsigned i = 0; i < 100; i++) {
        sockets.push_back(ping_socket(lab, RelayLab::kOutside));
        ask(sockets.back(), RelayLab::kOutside, i, "x");
        EXPECT_EQ(answer(lab, sockets.back()), test::to_text(i) + " x");
    }
    String count = test::output_of("ls -l /proc/" + test::to_text(::getpid()) + "/fd | wc -l");
    EXPECT_LE(lab.relay->due(), clock::steady_ms() + 10'000);
    lab.relay->expire(clock::steady_ms() + 10'001);
    lab.turn();
    String less = test::output_of("ls -l /proc/" + test::to_text(::getpid()) + "/fd | wc -l");
    // The gateway's process has the same descriptors, and may be at something.
    EXPECT_NEAR(atoi(count.c_str()) - atoi(less.c_str()), 32, 1);
    EXPECT_EQ(lab.relay->due(), INT64_MAX);
    ask(sockets[0], RelayLab::kOutside, 5, "x");
    EXPECT_EQ(answer(lab, sockets[0]), "5 x");
}

}  // namespace
}  // namespace kist::network
