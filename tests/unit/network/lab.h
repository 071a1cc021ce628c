// lab.h - a machine with bridges, containers and a neighbour outside, out of network namespaces.
//
// To be made inside of in_new_network(), whose namespace is the machine.  Links and addresses are
// made by ip(8), so that what is tested are the rules alone.

#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstdlib>

#include "base/fd.h"
#include "base/str.h"
#include "namespaces.h"
#include "network/address.h"

namespace kist::test {

constexpr int kPatience = 300;  // milliseconds until a packet counts as lost

inline void run(const String& command)
{
    EXPECT_EQ(::system(command.c_str()), 0) << command;
}

// What `command` prints, errors too.
inline String output_of(const String& command)
{
    FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    String text;
    char buffer[4096];
    for (size_t size; (size = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
        text.append(buffer, size);
    ::pclose(pipe);
    return text;
}

// A network namespace and what is done in it.
class Place {
public:
    explicit Place(Fd netns) : netns_(std::move(netns)) {}

    String path() const { return str::format("/proc/%d/fd/%d", ::getpid(), netns_.get()); }
    void run(const String& command) const
    {
        test::run("nsenter --net=" + path() + " sh -c '" + command + "'");
    }
    // Until the addresses of IPv6 that the kernel makes up are found to be nobody else's: for about
    // a second neighbours do not find each other.
    void settle() const
    {
        run("while ip -6 addr show tentative | grep -q inet6; do sleep .1; done");
    }
    // A socket of this place; `type`: SOCK_STREAM, SOCK_DGRAM.
    Fd socket(bool v6, int type) const
    {
        Fd here(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
        EXPECT_EQ(::setns(netns_.get(), CLONE_NEWNET), 0);
        Fd made(::socket(v6 ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        EXPECT_EQ(::setns(here.get(), CLONE_NEWNET), 0);
        return made;
    }

private:
    Fd netns_;
};

struct SocketAddress {
    union {
        sockaddr any;
        sockaddr_in v4;
        sockaddr_in6 v6;
    };
    socklen_t size = sizeof v6;

    SocketAddress() : v6() {}
    SocketAddress(const char* text, uint16_t port) : v6()
    {
        network::Address address = network::Address::parse(text).take();
        any.sa_family = address.is_v6() ? AF_INET6 : AF_INET;
        v4.sin_port = htons(port);  // where it is in the other, too
        void* to = address.is_v6() ? static_cast<void*>(&v6.sin6_addr) : &v4.sin_addr;
        memcpy(to, address.bytes, address.size);
        size = address.is_v6() ? sizeof v6 : sizeof v4;
    }
    String text() const
    {
        network::Address address;
        address.size = any.sa_family == AF_INET6 ? 16 : 4;
        const void* from = address.is_v6() ? static_cast<const void*>(&v6.sin6_addr) : &v4.sin_addr;
        memcpy(address.bytes, from, address.size);
        return address.text();
    }
};

inline bool waits(const Fd& socket, short events, int milliseconds = kPatience)
{
    pollfd wait = {.fd = socket.get(), .events = events};
    return ::poll(&wait, 1, milliseconds) == 1;
}

// Listens for connections or datagrams at an address of a place.
class Server {
public:
    Server(const Place& place, const char* address, uint16_t port, int type = SOCK_STREAM)
        : type_(type), socket_(place.socket(strchr(address, ':'), type))
    {
        SocketAddress here(address, port);
        int on = 1;
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        EXPECT_EQ(::bind(socket_.get(), &here.any, here.size), 0) << address << ' ' << errno;
        if (type == SOCK_STREAM)
            EXPECT_EQ(::listen(socket_.get(), 8), 0);
    }

    // Whom it hears, and answers; "": nobody.
    String hears()
    {
        SocketAddress from;
        char byte;
        if (!waits(socket_, POLLIN))
            return "";
        if (type_ == SOCK_DGRAM) {
            EXPECT_EQ(::recvfrom(socket_.get(), &byte, 1, 0, &from.any, &from.size), 1);
            EXPECT_EQ(::sendto(socket_.get(), "a", 1, 0, &from.any, from.size), 1);
        } else {
            Fd peer(::accept(socket_.get(), &from.any, &from.size));
            EXPECT_EQ(::write(peer.get(), "a", 1), 1);
        }
        return from.text();
    }

    // Datagrams that nobody asked for.
    void forget()
    {
        for (char byte; ::recv(socket_.get(), &byte, 1, 0) >= 0;)
            ;
    }

private:
    int type_;
    Fd socket_;
};

// Speaks to an address from a place; the answer must come from there.
class Client {
public:
    Client(const Place& place, const char* address, uint16_t port, int type = SOCK_STREAM)
        : type_(type), socket_(place.socket(strchr(address, ':'), type))
    {
        SocketAddress there(address, port);
        (void)::connect(socket_.get(), &there.any, there.size);
    }

    // The address that `server` sees; "" when nothing comes there, "no answer" when none comes
    // back.
    String meets(Server& server)
    {
        char byte;
        if (type_ == SOCK_DGRAM) {
            server.forget();
            while (::recv(socket_.get(), &byte, 1, 0) >= 0)
                ;
            (void)::send(socket_.get(), "q", 1, 0);
        }
        String seen = server.hears();
        if (seen.empty())
            return seen;
        if (!waits(socket_, POLLIN) || ::recv(socket_.get(), &byte, 1, 0) != 1)
            return "no answer";
        return seen;
    }

    const Fd& socket() const { return socket_; }

private:
    int type_;
    Fd socket_;
};

inline String meets(const Place& place, const char* address, uint16_t port, Server& server,
                    int type = SOCK_STREAM)
{
    return Client(place, address, port, type).meets(server);
}

// The machine is 203.0.113.1 and 2001:db8::1 outside, where a neighbour is ...9, which sends all
// that it knows no better way for to the machine.
struct Lab {
    Place machine{Fd(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC))};
    Place outside{another_network()};

    Lab()
    {
        for (const char* knob : {"ipv4/ip_forward", "ipv6/conf/all/forwarding"})
            run(str::format("echo 1 > /proc/sys/net/%s", knob));
        run("ip link set lo up; ip link add up0 type veth peer name eth0 netns " + outside.path());
        run("ip addr add 203.0.113.1/24 dev up0; ip addr add 2001:db8::1/64 dev up0 nodad; "
            "ip link set up0 up");
        configure(outside, "203.0.113.9/24", "203.0.113.1", "2001:db8::9/64", "2001:db8::1");
    }

    // `address` with "." behind it, and of its gateway.
    void add_bridge(const char* name, const char* gateway, const char* gateway6)
    {
        run(
            str::format("ip link add %s type bridge; ip addr add %s/24 dev %s; ip addr add %s/64 "
                        "dev %s nodad; ip link set %s up; "
                        "echo 1 > /proc/sys/net/ipv4/conf/%s/route_localnet",
                        name, gateway, name, gateway6, name, name, name));
    }
    // A container on a bridge.
    Place box(const char* bridge, const char* link, const char* address, const char* gateway,
              const char* address6, const char* gateway6)
    {
        Place made(another_network());
        run(
            str::format("ip link add %s type veth peer name eth0 netns %s; ip link set %s master "
                        "%s up; bridge link set dev %s hairpin on",
                        link, made.path().c_str(), link, bridge, link));
        configure(made, address, gateway, address6, gateway6);
        return made;
    }

private:
    static void configure(const Place& place, const char* address, const char* gateway,
                          const char* address6, const char* gateway6)
    {
        place.run(str::format(
            "ip link set lo up; ip addr add %s dev eth0; ip addr add %s dev eth0 nodad; "
            "ip link set eth0 up; ip route add default via %s; ip route add default via %s",
            address, address6, gateway, gateway6));
    }
};

}  // namespace kist::test
