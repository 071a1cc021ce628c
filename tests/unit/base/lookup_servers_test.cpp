// lookup_servers_test.cpp - whom is asked for addresses, how often, and what is believed.

#include "lookup_fixture.h"

using namespace kist;
using namespace kist::test;

TEST_F(LookupTest, AsksAllServersForBothFamiliesFromPortsAndWithIdsOfTheirOwn)
{
    serve([](const Heard& heard) { return heard.server == 2 ? knows_all(heard) : Replies{}; }, 4);
    EXPECT_EQ(addresses("web.org"), "::1 127.0.0.5");
    Vector<Heard> heard = servers_->heard();
    ASSERT_EQ(heard.size(), 6u);  // and the fourth is not asked
    unsigned seen = 0;
    for (size_t i = 0; i < heard.size(); i++) {
        EXPECT_EQ(heard[i].name, "web.org");
        seen |= 1u << (2 * heard[i].server + (heard[i].type == 1));
        for (size_t j = 0; j < i; j++)
            EXPECT_NE(heard[i].port, heard[j].port);
    }
    EXPECT_EQ(seen, 63u);
    bool same_id = true;
    for (const Heard& each : heard)
        same_id &= get16(each.message, 0) == get16(heard[0].message, 0);
    EXPECT_FALSE(same_id);
}

TEST_F(LookupTest, AsksThisMachineWhereNoServerIsNamed)
{
    serve(knows_all);
    file("resolv.conf", "# empty\n");
    EXPECT_EQ(addresses("web.org"), "::1 127.0.0.5");
    options_.resolv_conf = directory_.path() + "/none";
    EXPECT_EQ(addresses("web.org"), "::1 127.0.0.5");
}

TEST_F(LookupTest, DoesWithOneServerThatKnows)
{
    for (int code : {-1, 2, 5})
        for (unsigned good : {0u, 1u}) {
            serve(
                [&](const Heard& heard) {
                    if (heard.server == good)
                        return knows_all(heard);
                    return code < 0 ? Replies{} : Replies{reply(heard.message, 0, unsigned(code))};
                },
                2);
            EXPECT_LT(time_for("web.org", "::1 127.0.0.5"), 1900);
        }
}

TEST_F(LookupTest, AsksAgainWhatWasLost)
{
    int lost = 0;
    serve([&](const Heard& heard) { return lost++ < 2 ? Replies{} : knows_all(heard); });
    EXPECT_LT(time_for("web.org", "::1 127.0.0.5"), 8000);
}

TEST_F(LookupTest, DoesNotWaitLongForIpv6OnceIpv4IsKnown)
{
    options_.grace_ms = 300;
    serve([](const Heard& heard) { return heard.type == 1 ? knows_all(heard) : Replies{}; });
    EXPECT_LT(time_for("web.org", "127.0.0.5"), 4900);
    options_.grace_ms = 5000;
    serve([](const Heard& heard) {
        if (heard.type == 1)
            return knows_all(heard);
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        return knows_all(heard);
    });
    EXPECT_EQ(addresses("web.org"), "::1 127.0.0.5");
    options_.grace_ms = 300;
    serve([](const Heard& heard) {
        return heard.type == 1 ? Replies{reply(heard.message, 0, 3)} : Replies{};
    });
    EXPECT_LT(time_for("web.org", "there is no host called web.org"), 4900);
}

TEST_F(LookupTest, BelievesOnlyAnswersToWhatItHasAsked)
{
    serve([](const Heard& heard) {
        if (heard.type != 1)
            return Replies{answer(heard, {})};
        String lie = answer(heard, {a("127.0.0.66")});
        String id = lie, name = lie, type = lie, question = lie;
        id[0] = char(id[0] ^ 1);
        name[13] = 'x';
        type[22] = 28;
        question[2] = 1;
        return Replies{id,
                       name,
                       type,
                       question,
                       "",
                       lie.substr(0, 11),
                       lie.substr(0, 20),
                       kStranger + lie,
                       answer(heard, {a("127.0.0.5")})};
    });
    EXPECT_EQ(addresses("web.org"), "127.0.0.5");
}

TEST_F(LookupTest, TakesTheAddressesAtTheEndOfAChain)
{
    serve([](const Heard& heard) {
        if (heard.type != 1)
            return Replies{answer(heard, {{5, "\3cdn\xc0\x0c"_s}})};
        Record other = a("127.0.0.7"), chaos = a("127.0.0.66");
        other.owner = "\3cdn\3com\0"_s;
        chaos.group = 3;
        return Replies{answer(
            heard, {{5, "\3cdn\3com\0"_s}, chaos, other, a("127.0.0.6"), aaaa("2001:db8::1")})};
    });
    EXPECT_EQ(addresses("web.org"), "127.0.0.7 127.0.0.6");
}

TEST_F(LookupTest, AsksByTcpWhatDatagramsAreTooSmallFor)
{
    serve([](const Heard& heard) {
        if (heard.type != 1)
            return Replies{answer(heard, {})};
        String cut = answer(heard, {a("127.0.0.6")});
        cut[2] = char(cut[2] | 2);
        return Replies{heard.tcp ? answer(heard, {a("127.0.0.7"), a("127.0.0.8")}) : cut};
    });
    EXPECT_LT(time_for("web.org", "127.0.0.7 127.0.0.8"), 1900);
    unsigned tcp = 0;
    for (const Heard& heard : servers_->heard())
        tcp += heard.tcp;
    EXPECT_EQ(tcp, 1u);
}

TEST_F(LookupTest, TakesWhatItHasWhenTcpLeadsNowhere)
{
    for (bool lies : {false, true}) {
        serve([=](const Heard& heard) {
            if (heard.type != 1)
                return Replies{answer(heard, {})};
            String cut = answer(heard, {a("127.0.0.6")});
            cut[2] = char(cut[2] | 2);
            cut[1] = char(cut[1] ^ char(heard.tcp));
            return heard.tcp && !lies ? Replies{} : Replies{cut};
        });
        EXPECT_LT(time_for("web.org", "127.0.0.6"), 1900);
    }
}

TEST_F(LookupTest, StandsAnswersThatAreMadeToHarm)
{
    const String kSelf = "\xc0\x17", kAhead = "\xc0\xff", kLong = "\x3f", kBad = "\x80";
    for (const String& owner : {kSelf, kAhead, kLong, kBad, String("\xc0")}) {
        serve([&](const Heard& heard) {
            Record strange = a("127.0.0.6");
            strange.owner = owner;
            String many = answer(heard, {strange, strange});
            many[6] = many[7] = char(0xff);
            return Replies{many};
        });
        auto found = find("web.org");
        if (found)
            EXPECT_EQ(addresses("web.org"), "127.0.0.6 127.0.0.6") << owner;
        else
            EXPECT_ERROR(found, ENOENT, "has no address");
    }
    // Each length that a good answer can be cut to, and addresses of a wrong size.
    size_t length = 25;
    bool more = true;
    serve([&](const Heard& heard) {
        String whole = answer(heard, {a("127.0.0.6"), {1, "\x7f\0\0"_s}, {1, String(16, 'x')}});
        more &= length < whole.size();
        return Replies{whole.substr(0, length)};
    });
    for (; more; length++) {
        auto found = find("web.org");
        EXPECT_TRUE(!found || found->size() == 1) << length;
    }
}
