// forward_test.cpp - what is asked of the servers of this machine, and what they may answer.

#include "resolver_fixture.h"

using namespace kist;
using test::Asked;
using test::code_in;
using test::data_in;
using test::get16;
using test::make_socket;
using test::question;
using test::reply;

namespace {

class Forward : public test::ResolverTest {
protected:
    // The id with which `which` is asked next; the question stays unanswered.
    unsigned asked_id(unsigned which)
    {
        auto asked = hear(servers_[which]);
        return asked ? get16(*asked, 0) : ~0u;
    }
    size_t rows()
    {
        Vector<pollfd> waits;
        resolver().wish(waits);
        return waits.size();
    }
};

}  // namespace

TEST_F(Forward, PassesQuestionsAndAnswersOnAsTheyAre)
{
    serve(1);
    resolver();
    ask({.name = "Example.ORG", .type = 28, .id = 0xabcd, .payload = 1400});
    sockaddr_in from{};
    auto asked = hear(servers_[0], kPatienceMs, &from);
    ASSERT_TRUE(asked);
    String wanted = question({.name = "Example.ORG", .type = 28, .id = 0xabcd, .payload = 1400});
    EXPECT_EQ(asked->substr(2), wanted.substr(2));
    String answer = reply(*asked, 3);
    send_to(0, from, answer);
    auto got = hear(udp_);
    ASSERT_TRUE(got);
    EXPECT_EQ(get16(*got, 0), 0xabcdu);
    EXPECT_EQ(got->substr(2), answer.substr(2));
}

TEST_F(Forward, AsksOutOfANewPortWithANewIdEachTime)
{
    serve(1);
    resolver();
    Vector<unsigned> ids, ports;
    for (int i = 0; i < 8; i++) {
        ask({.name = "example.org", .id = 1});
        sockaddr_in from{};
        auto asked = hear(servers_[0], kPatienceMs, &from);
        ASSERT_TRUE(asked);
        ids.push_back(get16(*asked, 0));
        ports.push_back(from.sin_port);
    }
    auto different = [](const Vector<unsigned>& all) {
        unsigned count = 0;
        for (size_t i = 0; i < all.size(); i++) {
            bool first = true;
            for (size_t j = 0; j < i; j++)
                first &= all[i] != all[j];
            count += first;
        }
        return count;
    };
    EXPECT_GE(different(ids), 7u);
    EXPECT_EQ(different(ports), 8u);
}

TEST_F(Forward, IgnoresWhatIsNoAnswerToTheQuestion)
{
    serve(1);
    resolver();
    ask({.name = "example.org", .id = 77});
    sockaddr_in from{};
    auto asked = hear(servers_[0], kPatienceMs, &from);
    ASSERT_TRUE(asked);
    String id = reply(*asked, 1), name = reply(*asked, 1);
    id[1] = char(id[1] + 1);
    name[14] = 'Q';
    for (const String& bytes : {id, name, *asked, String("x"), String()})
        send_to(0, from, bytes);
    // Another who guesses everything but the server's address.
    Fd stranger = make_socket(SOCK_DGRAM, test::loopback(9, 0));
    String forged = reply(*asked, 2);
    (void)::sendto(stranger.get(), forged.data(), forged.size(), 0,
                   reinterpret_cast<sockaddr*>(&from), sizeof from);
    EXPECT_FALSE(hear(udp_, 100));
    send_to(0, from, reply(*asked, 1));
    auto got = hear(udp_);
    ASSERT_TRUE(got);
    EXPECT_EQ(data_in(*got), Vector<String>{"9.9.9.1"});
}

TEST_F(Forward, AsksTheNextWhenOneRefusesOrFails)
{
    serve(3);
    servers_[0].close();  // refused by the kernel
    servers_[0] = Fd(::dup(servers_[1].get()));
    resolver();
    ask({.name = "example.org"});
    EXPECT_NE(serve_one(1, 0, 2), "");  // SERVFAIL
    EXPECT_NE(serve_one(2, 1), "");
    auto got = hear(udp_);
    ASSERT_TRUE(got);
    EXPECT_EQ(code_in(*got), 0u);
    EXPECT_EQ(data_in(*got).size(), 1u);
}

TEST_F(Forward, PassesOnTheCodeWhenNobodyCanHelp)
{
    serve(2);
    resolver();
    ask({.name = "example.org", .id = 5, .payload = 1232});
    EXPECT_NE(serve_one(0, 0, 2), "");
    EXPECT_NE(serve_one(1, 0, 5), "");
    auto got = hear(udp_);
    ASSERT_TRUE(got);
    EXPECT_EQ(code_in(*got), 5u);
    EXPECT_EQ(get16(*got, 0), 5u);
    EXPECT_EQ(get16(*got, 4), 1u);
    ask({.name = "gone.example.org"});
    EXPECT_NE(serve_one(0, 0, 3), "");  // who knows that there is none knows
    got = hear(udp_);
    ASSERT_TRUE(got);
    EXPECT_EQ(code_in(*got), 3u);
}

TEST_F(Forward, AsksTheNextWhenOneIsSilentAndRemembersIt)
{
    serve(2, "options timeout:1\n");
    resolver();
    int64_t began = clock::steady_ms();
    ask({.name = "example.org"});
    EXPECT_NE(serve_one(1), "");
    int64_t took = clock::steady_ms() - began;
    EXPECT_GE(took, 1000);
    EXPECT_LT(took, 2000);
    EXPECT_TRUE(hear(udp_));
    EXPECT_TRUE(hear(servers_[0]));
    ask({.name = "example.com"});
    EXPECT_NE(serve_one(1, 1, 0, 500), "");
    EXPECT_TRUE(hear(udp_));
    EXPECT_FALSE(hear(servers_[0], 50));
    // A change of the file makes the first the first again.
    serve(2, "options timeout:1 attempts:3\n");
    ask({.name = "example.net"});
    EXPECT_NE(serve_one(0, 1, 0, 500), "");
}

TEST_F(Forward, FailsInTheEndWhenAllAreSilent)
{
    serve(1, "options timeout:1 attempts:2\n");
    resolver();
    int64_t began = clock::steady_ms();
    ask({.name = "example.org", .id = 9, .payload = 1232});
    unsigned first = asked_id(0), second = asked_id(0);
    EXPECT_NE(first, ~0u);
    EXPECT_NE(second, ~0u);
    auto got = hear(udp_);
    ASSERT_TRUE(got);
    EXPECT_GE(clock::steady_ms() - began, 2000);
    EXPECT_EQ(code_in(*got), 2u);
    EXPECT_EQ(get16(*got, 0), 9u);
    EXPECT_EQ(got->substr(12, 13), "\7example\3org\0"_s);
    EXPECT_EQ(rows(), 2u);
}

TEST_F(Forward, FailsAtOnceWhenNobodyIsThere)
{
    resolver();
    for (const char* text : {"", "nameserver 127.0.0.77\nnameserver 127.0.0.78\n",
                             "nameserver fe80::1%nowhere\n", "nameserver example.org\n"}) {
        resolv_conf(text);
        int64_t began = clock::steady_ms();
        EXPECT_EQ(code_in(answer({.name = "example.org"})), 2u) << text;
        EXPECT_LT(clock::steady_ms() - began, 900) << text;
    }
    EXPECT_OK(sys::unlink_at(directory_.fd(), "resolv.conf"));
    EXPECT_EQ(code_in(answer({.name = "example.org"})), 2u);
}

TEST_F(Forward, FollowsAFileThatChanges)
{
    serve(2);
    resolver();
    resolv_conf("nameserver 127.0.0.2\n");
    for (int i = 0; i < 3; i++) {
        ask({.name = "example.org"});
        EXPECT_NE(serve_one(unsigned(i % 2)), "");
        EXPECT_TRUE(hear(udp_));
        resolv_conf(i % 2 ? "nameserver 127.0.0.2\n" : "nameserver 127.0.0.3\n");
    }
    // While a question is under way, too: the next try is with who is there now.
    resolv_conf("nameserver 127.0.0.2\noptions timeout:1\n");
    ask({.name = "example.org"});
    EXPECT_NE(asked_id(0), ~0u);
    resolv_conf("options timeout:1\nnameserver 127.0.0.3\n");
    ask({.name = "example.com"});
    EXPECT_NE(serve_one(1), "");
    EXPECT_TRUE(hear(udp_));
    EXPECT_NE(serve_one(1), "");
    EXPECT_TRUE(hear(udp_));
    resolv_conf("");
    EXPECT_EQ(code_in(answer({.name = "example.org"})), 2u);
}

TEST_F(Forward, AsksThoseThatWereGivenInsteadOfTheFiles)
{
    serve(2);
    given_servers_ = {"127.0.0.3"};
    resolver();
    ask({.name = "example.org"});
    EXPECT_NE(serve_one(1), "");
    EXPECT_TRUE(hear(udp_));
}

TEST_F(Forward, AsksServersByIpv6)
{
    resolv_conf("nameserver ::1%lo\n");
    Fd six(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port_);
    address.sin6_addr = in6addr_loopback;
    if (::bind(six.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0)
        GTEST_SKIP() << "needs IPv6";
    resolver();
    ask({.name = "example.org"});
    sockaddr_in6 from{};
    socklen_t size = sizeof from;
    char buffer[512];
    ssize_t got = -1;
    for (int i = 0; i < 100 && got < 0; i++) {
        turn();
        got = ::recvfrom(six.get(), buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from),
                         &size);
    }
    ASSERT_GT(got, 0);
    String bytes = reply({buffer, size_t(got)}, 2);
    (void)::sendto(six.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&from),
                   size);
    auto heard = hear(udp_);
    ASSERT_TRUE(heard);
    EXPECT_EQ(data_in(*heard).size(), 2u);
}

TEST_F(Forward, PassesOnThatAServerHadMoreToSay)
{
    serve(1);
    resolver();
    ask({.name = "example.org"});
    sockaddr_in from{};
    auto asked = hear(servers_[0], kPatienceMs, &from);
    ASSERT_TRUE(asked);
    String answer = reply(*asked, 2);
    answer[2] = char(answer[2] | 2);
    send_to(0, from, answer);
    auto got = hear(udp_);
    ASSERT_TRUE(got);
    EXPECT_EQ(got->substr(2), answer.substr(2));
}

TEST_F(Forward, TakesTurnsWhenTheFileSaysSo)
{
    serve(2, "options rotate\n");
    resolver();
    unsigned asked[2] = {};
    for (int i = 0; i < 4; i++) {
        ask({.name = "example.org"});
        unsigned which = !serve_one(0, 1, 0, 60).empty() ? 0 : 1;
        if (which)
            EXPECT_NE(serve_one(1), "");
        asked[which]++;
        EXPECT_TRUE(hear(udp_));
    }
    EXPECT_EQ(asked[0], 2u);
    EXPECT_EQ(asked[1], 2u);
}

TEST_F(Forward, HasManyQuestionsUnderWay)
{
    serve(1);
    resolver();
    constexpr unsigned kCount = 100;
    for (unsigned i = 0; i < kCount; i++) {
        ask({.name = str::format("host%u.example.org", i), .id = i});
        turn(0);
    }
    Vector<std::pair<String, sockaddr_in>> asked;
    while (asked.size() < kCount) {
        sockaddr_in from{};
        auto one = hear(servers_[0], kPatienceMs, &from);
        ASSERT_TRUE(one);
        asked.push_back({*one, from});
    }
    // Answered the other way round.
    for (size_t i = kCount; i-- > 0;)
        send_to(0, asked[i].second, reply(asked[i].first, 1 + unsigned(i % 7)));
    Vector<bool> seen(kCount);
    for (unsigned i = 0; i < kCount; i++) {
        auto got = hear(udp_);
        ASSERT_TRUE(got);
        unsigned id = get16(*got, 0);
        ASSERT_LT(id, kCount);
        EXPECT_FALSE(seen[id]);
        seen[id] = true;
        EXPECT_EQ(got->find(str::format("host%u\7example", id)), 13u);
        EXPECT_EQ(data_in(*got).size(), 1 + id % 7);
    }
}

TEST_F(Forward, RefusesMoreThanSoManyQuestions)
{
    serve(1);
    resolver();
    for (unsigned i = 0; i < 150; i++) {
        ask({.name = "example.org", .id = i});
        turn(0);
    }
    for (unsigned i = 128; i < 150; i++) {
        auto got = hear(udp_);
        ASSERT_TRUE(got);
        EXPECT_EQ(get16(*got, 0), i);
        EXPECT_EQ(code_in(*got), 2u);
    }
    EXPECT_FALSE(hear(udp_, 20));
}

TEST_F(Forward, CutsWhatADatagramCannotHold)
{
    serve(1);
    resolver();
    const struct {
        unsigned payload, records;
        bool cut;
    } kRows[] = {{0, 20, false},   {0, 40, true},       {1232, 70, false},
                 {1232, 90, true}, {65000, 250, false}, {65000, 300, true}};
    for (auto& row : kRows) {
        ask({.name = "example.org", .id = 3, .payload = row.payload});
        EXPECT_NE(serve_one(0, row.records), "");
        auto got = hear(udp_);
        ASSERT_TRUE(got);
        EXPECT_EQ(get16(*got, 0), 3u);
        EXPECT_EQ((*got)[2] & 2, row.cut ? 2 : 0) << row.records;
        EXPECT_EQ(get16(*got, 6), row.cut ? 0 : row.records);
    }
}
