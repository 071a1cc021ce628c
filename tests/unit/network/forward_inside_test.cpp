// forward_inside_test.cpp - what is asked of servers on the networks of the container.

#include "resolver_fixture.h"

using namespace kist;
using test::code_in;
using test::framed;
using test::get16;
using test::make_socket;
using test::question;
using test::reply;

namespace {

class ForwardInside : public test::ResolverTest {
protected:
    void SetUp() override
    {
        ResolverTest::SetUp();
        given_servers_ = {"127.0.0.2"};
        serve(1);
    }
    // On a network that leads nowhere else.
    void place(const char* address)
    {
        network::Endpoint closed = endpoint("mynet", "n1");
        closed.gateway = "";
        closed.address = address;
        wire({closed});
    }
};

}  // namespace

TEST_F(ForwardInside, AsksThoseAloneWhereNetworksLeadNowhere)
{
    place("172.18.0.2/16");
    EXPECT_EQ(code_in(answer({.name = "example.org"})), 3u);
    place("127.0.0.9/8");
    Vector<unsigned> ports;
    unsigned repeated = 0;
    for (unsigned i = 0; i < 40; i++) {  // more than there are sockets for
        ask({.name = "example.org", .id = i});
        sockaddr_in from{};
        auto asked = hear(servers_[0], kPatienceMs, &from);
        ASSERT_TRUE(asked);
        for (unsigned other : ports)
            repeated += other == from.sin_port;
        ports.push_back(from.sin_port);
        send_to(0, from, reply(*asked, 1));
        auto got = hear(udp_);
        ASSERT_TRUE(got);
        EXPECT_EQ(get16(*got, 0), i);
    }
    EXPECT_LE(repeated, 3u);
}

TEST_F(ForwardInside, RefusesWhatItHasNoSocketsFor)
{
    place("127.0.0.9/8");
    resolver();
    for (unsigned i = 0; i < 12; i++)
        ask({.name = "example.org", .id = i});
    EXPECT_EQ(code_in(answer({.name = "example.org", .id = 99})), 2u);
    for (unsigned i = 0; i < 12; i++) {
        EXPECT_FALSE(serve_one(0).empty());
        EXPECT_TRUE(hear(udp_));
    }
    ask({.name = "example.org", .id = 100});
    EXPECT_FALSE(serve_one(0).empty());
    auto got = hear(udp_);
    ASSERT_TRUE(got);
    EXPECT_EQ(get16(*got, 0), 100u);
    EXPECT_EQ(code_in(*got), 0u);
}

TEST_F(ForwardInside, ConnectsAnewByTcp)
{
    place("127.0.0.9/8");
    Fd server = make_socket(SOCK_STREAM, test::loopback(2, port_));
    resolver();
    Fd tcp = client(SOCK_STREAM);
    for (unsigned i = 0; i < 10; i++) {  // more than there are sockets for
        say(tcp, framed(question({.name = "example.org", .id = i})));
        int peer = -1;
        for (int turns = 0; turns < 200 && peer < 0; turns++) {
            turn();
            peer = ::accept4(server.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        }
        ASSERT_GE(peer, 0);
        Fd connection(peer);
        auto asked = hear(connection);
        ASSERT_TRUE(asked);
        say(connection, framed(reply(asked->substr(2), 1)));
        auto got = hear(tcp);
        ASSERT_TRUE(got);
        EXPECT_EQ(get16(*got, 2), i);
    }
}
