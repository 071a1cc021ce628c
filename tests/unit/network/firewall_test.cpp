// firewall_test.cpp - network/firewall.h: the table as nft(8) reads it back.

#include "network/firewall.h"

#include <netinet/in.h>

// Behind the library's, whose names it would define again.
#include <linux/netfilter.h>

#include <algorithm>

#include "base/fs.h"
#include "check.h"
#include "lab.h"
#include "network/nftables.h"

namespace kist::network {
namespace {

using test::output_of;
using test::run;

// Without empty lines, indentation and what an element list adds to a set.
String squeezed(std::string_view text)
{
    String lines;
    bool within = false;  // a list of elements
    while (!text.empty()) {
        std::string_view line = str::trim(str::cut(text, '\n'));
        within |= line.starts_with("elements");
        if (!line.empty() && !within)
            lines += String(line) + "\n";
        within &= !line.ends_with('}');
    }
    return lines;
}

// What `name` is a set or map of, as nft says it; "" when it is empty.
String elements(const char* name, const char* kind = "set")
{
    String text = output_of(str::format("nft list %s inet kist %s", kind, name));
    size_t begin = text.find("elements = { "), end = text.find(" }", begin);
    return begin == String::npos ? String() : text.substr(begin + 13, end - begin - 13);
}

// The text of the rules in the source.
String rules(const char* name = "kRules[] = R\"(")
{
    String source = fs::read_path(KIST_SOURCE "/network/firewall.cpp").take();
    size_t begin = source.find(name) + strlen(name);
    return source.substr(begin, source.find(")\"", begin) - begin);
}

Network shop()
{
    Network network = {.name = "shop", .link = "br-shop"};
    network.pools.push_back({.subnet = "172.18.0.0/16"});
    network.pools.push_back({.subnet = "fd00:5::/64"});
    return network;
}

const Endpoint kBox = {.network = "shop", .address = "172.18.0.2/16", .address6 = "fd00:5::2/64"};

TEST(Firewall, IsReadBackAsItIsWritten)
{
    test::in_new_network([] {
        EXPECT_OK(open_firewall(shop()));
        String table = output_of("nft -y list table inet kist");
        EXPECT_EQ(squeezed(table), "table inet kist {\n" + squeezed(rules()) + "}\n") << table;
    });
}

TEST(Firewall, OfAGatewayHasTheRelaysRulesToo)
{
    test::in_new_network([] {
        String expected = "table inet kist {\n" + squeezed(rules()) +
                          squeezed(rules("kRelayRules[] = R\"(")) + "}\n";
        EXPECT_OK(open_relay_firewall());
        EXPECT_OK(open_firewall(shop()));
        EXPECT_EQ(squeezed(output_of("nft -y list table inet kist")), expected);
        // And keeps them when it is another version's.
        run("nft delete chain inet kist rules_1; nft flush chain inet kist relayed");
        EXPECT_OK(open_firewall(shop()));
        String table = squeezed(output_of("nft -y list table inet kist"));
        size_t version = expected.find("chain rules_1 {\n}\n");
        expected.erase(version, 18);
        expected.insert(expected.size() - 2, "chain rules_1 {\n}\n");
        EXPECT_EQ(table, expected);
    });
}

TEST(Firewall, OfAGatewayWithoutIpv6IsATableOfIpv4)
{
    test::in_new_network([] {
        String text = rules() + rules("kRelayRules[] = R\"(");
        Netlink netlink = Netlink::open(NETLINK_NETFILTER).take();
        nft::Batch batch({NFPROTO_IPV4, "kist"});
        batch.rules(text);
        EXPECT_OK(batch.commit(netlink));
        String relayed = squeezed(output_of("nft -y list chain ip kist relayed"));
        String expected = squeezed(text);
        size_t begin = expected.find("chain relayed {");
        expected = expected.substr(begin, expected.find('}', begin) + 2 - begin);
        EXPECT_EQ(relayed, "table ip kist {\n" + expected + "}\n");
    });
}

TEST(Firewall, KnowsOfEachNetworkWhatItsRulesAskFor)
{
    test::in_new_network([] {
        EXPECT_OK(open_firewall(shop()));
        EXPECT_EQ(elements("bridges"), "\"br-shop\"");
        EXPECT_EQ(elements("open"), "\"br-shop\" . \"br-shop\"");
        EXPECT_EQ(elements("internal"), "");
        EXPECT_EQ(elements("subnets4"), "172.18.0.0/16");
        EXPECT_EQ(elements("subnets6"), "fd00:5::/64");
        EXPECT_OK(open_firewall(shop()));

        Network changed = shop();
        changed.internal = true;
        changed.options.emplace_back("com.docker.network.bridge.enable_icc", "false");
        EXPECT_OK(open_firewall(changed));
        EXPECT_EQ(elements("bridges"), "\"br-shop\"");
        EXPECT_EQ(elements("open"), "");
        EXPECT_EQ(elements("internal"), "\"br-shop\"");
        EXPECT_EQ(elements("subnets4"), "");

        Network routed = shop();
        routed.options.emplace_back("com.docker.network.bridge.enable_ip_masquerade", "false");
        EXPECT_OK(open_firewall(routed));
        EXPECT_EQ(elements("open"), "\"br-shop\" . \"br-shop\"");
        EXPECT_EQ(elements("internal"), "");
        EXPECT_EQ(elements("subnets4"), "");

        for (int i = 0; i < 2; i++) {
            EXPECT_OK(close_firewall(shop()));
            for (const char* set : {"bridges", "open", "internal", "subnets4", "subnets6"})
                EXPECT_EQ(elements(set), "") << set;
        }
    });
}

TEST(Firewall, PublishesMoreThanOneRequestHolds)
{
    test::in_new_network([] {
        Vector<Port> ports;
        for (uint16_t port = 10000; port < 14000; port++)
            ports.push_back({.host_port = port, .container_port = port});
        EXPECT_OK(open_firewall(shop()));
        EXPECT_OK(publish(kBox, ports));
        for (const char* map : {"ports4", "ports6"}) {
            String list = elements(map, "map");
            EXPECT_EQ(std::count(list.begin(), list.end(), ':') >= 4000, true);
            EXPECT_NE(list.find("tcp . 13999 : "), String::npos);
        }
        EXPECT_OK(publish(kBox, {{.host_port = 10000, .container_port = 80}}));
        EXPECT_NE(elements("ports4", "map").find("tcp . 10000 : 172.18.0.2 . 80"), String::npos);
        EXPECT_OK(unpublish(kBox, ports));
        // What is another's by now stays.
        EXPECT_EQ(elements("ports4", "map"), "tcp . 10000 : 172.18.0.2 . 80");
        EXPECT_EQ(elements("ports6", "map"), "tcp . 10000 : fd00:5::2 . 80");
    });
}

TEST(Firewall, TakesOverTheTableOfAnotherVersion)
{
    test::in_new_network([] {
        EXPECT_OK(open_firewall(shop()));
        EXPECT_OK(publish(kBox, {{.host_port = 8080, .container_port = 80}}));
        run("nft delete chain inet kist rules_1; nft add chain inet kist rules_0; "
            "nft flush chain inet kist raw; nft add rule inet kist forward drop");
        Network another = {.name = "another", .link = "br-another"};
        EXPECT_OK(open_firewall(another));
        String table = squeezed(output_of("nft -y list table inet kist"));
        size_t old = table.find("chain rules_0 {\n}\n");
        ASSERT_NE(old, String::npos);
        table.erase(old, 18);
        EXPECT_EQ(table, "table inet kist {\n" + squeezed(rules()) + "}\n");
        EXPECT_EQ(elements("ports4", "map"), "tcp . 8080 : 172.18.0.2 . 80");
        EXPECT_NE(elements("bridges").find("br-shop"), String::npos);
        EXPECT_NE(elements("bridges").find("br-another"), String::npos);
    });
}

TEST(Firewall, IsMadeOnceByManyAtOnce)
{
    test::in_new_network([] {
        constexpr int kCount = 8;
        for (int i = 0; i < kCount; i++)
            if (::fork() == 0) {
                Network network = {.name = "n", .link = str::format("br-%d", i)};
                ::_exit(!open_firewall(network));
            }
        for (int i = 0, status; i < kCount; i++) {
            ASSERT_GT(::wait(&status), 0);
            EXPECT_EQ(status, 0);
        }
        EXPECT_EQ(squeezed(output_of("nft -y list table inet kist")),
                  "table inet kist {\n" + squeezed(rules()) + "}\n");
        for (int i = 0; i < kCount; i++)
            EXPECT_NE(elements("bridges").find(str::format("\"br-%d\"", i)), String::npos);
    });
}

TEST(Firewall, IsOfIPv4AloneWithoutIPv6)
{
    test::in_new_network([] {
        run(str::format("mount -t tmpfs none /proc/%d/net", ::getpid()));
        Network network = shop();
        network.pools.pop_back();
        EXPECT_OK(open_firewall(network));
        EXPECT_OK(publish({.address = "172.18.0.2/16"}, {{.host_port = 80, .container_port = 80}}));
        String table = output_of("nft list table ip kist");
        EXPECT_NE(table.find("dnat ip to ip daddr . meta l4proto . th dport map @address_ports4"),
                  String::npos)
            << table;
        EXPECT_NE(table.find("tcp . 80 : 172.18.0.2 . 80"), String::npos) << table;
        EXPECT_EQ(table.find("ip6"), String::npos) << table;
    });
}

TEST(Firewall, LeavesNothingOfABatchThatFails)
{
    test::in_new_network([] {
        Netlink netlink = MUST(Netlink::open(NETLINK_NETFILTER));
        nft::Table table = {NFPROTO_INET, "kist"};
        nft::Batch batch(table);
        batch.rules(
            "set bridges {\ntype ifname\n}\n"
            "chain odd {\ntype nothing hook forward priority 0;\n}\n");
        EXPECT_ERROR(batch.rehearse(netlink), ENOENT, "");
        EXPECT_ERROR(batch.commit(netlink), ENOENT, "");
        EXPECT_EQ(output_of("nft list ruleset"), "");

        nft::Batch good(table);
        good.rules("set bridges {\ntype ifname\n}\n");
        EXPECT_OK(good.rehearse(netlink));
        EXPECT_EQ(output_of("nft list ruleset"), "");

        EXPECT_ERROR(publish(kBox, {{.host_port = 80, .container_port = 80}}), ENOENT, "publish");
        EXPECT_OK(unpublish(kBox, {{.host_port = 80, .container_port = 80}}));
        EXPECT_OK(close_firewall(shop()));
        EXPECT_EQ(output_of("nft list ruleset"), "");
    });
}

TEST(Firewall, IsNotDoneWithoutWhereAnotherTableIsInTheWay)
{
    test::in_new_network([] {
        run("nft add table inet kist; "
            "nft 'add chain inet kist forward { type filter hook forward priority 7; }'");
        auto opened = open_firewall(shop());
        EXPECT_ERROR(opened, EEXIST, "cannot make the rules of networks");
        EXPECT_NE(std::string_view(opened.error().hint()).find("nft delete table"),
                  std::string_view::npos);
        run("nft delete table inet kist");
        EXPECT_OK(open_firewall(shop()));
    });
}

TEST(Firewall, NamesTheLineThatTheKernelDoesNotKnow)
{
    test::in_new_network([] {
        Netlink netlink = MUST(Netlink::open(NETLINK_NETFILTER));
        nft::Table table = {NFPROTO_INET, "trial"};
        EXPECT_EQ(nft::refused_line(netlink, table, "\nchain a {\n  accept\n}\n"), "");
        EXPECT_EQ(nft::refused_line(netlink, table, "\nchain a {\n  jump b\n  accept\n}\n"),
                  "jump b");
        table.family = 99;
        EXPECT_EQ(nft::refused_line(netlink, table, "\nchain a {\n  accept\n}\n"), "nf_tables");
        EXPECT_EQ(output_of("nft list ruleset"), "");
    });
}

TEST(Firewall, LeavesToTheRelayWhatNoRuleCanDo)
{
    test::in_new_network([] {
        EXPECT_OK(open_firewall(shop()));
        Port local = {.host_address = "::1", .host_port = 8080, .container_port = 80};
        Port six = {.host_address = "fd00::1", .host_port = 80, .container_port = 80};
        Endpoint four = {.address = "172.18.0.2/16"};
        EXPECT_OK(publish(kBox, {local}));
        EXPECT_OK(publish(four, {six}));
        EXPECT_TRUE(is_beyond_rules(kBox, local));
        EXPECT_FALSE(is_beyond_rules(kBox, six));
        EXPECT_TRUE(is_beyond_rules(four, six));
        EXPECT_FALSE(is_beyond_rules(four, {.host_address = "127.0.0.1"}));
        EXPECT_FALSE(is_beyond_rules(four, {}));
        EXPECT_OK(unpublish(kBox, {local}));
        EXPECT_EQ(elements("address_ports6", "map"), "");
    });
}

TEST(Firewall, SaysSoWithoutPermission)
{
    test::in_new_network([] {
        ASSERT_EQ(::setresuid(1000, 1000, 1000), 0);
        EXPECT_ERROR(open_firewall(shop()), EPERM, "cannot make the rules of networks");
        EXPECT_ERROR(redirect_resolver(1053), EPERM, "");
    });
}

// As nft itself does it, by strace(1), but for the order of attributes that the kernel takes in
// any, and for the first register, which has two names: 1, of 16 bytes, and 8, of 4.
TEST(Firewall, AsksAsNftDoes)
{
    nft::Batch batch({NFPROTO_INET, "t"});
    size_t before = batch.message().data().size();
    batch.rules("chain c {\niifname @b drop\n}\n");
    const Vector<uint8_t>& data = batch.message().data();
    String hex;
    for (size_t i = before; i < data.size(); i++)
        hex += str::format(i % 4 == 3 ? "%02x " : "%02x", data[i]);
    EXPECT_EQ(std::string_view(hex),
              // A chain without a hook.
              "24000000 030a0104 00000000 00000000 01000000 06000100 74000000 06000300 63000000 "
              // A rule behind the others: table, chain, expressions.
              "a0000000 060a010c 00000000 00000000 01000000 06000100 74000000 06000200 63000000 "
              "7c000480 "
              // meta load iifname => reg 8
              "24000180 09000100 6d657461 00000000 14000280 08000100 00000008 08000200 00000006 "
              // lookup reg 8 set b
              "24000180 0b000100 6c6f6f6b 75700000 14000280 06000100 62000000 08000200 00000008 "
              // immediate reg 0 drop
              "30000180 0e000100 696d6d65 64696174 65000000 1c000280 08000100 00000000 "
              "10000280 0c000280 08000100 00000000 ");
}

}  // namespace
}  // namespace kist::network
