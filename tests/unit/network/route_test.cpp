// route_test.cpp - network/route.h, in network namespaces of the test's own.

#include "network/route.h"

#include <linux/rtnetlink.h>

#include <algorithm>

#include "base/fs.h"
#include "base/str.h"
#include "check.h"
#include "namespaces.h"

namespace kist::network {
namespace {

// What the kernel says about a link in its own words; "" where it says nothing.
String fact(const char* link, const char* file)
{
    auto text = fs::read_path(str::format("/sys/class/net/%s/%s", link, file));
    return text ? String(str::trim(*text)) : String();
}

Subnet subnet(const char* address, unsigned bits)
{
    auto parsed = Address::parse(address);
    EXPECT_OK(parsed);
    return {*parsed, bits};
}

String texts(const Vector<Subnet>& subnets)
{
    Vector<String> all;
    for (const Subnet& each : subnets)
        all.push_back(each.text());
    std::sort(all.begin(), all.end(), [](auto& a, auto& b) { return a < b; });
    String text;
    for (const String& each : all)
        text += each + " ";
    return text;
}

TEST(Mac, IsReadInBothCases)
{
    EXPECT_EQ(MUST(Mac::parse("02:42:ac:12:00:02")).view(), "\x02\x42\xac\x12\x00\x02"_s);
    EXPECT_EQ(MUST(Mac::parse("02:42:AC:12:00:FF")).view(), "\x02\x42\xac\x12\x00\xff"_s);
    for (const char* wrong : {"", "02", "02:42:ac:12:00", "02:42:ac:12:00:0", "02:42:ac:12:00:002",
                              "02:42:ac:12:00:02:", "02-42-ac-12-00-02", "02:42:ac:12:00:g2",
                              "0242ac120002", "02:42:ac:12:00:02:03"})
        EXPECT_ERROR(Mac::parse(wrong), EINVAL, "no address of a network card");
}

TEST(Mac, FollowsFromTheAddress)
{
    EXPECT_EQ(Mac::of(subnet("172.18.0.2", 16).base).view(), "\x02\x42\xac\x12\x00\x02"_s);
}

TEST(Route, MakesABridgeAndChangesTheOneThatIsThere)
{
    test::in_new_network([] {
        auto route = MUST(Netlink::open(NETLINK_ROUTE));
        Mac mac = MUST(Mac::parse("02:42:0a:00:00:01"));
        for (unsigned mtu : {0u, 1400u, 0u}) {
            EXPECT_OK(make_bridge(route, "br0", mac, mtu));
            EXPECT_EQ(fact("br0", "address"), "02:42:0a:00:00:01");
            EXPECT_EQ(fact("br0", "bridge/stp_state"), "0");
            EXPECT_EQ(fact("br0", "bridge/forward_delay"), "0");
            EXPECT_EQ(fact("br0", "bridge/multicast_snooping"), "1");
            EXPECT_EQ(fact("br0", "operstate"), "down");
        }
        EXPECT_EQ(fact("br0", "mtu"), "1400");
        EXPECT_OK(make_bridge(route, "br0", Mac::of(Address()), 0));
        EXPECT_EQ(fact("br0", "address"), "02:42:0a:00:00:01");
        EXPECT_ERROR(make_bridge(route, "lo", mac, 0), EOPNOTSUPP, "the kernel refuses");
        EXPECT_ERROR(make_bridge(route, "a-name-that-is-too-long", mac, 0), ERANGE, "");
    });
}

TEST(Route, PutsThePeerIntoItsNamespaceAtOnce)
{
    test::in_new_network([] {
        auto route = MUST(Netlink::open(NETLINK_ROUTE));
        Mac mac = MUST(Mac::parse("02:42:0a:00:00:02"));
        EXPECT_OK(make_bridge(route, "br0", Mac::of(Address()), 0));
        EXPECT_OK(bring_up(route, "br0"));
        Fd other = test::another_network();
        Veth veth = {.name = "veth1",
                     .bridge = "br0",
                     .peer_name = "eth0",
                     .peer_mac = mac,
                     .netns = other,
                     .mtu = 1400,
                     .isolated = true};
        EXPECT_OK(make_veth(route, veth));
        EXPECT_EQ(fact("veth1", "mtu"), "1400");
        EXPECT_EQ(fact("veth1", "brport/hairpin_mode"), "1");
        EXPECT_EQ(fact("veth1", "brport/isolated"), "1");
        EXPECT_EQ(fact("eth0", "ifindex"), "");
        EXPECT_ERROR(make_veth(route, veth), EEXIST, "");

        ASSERT_EQ(::setns(other.get(), CLONE_NEWNET), 0);
        EXPECT_EQ(::umount2("/sys", MNT_DETACH), 0);
        EXPECT_EQ(::mount("sysfs", "/sys", "sysfs", 0, nullptr), 0);
        EXPECT_EQ(fact("eth0", "address"), "02:42:0a:00:00:02");
        EXPECT_EQ(fact("eth0", "mtu"), "1400");
        EXPECT_EQ(fact("eth0", "operstate"), "down");
        EXPECT_OK(remove_link(route, "veth1"));  // that socket is still in the first namespace
        EXPECT_EQ(fact("eth0", "ifindex"), "");
    });
}

TEST(Route, SaysWhichLinkIsMissing)
{
    test::in_new_network([] {
        auto route = MUST(Netlink::open(NETLINK_ROUTE));
        EXPECT_ERROR(find_link(route, "eth7"), ENODEV, "no link eth7");
        EXPECT_ERROR(bring_up(route, "eth7"), ENODEV, "eth7");
        EXPECT_OK(remove_link(route, "eth7"));
        EXPECT_ERROR(remove_link(route, "lo"), EOPNOTSUPP, "cannot remove the link lo");
        EXPECT_ERROR(add_address(route, 77, subnet("10.1.0.1", 24)), ENODEV, "10.1.0.1/24");
        EXPECT_ERROR(add_default_route(route, 1, subnet("10.1.0.1", 24).base), ENETUNREACH,
                     "cannot make 10.1.0.1 the gateway");
    });
}

TEST(Route, ListsWhatItAdded)
{
    test::in_new_network([] {
        auto route = MUST(Netlink::open(NETLINK_ROUTE));
        EXPECT_EQ(texts(MUST(used_subnets())), "");
        EXPECT_OK(make_bridge(route, "br0", Mac::of(Address()), 0));
        int link = MUST(find_link(route, "br0"));
        for (int round = 0; round < 2; round++) {  // what is there is no error
            EXPECT_OK(add_address(route, link, subnet("10.7.0.1", 24)));
            EXPECT_OK(add_address(route, link, subnet("fd00:7::1", 64)));
        }
        EXPECT_EQ(texts(MUST(addresses(route, link))), "10.7.0.1/24 fd00:7::1/64 ");
        EXPECT_EQ(texts(MUST(addresses(route, 1))), "");
        EXPECT_OK(bring_up(route, "br0"));
        EXPECT_OK(add_default_route(route, link, subnet("10.7.0.9", 24).base));
        EXPECT_OK(add_default_route(route, link, subnet("fd00:7::9", 24).base));

        auto used = MUST(used_subnets());
        EXPECT_NE(texts(used).find("10.7.0.0/24 "), String::npos) << texts(used);
        EXPECT_NE(texts(used).find("fd00:7::/64 "), String::npos) << texts(used);
        EXPECT_EQ(texts(used).find("/0 "), String::npos) << texts(used);
        auto overlaps = [&](const char* address, unsigned bits) {
            return std::any_of(used.begin(), used.end(), [&](const Subnet& each) {
                return each.overlaps(subnet(address, bits));
            });
        };
        EXPECT_TRUE(overlaps("10.7.0.0", 16));
        EXPECT_TRUE(overlaps("10.7.0.128", 25));
        EXPECT_FALSE(overlaps("10.7.1.0", 24));
        EXPECT_TRUE(overlaps("fd00:7::", 80));
        EXPECT_FALSE(overlaps("fd00:8::", 64));

        auto text = MUST(fs::read_path("/proc/net/route"));
        EXPECT_NE(text.find("br0\t00000000\t0900070A\t0003"), String::npos) << text;
        auto text6 = MUST(fs::read_path("/proc/net/if_inet6"));
        EXPECT_NE(text6.find("fd000007000000000000000000000001"), String::npos) << text6;
    });
}

}  // namespace
}  // namespace kist::network
