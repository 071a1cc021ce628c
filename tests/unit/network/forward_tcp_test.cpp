// forward_tcp_test.cpp - questions that came by TCP, and go on by TCP.

#include "resolver_fixture.h"

using namespace kist;
using test::framed;
using test::get16;
using test::make_socket;
using test::question;
using test::reply;

namespace {

class ForwardByTcp : public test::ResolverTest {};

}  // namespace

TEST_F(ForwardByTcp, IsForWhoeverAskedByTcp)
{
    serve(1);
    Fd server = make_socket(SOCK_STREAM, test::loopback(2, port_));
    resolver();
    Fd tcp = client(SOCK_STREAM);
    say(tcp, framed(question({.name = "example.org", .id = 1})) +
                 framed(question({.name = "example.com", .id = 2})));
    Vector<Fd> peers;
    for (int i = 0; i < 200 && peers.size() < 2; i++) {
        turn();
        int peer = ::accept4(server.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (peer >= 0)
            peers.push_back(Fd(peer));
    }
    ASSERT_EQ(peers.size(), 2u);
    // The second is answered first; both are as large as can be.
    for (size_t i = 2; i-- > 0;) {
        auto asked = hear(peers[i]);
        ASSERT_TRUE(asked);
        EXPECT_EQ(get16(*asked, 0), asked->size() - 2);
        String bytes = framed(reply(asked->substr(2), 4000));
        ASSERT_GT(bytes.size(), 64000u);
        String heard;
        for (size_t at = 0; at < bytes.size();) {
            ssize_t sent = ::send(peers[i].get(), bytes.data() + at,
                                  std::min<size_t>(bytes.size() - at, 10000), MSG_NOSIGNAL);
            at += sent > 0 ? size_t(sent) : 0;
            if (auto more = hear(tcp, 0))
                heard += *more;
        }
        while (heard.size() < bytes.size()) {
            auto more = hear(tcp);
            ASSERT_TRUE(more && !more->empty());
            heard += *more;
        }
        EXPECT_EQ(get16(heard, 2), i + 1);
        EXPECT_TRUE(heard.substr(4) == bytes.substr(4));
    }
}

TEST_F(ForwardByTcp, AsksTheNextWhenAConnectionFails)
{
    // Nobody listens at the first; the second hangs up; the third lies; the fourth answers.
    serve(4);
    Vector<Fd> listening;
    for (unsigned i = 3; i <= 5; i++)
        listening.push_back(make_socket(SOCK_STREAM, test::loopback(i, port_)));
    resolver();
    Fd tcp = client(SOCK_STREAM);
    say(tcp, framed(question({.name = "example.org", .id = 6})));
    for (int which = 0; which < 3; which++) {
        Fd peer;
        for (int i = 0; i < 200 && !peer.is_open(); i++) {
            turn();
            peer = Fd(::accept4(listening[size_t(which)].get(), nullptr, nullptr, SOCK_NONBLOCK));
        }
        ASSERT_TRUE(peer.is_open()) << which;
        auto asked = hear(peer);
        ASSERT_TRUE(asked);
        String bytes = reply(asked->substr(2), 1);
        if (which == 1)
            bytes[0] = char(bytes[0] + 1);
        if (which)
            say(peer, framed(bytes));
        if (which == 2)
            EXPECT_EQ(get16(*hear(tcp), 2), 6u);
    }
}

TEST_F(ForwardByTcp, ForgetsWhoHungUpBeforeTheAnswer)
{
    serve(1, "options timeout:1 attempts:1\n");
    Fd server = make_socket(SOCK_STREAM, test::loopback(2, port_));
    resolver();
    {
        Fd tcp = client(SOCK_STREAM);
        say(tcp, framed(question({.name = "example.org"})));
        turn();
        turn();
    }
    for (int64_t end = clock::steady_ms() + 1300; clock::steady_ms() < end;)
        turn();
    Vector<pollfd> waits;
    resolver().wish(waits);
    EXPECT_EQ(waits.size(), 2u);
}
