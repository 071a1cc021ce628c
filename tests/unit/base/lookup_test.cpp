// lookup_test.cpp - what hosts are found, where, in which order, and what is said of the others.

#include "lookup_fixture.h"

using namespace kist;
using namespace kist::test;

TEST_F(LookupTest, TakesAddressesAsTheyAre)
{
    serve(knows_all);
    for (const char* address : {"9.9.9.9", "::1", "2001:db8::1", "fe80::1%1", "0.0.0.0"})
        EXPECT_EQ(addresses(address), address);
    EXPECT_EQ(addresses("fe80::1%lo"), "fe80::1%1");
    EXPECT_TRUE(servers_->heard().empty());
}

TEST_F(LookupTest, FindsHostsInTheirFile)
{
    serve(knows_all);
    file("hosts",
         "# 1.1.1.1 board\n"
         "127.0.0.2\tBoard.example.org board # main\n"
         "nonsense board\n"
         "\n"
         "127.0.0.3 board.lan  board\n"
         "  ::1 board\n"
         "127.0.0.4 boards");
    EXPECT_EQ(addresses("board"), "::1 127.0.0.2 127.0.0.3");
    EXPECT_EQ(addresses("BOARD.Example.org"), "127.0.0.2");
    EXPECT_EQ(addresses("board.lan."), "127.0.0.3");
    EXPECT_EQ(addresses("boards"), "127.0.0.4");
    EXPECT_TRUE(servers_->heard().empty());
    EXPECT_EQ(addresses("main"), "::1 127.0.0.5");
}

TEST_F(LookupTest, KnowsLocalhostWithoutAFile)
{
    for (const char* name : {"localhost", "LocalHost", "localhost.", "web.localhost"}) {
        auto found = look_up(name, 443, options_);
        ASSERT_TRUE(found) << name;
        EXPECT_EQ(found->size(), 2u) << name;
        for (const SocketName& each : *found)
            EXPECT_EQ(text_of(each), each.family() == AF_INET ? "127.0.0.1" : "::1");
    }
    file("hosts", "127.0.0.9 localhost\n");
    EXPECT_EQ(addresses("localhost"), "127.0.0.9");
}

TEST_F(LookupTest, SearchesDomainsInTheOrderOfResolvConf)
{
    const struct {
        const char *host, *conf, *asked;
    } kRows[] = {
        {"web", "search a.org b.org\n", "web.a.org web.b.org web"},
        {"web", "domain a.org\n", "web.a.org web"},
        {"web", "", "web"},
        {"web.", "search a.org\n", "web"},
        {"web", "search a.org\noptions ndots:0\n", "web web.a.org"},
        {"web.lan", "search a.org\n", "web.lan web.lan.a.org"},
        {"web.lan", "search a.org\noptions ndots:2\n", "web.lan.a.org web.lan"},
        {"web.lan.", "search a.org\noptions ndots:2\n", "web.lan"},
        {"web", "search . a.org. ..\n", "web.a.org web"},
        {"web", "search 1 2 3 4 5 6 7 8 9\n", "web.1 web.2 web.3 web.4 web.5 web.6 web"},
    };
    for (auto& row : kRows) {
        serve([](const Heard& heard) { return Replies{reply(heard.message, 0, 3)}; }, 1, row.conf);
        EXPECT_ERROR(find(row.host), ENOENT, str::format("there is no host called %s", row.host));
        String asked;
        for (const Heard& heard : servers_->heard())
            if (heard.type == 1)
                asked += (asked.empty() ? "" : " ") + heard.name;
        EXPECT_EQ(asked, row.asked) << row.host << " " << row.conf;
    }
}

TEST_F(LookupTest, StopsAtTheFirstDomainThatHasIt)
{
    serve(
        [](const Heard& heard) {
            if (heard.name == "web.b.org")
                return knows_all(heard);
            return Replies{reply(heard.message, 0, heard.name == "web.a.org" ? 0 : 3)};
        },
        1, "search a.org b.org c.org\n");
    EXPECT_EQ(addresses("web"), "::1 127.0.0.5");
    EXPECT_EQ(servers_->heard().size(), 4u);
}

TEST_F(LookupTest, TellsWhyThereIsNoAddress)
{
    const struct {
        unsigned code;
        int error;
        const char *words, *hint;
    } kRows[] = {
        {3, ENOENT, "there is no host called web.org", "spelling"},
        {0, ENOENT, "the host web.org has no address", "spelling"},
        {1, EAGAIN, "cannot be found out now: the name servers fail", "name servers in"},
        {2, EAGAIN, "cannot be found out now: the name servers fail", "name servers in"},
        {5, EAGAIN, "cannot be found out now: the name servers fail", "name servers in"},
    };
    for (auto& row : kRows) {
        serve([&](const Heard& heard) { return Replies{reply(heard.message, 0, row.code)}; }, 2);
        int64_t start = clock::steady_ms();
        auto found = find("web.org");
        EXPECT_ERROR(found, row.error, row.words);
        EXPECT_NE(found.error().hint().find(row.hint), String::npos);
        EXPECT_LT(clock::steady_ms() - start, 5000);
    }
    EXPECT_ERROR(find(""), ENOENT, "no host");
    EXPECT_ERROR(find("."), ENOENT, "no host");
    EXPECT_ERROR(find("web..org"), ENOENT, "no host");
    EXPECT_ERROR(find((String(64, 'x') + ".org").c_str()), ENOENT, "no host");
}

TEST_F(LookupTest, GivesUpWhenNobodyAnswersInTime)
{
    serve([](const Heard&) { return Replies{}; }, 2,
          "options timeout:1 attempts:1\nsearch a.org\n");
    auto found = find("web.org");
    EXPECT_ERROR(found, EAGAIN, kNoOneAnswers);
    EXPECT_NE(found.error().hint().find("the name servers in /etc/resolv.conf"), String::npos);
    int64_t time = time_for("web.org", kNoOneAnswers);
    EXPECT_GE(time, 900);
    EXPECT_LT(time, 5000);
    for (const Heard& heard : servers_->heard())
        EXPECT_EQ(heard.name, "web.org");  // the domain is not tried
}

TEST_F(LookupTest, SaysAtOnceThatNoServerRuns)
{
    serve(knows_all);
    servers_.reset();
    EXPECT_LT(time_for("web.org", kNoOneAnswers), 5000);
}

TEST_F(LookupTest, TakesNoMoreThanSixteenAddresses)
{
    serve([](const Heard& heard) {
        Vector<Record> records;
        for (int i = 0; i < 100; i++)
            records.push_back(heard.type == 1 ? a(str::format("127.0.1.%d", i).c_str())
                                              : aaaa("::1"));
        return Replies{answer(heard, records)};
    });
    auto found = MUST(find("web.org"));
    EXPECT_EQ(found.size(), 16u);
    for (size_t i = 0; i < found.size(); i++)
        EXPECT_EQ(text_of(found[i]), i % 2 ? str::format("127.0.1.%zu", i / 2) : String("::1"));
}

TEST_F(LookupTest, PutsAddressesWithoutARouteLastAndFamiliesInTurn)
{
    // Nobody reaches a link without its name, and not everybody at once without asking for that.
    file("hosts",
         "255.255.255.255 web\nfe80::1 web\n127.0.0.2 web\n127.0.0.3 web\n::1 web\n"
         "fe80::2 web\n127.0.0.4 web\n");
    EXPECT_EQ(addresses("web"),
              "::1 127.0.0.2 127.0.0.3 127.0.0.4 fe80::1 255.255.255.255 fe80::2");
}
