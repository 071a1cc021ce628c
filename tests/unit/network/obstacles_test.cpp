// obstacles_test.cpp - find_obstacles() of network/firewall.h: other firewalls, made as their
// programs make them.

#include "check.h"
#include "lab.h"
#include "network/firewall.h"

namespace kist::network {
namespace {

using test::run;

const Network kNetwork = {.name = "bridge", .link = "kist0"};

// "CHAIN: REMEDY" each, in lines.
String obstacles(const Network& network = kNetwork)
{
    auto found = find_obstacles(network);
    EXPECT_OK(found);
    String text;
    for (const Obstacle& each : *found)
        text += each.chain + ": " + each.remedy + "\n";
    return text;
}

// Does what a remedy says; `way` is that of iptables: "nft", "legacy".
void follow(const String& remedy, const char* way)
{
    run(str::format("iptables() { iptables-%s \"$@\"; }; ip6tables() { ip6tables-%s \"$@\"; }; %s",
                    way, way, remedy.substr(remedy.find(": ") + 2).c_str()));
}

TEST(Obstacles, AreNoneWhereNothingDrops)
{
    test::in_new_network([] {
        EXPECT_EQ(obstacles(), "");
        EXPECT_OK(open_firewall(kNetwork));
        run("nft 'table inet other { chain forward { type filter hook forward priority 0; "
            "tcp dport 25 drop; ip saddr 192.0.2.0/24 reject; }; "
            "chain input { type filter hook input priority 0; policy drop; }; "
            "chain unused { drop; }; }; "
            "table bridge other { chain f { type filter hook forward priority 0; policy drop; }; "
            "}'");
        EXPECT_EQ(obstacles(), "");
    });
}

TEST(Obstacles, AreGoneWhenTheirRemedyIsFollowed)
{
    static const struct {
        const char* commands;
        const char* obstacle;
    } kFirewalls[] = {
        {"iptables-nft -P FORWARD DROP",
         "ip filter FORWARD: iptables -I FORWARD -i kist0 -j ACCEPT; "
         "iptables -I FORWARD -o kist0 -j ACCEPT\n"},
        {"iptables-nft -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT; "
         "iptables-nft -A FORWARD -j REJECT",
         "ip filter FORWARD: iptables -I FORWARD -i kist0 -j ACCEPT; "
         "iptables -I FORWARD -o kist0 -j ACCEPT\n"},
        {"iptables-nft -P FORWARD DROP; iptables-nft -N DOCKER-USER; "
         "iptables-nft -N ufw-before-forward; iptables-nft -A FORWARD -j DOCKER-USER",
         "ip filter FORWARD: iptables -I DOCKER-USER -i kist0 -j ACCEPT; "
         "iptables -I DOCKER-USER -o kist0 -j ACCEPT\n"},
        {"nft 'table inet mine { chain f { type filter hook forward priority 5; policy drop; }; }'",
         "inet mine f: nft insert rule inet mine f iifname kist0 accept; "
         "nft insert rule inet mine f oifname kist0 accept\n"},
        {"nft 'table inet mine { chain f { type filter hook forward priority 5; counter log drop; "
         "}; }'",
         "inet mine f: nft insert rule inet mine f iifname kist0 accept; "
         "nft insert rule inet mine f oifname kist0 accept\n"},
    };
    for (const auto& each : kFirewalls) {
        static const char *commands, *obstacle;
        commands = each.commands;
        obstacle = each.obstacle;
        test::in_new_network([] {
            run(commands);
            EXPECT_EQ(obstacles(), obstacle);
            follow(obstacle, "nft");
            EXPECT_EQ(obstacles(), "") << commands;
        });
    }
}

TEST(Obstacles, AreSaidInTheWordsOfTheirPrograms)
{
    test::in_new_network([] {
        run("iptables-nft -P FORWARD DROP; iptables-nft -N ufw-before-forward");
        EXPECT_EQ(obstacles(),
                  "ip filter FORWARD: ufw route allow in on kist0; "
                  "ufw route allow out on kist0\n");
        run("nft flush ruleset");
        run("nft 'table inet firewalld { chain zones { iifname \"eth0\" accept; }; "
            "chain filter_FORWARD { type filter hook forward priority filter + 10; "
            "ct state established,related accept; jump zones; "
            "reject with icmpx type admin-prohibited; }; }'");
        EXPECT_EQ(obstacles(),
                  "inet firewalld filter_FORWARD: firewall-cmd --permanent "
                  "--zone=trusted --add-interface=kist0; firewall-cmd --reload\n");
        run("nft insert rule inet firewalld zones iifname kist0 accept");
        EXPECT_EQ(obstacles(), "");
        // Another bridge's name is not that of ours.
        Network another = {.name = "x", .link = "kist01"};
        EXPECT_NE(obstacles(another), "");
    });
}

TEST(Obstacles, OfIPv6CountForNetworksWithIt)
{
    test::in_new_network([] {
        run("ip6tables-nft -P FORWARD DROP");
        EXPECT_EQ(obstacles(), "");
        Network network = {.name = "six", .link = "kist0", .ipv6 = true};
        String found = obstacles(network);
        EXPECT_EQ(found,
                  "ip6 filter FORWARD: ip6tables -I FORWARD -i kist0 -j ACCEPT; "
                  "ip6tables -I FORWARD -o kist0 -j ACCEPT\n");
        follow(found, "nft");
        EXPECT_EQ(obstacles(network), "");
    });
}

TEST(Obstacles, MayBeOfTheOlderIptables)
{
    if (::access("/proc/net/ip_tables_names", F_OK) != 0)
        GTEST_SKIP() << "the kernel has no ip_tables";
    test::in_new_network([] {
        EXPECT_EQ(obstacles(), "");
        run("iptables-legacy -A FORWARD -s 192.0.2.1 -j ACCEPT");
        EXPECT_EQ(obstacles(), "");
        run("iptables-legacy -P FORWARD DROP");
        String found = obstacles();
        EXPECT_EQ(found,
                  "ip filter FORWARD: iptables -I FORWARD -i kist0 -j ACCEPT; "
                  "iptables -I FORWARD -o kist0 -j ACCEPT\n");
        run("iptables-legacy -N DOCKER-USER; iptables-legacy -I FORWARD -j DOCKER-USER");
        found = obstacles();
        EXPECT_EQ(found,
                  "ip filter FORWARD: iptables -I DOCKER-USER -i kist0 -j ACCEPT; "
                  "iptables -I DOCKER-USER -o kist0 -j ACCEPT\n");
        follow(found, "legacy");
        EXPECT_EQ(obstacles(), "");
    });
}

}  // namespace
}  // namespace kist::network
