// ports_test.cpp - network/ports.h.

#include "network/ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/str.h"
#include "check.h"

namespace kist::network {
namespace {

// "127.0.0.1:8080-8090>80/tcp", a line for each.
String published(const char* text)
{
    Vector<Port> ports;
    auto added = add_published(ports, text);
    if (!added)
        return added.error().message();
    String all;
    for (const Port& port : ports) {
        all += all.empty() ? "" : " ";
        all += str::format("%s:%u", port.host_address.c_str(), port.host_port);
        if (port.last_host_port)
            all += str::format("-%u", port.last_host_port);
        all += str::format(">%u/%s", port.container_port, to_text(port.protocol));
    }
    return all;
}

TEST(Ports, ArePublishedInAllForms)
{
    struct {
        const char *text, *ports;
    } rows[] = {
        {"80", ":0>80/tcp"},
        {"80/udp", ":0>80/udp"},
        {"8080:80", ":8080>80/tcp"},
        {"8080:80/TCP", ":8080>80/tcp"},
        {":80", ":0>80/tcp"},
        {"0:80", ":0>80/tcp"},
        {"127.0.0.1:8080:80", "127.0.0.1:8080>80/tcp"},
        {"127.0.0.1::80", "127.0.0.1:0>80/tcp"},
        {"0.0.0.0:53:53/udp", "0.0.0.0:53>53/udp"},
        {"[::1]:8080:80", "::1:8080>80/tcp"},
        {"[FD00::0]::80", "fd00:::0>80/tcp"},
        {"::1:8080:80", "::1:8080>80/tcp"},
        {"7000-7001", ":0>7000/tcp :0>7001/tcp"},
        {"8000-8002:80-82/udp", ":8000>80/udp :8001>81/udp :8002>82/udp"},
        {"1.2.3.4:8000-8010:80", "1.2.3.4:8000-8010>80/tcp"},
        {"65535:65535", ":65535>65535/tcp"},
    };
    for (auto& row : rows)
        EXPECT_EQ(published(row.text), row.ports) << row.text;
}

TEST(Ports, SayWhichPartIsWrong)
{
    struct {
        const char *text, *message;
    } rows[] = {
        {"", "\"\" is no port of the container"},
        {"0", "\"0\" is no port of the container"},
        {"65536", "\"65536\" is no port of the container"},
        {"80x", "\"80x\" is no port of the container"},
        {"80-79", "\"80-79\" is no port of the container"},
        {"80-", "\"80-\" is no port of the container"},
        {"http:80", "\"http\" is no port of the host"},
        {"65536:80", "\"65536\" is no port of the host"},
        {"8000-8001:80-82", "2 ports of the host for 3 of the container"},
        {"localhost:80:80", "\"localhost\" is no IP address"},
        {"1.2.3:80:80", "\"1.2.3\" is no IP address"},
        {"[::1:80:80", "\"[::1\" is no IP address"},
        {"80/sctp", "protocol \"sctp\": there are tcp and udp"},
        {"80/", "protocol \"\": there are tcp and udp"},
        {"1-1025", "more than 1024 ports"},
    };
    for (auto& row : rows)
        EXPECT_TRUE(published(row.text).starts_with(row.message)) << published(row.text).c_str();
}

TEST(Ports, AreCountedOnceAndExposedWithoutTheHosts)
{
    Vector<Port> ports;
    MUST(add_published(ports, "80:80"));
    MUST(add_published(ports, "80:80"));
    EXPECT_EQ(ports.size(), 1U);
    EXPECT_ERROR(add_published(ports, "80:81"), EINVAL, "is port 80 of the container already");
    EXPECT_ERROR(add_published(ports, "79-80:81-82"), EINVAL, "port 80/tcp of this machine");
    MUST(add_published(ports, "80:81/udp"));
    MUST(add_published(ports, "127.0.0.2:80:81"));
    MUST(add_published(ports, "80-81:82"));  // 81
    MUST(add_published(ports, "83"));
    MUST(add_published(ports, "84"));
    Vector<Port> exposed;
    MUST(add_exposed(exposed, "8000-8001/udp"));
    MUST(add_exposed(exposed, "80"));
    ASSERT_EQ(exposed.size(), 3U);
    EXPECT_EQ(exposed[1].container_port, 8001);
    EXPECT_EQ(exposed[1].protocol, Protocol::udp);
    EXPECT_EQ(exposed[1].host_port, 0);
    EXPECT_ERROR(add_exposed(exposed, "80:80"), EINVAL, "no port of the container");
}

Port local(uint16_t port, Protocol protocol = Protocol::tcp)
{
    return {
        .host_address = "127.0.0.1", .host_port = port, .container_port = 80, .protocol = protocol};
}

TEST(Reserve, TakesAnyFreePortAndNobodyElseGetsIt)
{
    for (Protocol protocol : {Protocol::tcp, Protocol::udp}) {
        Port port = local(0, protocol);
        Fd held = MUST(reserve(port));
        ASSERT_NE(port.host_port, 0);
        Port same = local(port.host_port, protocol);
        EXPECT_ERROR(reserve(same), EADDRINUSE, "of this machine is taken");
        Port all = same;
        all.host_address = "";
        EXPECT_ERROR(reserve(all), EADDRINUSE, "of this machine is taken");
        Port other =
            local(port.host_port, protocol == Protocol::tcp ? Protocol::udp : Protocol::tcp);
        EXPECT_TRUE(reserve(other));
        held.close();
        EXPECT_TRUE(reserve(same));
    }
}

TEST(Reserve, TakesTheFirstFreeOneOfARange)
{
    Port first = local(0);
    Fd held = MUST(reserve(first));
    if (first.host_port > 65000)
        GTEST_SKIP() << "too few ports behind " << first.host_port;
    Port range = local(first.host_port);
    range.last_host_port = static_cast<uint16_t>(first.host_port + 20);
    Fd next = MUST(reserve(range));
    EXPECT_GT(range.host_port, first.host_port);
    EXPECT_EQ(range.last_host_port, 0);
    Port full = local(first.host_port);
    full.last_host_port = first.host_port;
    EXPECT_ERROR(reserve(full), EADDRINUSE, "is taken");
}

TEST(Reserve, ListensOnAPortWhereConnectionsOfBeforeLinger)
{
    Port port = local(0);
    Fd held = MUST(reserve(port, Hold::listens));
    Port same = local(port.host_port);
    EXPECT_ERROR(reserve(same, Hold::listens), EADDRINUSE, "of this machine is taken");
    EXPECT_ERROR(reserve(same), EADDRINUSE, "of this machine is taken");
    // Whose side ends a connection first keeps it for a while (TIME_WAIT).
    sockaddr_in to = {};
    to.sin_family = AF_INET;
    to.sin_port = htons(port.host_port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    Fd served(::accept4(held.get(), nullptr, nullptr, SOCK_CLOEXEC));
    ASSERT_GE(served.get(), 0);
    served.close();
    char end;
    EXPECT_EQ(::read(client.get(), &end, 1), 0);
    client.close();
    held.close();
    EXPECT_ERROR(reserve(same), EADDRINUSE, "of this machine is taken");
    EXPECT_TRUE(reserve(same, Hold::listens));
}

TEST(Reserve, SaysThatAnAddressIsNotOurs)
{
    Port port = {.host_address = "203.0.113.7", .container_port = 80};
    EXPECT_ERROR(reserve(port), EADDRNOTAVAIL, "203.0.113.7 is no address of this machine");
}

TEST(Ports, AreNotMoreThanAProcessCanHold)
{
    rlimit before = {};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit low = before;
    low.rlim_cur = 200;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
    EXPECT_OK(check_room(136));
    auto refused = check_room(137);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_ERROR(refused, EMFILE, "137 published ports are too many where a process may open 200");
    EXPECT_NE(std::string_view(refused.error().hint()).find("ulimit -n 201"),
              std::string_view::npos);
}

}  // namespace
}  // namespace kist::network
