// resolver_test.cpp - names of neighbours, and what a container may do to its resolver.

#include "network/resolver.h"

#include "resolver_fixture.h"

using namespace kist;
using test::Asked;
using test::code_in;
using test::data_in;
using test::framed;
using test::get16;
using test::question;

namespace {

constexpr unsigned kPtr = 12, kMx = 15, kAaaa = 28, kAny = 255;
constexpr const char* kTwo = R"({"container":"c1","address":"172.18.0.2","names":["db","c1"]},)"
                             R"({"container":"c2","address":"172.18.0.3","address6":"fd00::3",)"
                             R"("names":["Web","c2","front.end"]})";

class Neighbourhood : public test::ResolverTest {
protected:
    void SetUp() override
    {
        ResolverTest::SetUp();
        lease("n1", kTwo);
        serve(1);
    }
    Vector<String> addresses(const char* name) { return data_in(answer({.name = name})); }
};
using Addresses = Vector<String>;

}  // namespace

TEST_F(Neighbourhood, IsFoundByNamesInAnyCaseWithAndWithoutItsNetwork)
{
    for (const char* name :
         {"web", "WEB", "c2", "front.end", "web.mynet", "Web.MyNet", "front.end.mynet"})
        EXPECT_EQ(addresses(name), Addresses{"172.18.0.3"}) << name;
    EXPECT_EQ(addresses("db"), Addresses{"172.18.0.2"});
}

TEST_F(Neighbourhood, AnswersInTheWordsOfTheQuestion)
{
    String got = answer({.name = "wEb.mynet", .id = 0xbeef, .payload = 1232});
    EXPECT_EQ(get16(got, 0), 0xbeefu);
    EXPECT_EQ(get16(got, 2), 0x8580u);
    EXPECT_EQ(got.substr(12, 11), "\3wEb\5mynet\0"_s);
    EXPECT_EQ(get16(got, 10), 1u);  // the OPT record
}

TEST_F(Neighbourhood, HasAddressesOfBothFamilies)
{
    EXPECT_EQ(data_in(answer({.name = "web", .type = kAaaa})),
              Addresses{"\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x03"_s});
    EXPECT_EQ(data_in(answer({.name = "web", .type = kAny})).size(), 2u);
}

TEST_F(Neighbourhood, AnswersWithNothingForWhatANameDoesNotHave)
{
    for (unsigned type : {kAaaa, kMx, kPtr, 65u}) {
        String got = answer({.name = "db", .type = type});
        EXPECT_EQ(code_in(got), 0u) << type;
        EXPECT_EQ(get16(got, 6), 0u) << type;
    }
}

TEST_F(Neighbourhood, IsFoundByAddress)
{
    const struct {
        const char *name, *answer;
    } kRows[] = {
        {"3.0.18.172.in-addr.arpa", "\3Web\5mynet\0"},
        {"2.0.18.172.IN-ADDR.ARPA", "\2db\5mynet\0"},
        {"3.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa",
         "\3Web\5mynet\0"},
    };
    for (auto& row : kRows) {
        Vector<String> got = data_in(answer({.name = row.name, .type = kPtr}));
        ASSERT_EQ(got.size(), 1u) << row.name;
        EXPECT_EQ(got[0], String(row.answer) + "\0"_s) << row.name;
    }
}

TEST_F(Neighbourhood, TakesTurnsWhereSeveralHaveAName)
{
    lease("n1", R"({"container":"c2","address":"172.18.0.3","names":["all"]},)"
                R"({"container":"c3","address":"172.18.0.4","names":["all"]},)"
                R"({"container":"c4","address":"172.18.0.5","names":["all"]})");
    Vector<String> firsts;
    for (int i = 0; i < 3; i++) {
        Vector<String> got = addresses("all");
        ASSERT_EQ(got.size(), 3u);
        for (const String& first : firsts)
            EXPECT_NE(first, got[0]);
        firsts.push_back(got[0]);
    }
}

TEST_F(Neighbourhood, IsToldByTcpWhenItIsTooLarge)
{
    String leases;
    for (int i = 1; i <= 200; i++)
        leases += str::format(R"(%s{"container":"x","address":"172.18.1.%d","names":["all"]})",
                              i > 1 ? "," : "", i);
    lease("n1", leases.c_str());
    String got = answer({.name = "all"});
    EXPECT_LE(got.size(), 512u);
    EXPECT_EQ(got[2] & 2, 2);
    EXPECT_EQ(data_in(got).size(), 30u);
    got = answer({.name = "all", .payload = 4096});
    EXPECT_EQ(got[2] & 2, 0);
    EXPECT_EQ(get16(got, 6), 200u);
    Fd tcp = client(SOCK_STREAM);
    say(tcp, framed(question({.name = "all"})));
    auto whole = hear(tcp);
    ASSERT_TRUE(whole);
    EXPECT_EQ(get16(*whole, 0), whole->size() - 2);
    EXPECT_EQ(data_in(whole->substr(2)).size(), 200u);
}

TEST_F(Neighbourhood, ChangesWithLeasesAndWiring)
{
    EXPECT_EQ(addresses("web"), Addresses{"172.18.0.3"});
    lease("n1", R"({"container":"c2","address":"172.18.0.9","names":["web"]})");
    EXPECT_EQ(addresses("web"), Addresses{"172.18.0.9"});
    // Another network is joined, which comes second, and has another of the name.
    lease("n2", R"({"container":"c5","address":"10.1.0.5","names":["web","other"]})");
    wire({endpoint("mynet", "n1"), endpoint("second", "n2")});
    EXPECT_EQ(addresses("web"), Addresses{"172.18.0.9"});
    EXPECT_EQ(addresses("web.second"), Addresses{"10.1.0.5"});
    EXPECT_EQ(addresses("other"), Addresses{"10.1.0.5"});
    wire({endpoint("second", "n2")});
    EXPECT_EQ(addresses("web"), Addresses{"10.1.0.5"});
}

TEST_F(Neighbourhood, HasNoNamesOnTheDefaultNetwork)
{
    network::Endpoint standard = endpoint("bridge", "n1");
    standard.resolves = false;
    wire({standard});
    resolver();
    ask({.name = "web"});
    EXPECT_NE(serve_one(0, 1), "");
    EXPECT_EQ(data_in(*hear(udp_)), Addresses{"9.9.9.1"});
}

TEST_F(Neighbourhood, IsAllThereIsWhereNoNetworkLeadsOut)
{
    network::Endpoint closed = endpoint("mynet", "n1");
    closed.gateway = "";
    wire({closed});
    EXPECT_EQ(addresses("web"), Addresses{"172.18.0.3"});
    EXPECT_EQ(code_in(answer({.name = "example.org"})), 3u);
    EXPECT_EQ(code_in(answer({.name = "1.0.18.172.in-addr.arpa", .type = kPtr})), 3u);
    EXPECT_EQ(serve_one(0, 1, 0, 50), "");
}

TEST_F(Neighbourhood, IsEmptyWhenFilesAreBroken)
{
    lease("n1", "{");
    resolver();
    ask({.name = "web"});
    EXPECT_NE(serve_one(0), "");
    EXPECT_TRUE(hear(udp_));
    EXPECT_OK(fs::replace(run_, "network.json", "[]"));
    EXPECT_EQ(code_in(answer({.name = "web"})), 3u);
}

TEST_F(Neighbourhood, AnswersMistakesWithTheirCode)
{
    String asked = question({.name = "web"});
    const struct {
        String bytes;
        unsigned code;
    } kRows[] = {{asked.substr(0, 12), 1},
                 {asked.substr(0, 20), 1},
                 {question({.name = "web", .flags = 0x2100}), 4}};
    resolver();
    for (auto& row : kRows) {
        say(udp_, row.bytes);
        auto got = hear(udp_);
        ASSERT_TRUE(got);
        EXPECT_EQ(code_in(*got), row.code);
        EXPECT_EQ(get16(*got, 0), 0x1234u);
    }
    // What is no question at all is not answered: what follows is.
    say(udp_, "");
    say(udp_, "x");
    say(udp_, question({.name = "web", .flags = 0x8180}));
    say(udp_, String(5000, '\0'));
    EXPECT_EQ(get16(answer({.name = "web", .id = 7}), 0), 7u);
}

TEST_F(Neighbourhood, AnswersManyQuestionsOfOneConnection)
{
    resolver();
    Fd tcp = client(SOCK_STREAM);
    String bytes;
    constexpr unsigned kCount = 300;
    for (unsigned i = 0; i < kCount; i++)
        bytes += framed(question({.name = "web", .id = i}));
    // In pieces that end anywhere.
    String heard;
    for (size_t at = 0; at < bytes.size(); at += 7) {
        say(tcp, std::string_view(bytes).substr(at, 7));
        if (at % 70 == 0)
            if (auto more = hear(tcp, 0))
                heard += *more;
    }
    size_t each = framed(answer({.name = "web"})).size();
    while (heard.size() < kCount * each) {
        auto more = hear(tcp);
        ASSERT_TRUE(more && !more->empty());
        heard += *more;
    }
    ASSERT_EQ(heard.size(), kCount * each);
    for (unsigned i = 0; i < kCount; i++)
        EXPECT_EQ(get16(heard, i * each + 2), i);
}

TEST_F(Neighbourhood, AnswersBeforeItHangsUpOnWhoHasNothingMoreToAsk)
{
    resolver();
    Fd tcp = client(SOCK_STREAM);
    say(tcp, framed(question({.name = "web"})));
    ::shutdown(tcp.get(), SHUT_WR);
    auto got = hear(tcp);
    ASSERT_TRUE(got);
    EXPECT_EQ(data_in(got->substr(2)), Addresses{"172.18.0.3"});
    EXPECT_EQ(hear(tcp), String());
}

TEST_F(Neighbourhood, HangsUpOnWhoSendsAMessageThatIsNoQuestionsSize)
{
    resolver();
    Fd tcp = client(SOCK_STREAM);
    say(tcp, "\xff\xff"_s + String(16000, 'x'));
    char byte;
    ssize_t got = -1;
    for (int i = 0; i < 100 && got < 0 && (errno == EAGAIN || i == 0); i++) {
        turn();
        got = ::recv(tcp.get(), &byte, 1, 0);
    }
    EXPECT_TRUE(got == 0 || errno == ECONNRESET);
}

TEST_F(Neighbourhood, LetsOnlySoManyInAtATime)
{
    resolver();
    Vector<Fd> all;
    for (int i = 0; i < 30; i++) {
        all.push_back(client(SOCK_STREAM));
        turn(1);
    }
    turn(1);
    Vector<pollfd> waits;
    resolver().wish(waits);
    EXPECT_EQ(waits.size(), 2u + 16);
    EXPECT_EQ(waits[1].fd, -1);
    // Others wait for their turn, and get it.
    all.erase(all.begin(), all.begin() + 20);
    say(all.back(), framed(question({.name = "web"})));
    EXPECT_TRUE(hear(all.back()));
}

TEST_F(Neighbourhood, WaitsForNothingBeforeTheFirstQuestion)
{
    EXPECT_EQ(resolver().due(), INT64_MAX);
    EXPECT_EQ(data_in(answer({.name = "web"})).size(), 1u);
    int64_t left = resolver().due() - clock::steady_ms();
    EXPECT_GT(left, 5000);
    EXPECT_LE(left, 10000);
}

TEST_F(Neighbourhood, IsForgottenWhenNobodyAsks)
{
    idle_ms_ = 300;
    EXPECT_EQ(data_in(answer({.name = "web"})).size(), 1u);
    Fd tcp = client(SOCK_STREAM);
    int turns = 0;
    for (int64_t end = clock::steady_ms() + 30'000; clock::steady_ms() < end; turns++) {
        if (resolver().due() == INT64_MAX)
            break;
        turn(60'000);
    }
    EXPECT_EQ(resolver().due(), INT64_MAX);
    EXPECT_LT(turns, 10);
    EXPECT_EQ(hear(tcp), String());
    EXPECT_EQ(addresses("web"), Addresses{"172.18.0.3"});
}

TEST(ResolverSockets, HaveOnePortOfTheirAddress)
{
    auto made = MUST(network::ResolverSockets::open());
    EXPECT_EQ(test::port_of(made.udp), made.port);
    EXPECT_EQ(test::port_of(made.tcp), made.port);
    EXPECT_ERROR(network::ResolverSockets::open(made.port), EADDRINUSE, "127.0.0.11");
}
