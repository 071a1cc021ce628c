// network_test.cpp - network/network.h.

#include "network/network.h"

#include <net/if.h>

#include "check.h"
#include "temporary.h"

namespace kist::network {
namespace {

Network wanted(const char* name, const char* subnet = "")
{
    Network network;
    network.name = name;
    if (*subnet)
        network.pools.push_back({subnet});
    return network;
}

TEST(Networks, TheDefaultOneIsThereAtItsFirstUse)
{
    test::TemporaryDirectory root;
    Networks networks = MUST(Networks::open(root.fd()));
    Network first = MUST(networks.find("bridge"));
    if (::if_nametoindex("kist0") == 0)
        EXPECT_EQ(first.link, "kist0");
    else
        EXPECT_TRUE(first.link.starts_with("br-"));
    EXPECT_EQ(first.id.size(), 64U);
    ASSERT_TRUE(first.pool(false));
    EXPECT_TRUE(first.pool(false)->subnet.ends_with("/16"));
    EXPECT_FALSE(first.pool(true));
    EXPECT_EQ(MUST(networks.find("bridge")).id, first.id);
    EXPECT_EQ(MUST(networks.list()).size(), 1U);
}

TEST(Networks, AreFoundByNameIdAndPrefix)
{
    test::TemporaryDirectory root;
    Networks networks = MUST(Networks::open(root.fd()));
    Network web = wanted("web");
    web.internal = true;
    web.labels = {{"a", "b"}};
    web.options = {{"com.docker.network.bridge.enable_icc", "false"},
                   {"com.docker.network.driver.mtu", "1400"}};
    web = MUST(networks.make(std::move(web)));
    EXPECT_EQ(web.link, "br-" + web.id.substr(0, 12));
    for (const String& name : {String("web"), web.id, web.id.substr(0, 12)}) {
        Network found = MUST(networks.find(name));
        EXPECT_EQ(found.id, web.id);
        EXPECT_TRUE(found.internal);
        EXPECT_EQ(found.labels, web.labels);
        EXPECT_FALSE(found.option("com.docker.network.bridge.enable_icc", true));
        EXPECT_TRUE(found.option("com.docker.network.bridge.enable_ip_masquerade", true));
        EXPECT_EQ(found.text_option("com.docker.network.driver.mtu"), "1400");
        EXPECT_TRUE(found.created.ends_with("Z"));
    }
    EXPECT_ERROR(networks.find("absent"), ENOENT, "no network \"absent\"");
    EXPECT_ERROR(networks.find(""), ENOENT, "no network");
    EXPECT_ERROR(networks.make(wanted("web")), EEXIST, "there is a network \"web\" already");
    MUST(networks.remove(web));
    MUST(networks.remove(web));
    EXPECT_ERROR(networks.find("web"), ENOENT, "no network");
}

TEST(Networks, SubnetsThatNobodyAskedForOverlapNoOther)
{
    test::TemporaryDirectory root;
    Networks networks = MUST(Networks::open(root.fd()));
    MUST(networks.make(wanted("asked", "10.89.0.0/23")));
    for (const char* name : {"one", "two", "three"})
        MUST(networks.make(wanted(name)));
    Vector<Network> all = MUST(networks.list());
    ASSERT_EQ(all.size(), 5U);
    EXPECT_EQ(all[0].name, "asked");
    EXPECT_EQ(all[4].name, "two");
    for (size_t i = 0; i < all.size(); i++)
        for (size_t j = 0; j < i; j++)
            EXPECT_FALSE(MUST(Subnet::parse(all[i].pools[0].subnet))
                             .overlaps(MUST(Subnet::parse(all[j].pools[0].subnet))));
}

TEST(Networks, IPv6IsALocalSubnetUnlessSaid)
{
    test::TemporaryDirectory root;
    Networks networks = MUST(Networks::open(root.fd()));
    Network local = wanted("local");
    local.ipv6 = true;
    local = MUST(networks.make(std::move(local)));
    ASSERT_TRUE(local.pool(true));
    EXPECT_TRUE(local.pool(true)->subnet.starts_with("fd"));
    EXPECT_TRUE(local.pool(true)->subnet.ends_with("::/64"));
    EXPECT_TRUE(local.pool(true)->gateway.ends_with("::1"));
    Network said = MUST(networks.make(wanted("said", "fd00:5::/64")));
    EXPECT_TRUE(said.ipv6);
    EXPECT_EQ(said.pools.size(), 2U);
    EXPECT_EQ(said.pool(true)->gateway, "fd00:5::1");
}

TEST(Networks, WhatCannotBeIsRefusedByItsFlag)
{
    test::TemporaryDirectory root;
    Networks networks = MUST(Networks::open(root.fd()));
    MUST(networks.make(wanted("old", "10.5.0.0/16")));
    struct {
        Pool pool;
        int code;
        const char* message;
    } rows[] = {
        {{"10.5.3.0/24"}, EADDRINUSE, "--subnet 10.5.3.0/24 overlaps that of another network"},
        {{"10.0.0.0/8"}, EADDRINUSE, "overlaps"},
        {{"10.6.0.1/16"}, EINVAL, "--subnet: 10.6.0.1/16 is not the beginning"},
        {{"10.6.0.0/31"}, EINVAL, "containers cannot have its addresses"},
        {{"0.0.0.0/0"}, EINVAL, "containers cannot have its addresses"},
        {{"127.0.0.0/8"}, EINVAL, "containers cannot have its addresses"},
        {{"224.1.0.0/16"}, EINVAL, "containers cannot have its addresses"},
        {{"ff00::/16"}, EINVAL, "containers cannot have its addresses"},
        {{"10.6.0.0/16", "10.7.0.1"}, EINVAL, "--gateway 10.7.0.1 is no address in --subnet"},
        {{"10.6.0.0/16", "10.6.0.0"}, EINVAL, "--gateway 10.6.0.0 is no address"},
        {{"10.6.0.0/16", "10.6.255.255"}, EINVAL, "--gateway 10.6.255.255 is no address"},
        {{"10.6.0.0/16", "x"}, EINVAL, "--gateway: \"x\""},
        {{"10.6.0.0/16", "", "10.7.0.0/24"}, EINVAL, "--ip-range 10.7.0.0/24 is not in"},
        {{"10.6.0.0/16", "", "10.0.0.0/8"}, EINVAL, "--ip-range 10.0.0.0/8 is not in"},
    };
    for (auto& row : rows) {
        Network network = wanted("new");
        network.pools.push_back(row.pool);
        EXPECT_ERROR(networks.make(std::move(network)), row.code, row.message);
    }
    Network two = wanted("new", "10.6.0.0/16");
    two.pools.push_back({"10.7.0.0/16"});
    EXPECT_ERROR(networks.make(std::move(two)), EINVAL, "one of IPv4 and one of IPv6");
    for (const char* name : {"bridge", "host", "none", "default"})
        EXPECT_ERROR(networks.make(wanted(name)), EEXIST, "is there always");
    struct {
        const char *name, *value, *message;
    } options[] = {
        {"com.docker.network.bridge.enable_icc", "maybe", "\"maybe\" is no value for it"},
        {"com.docker.network.driver.mtu", "12", "\"12\" is no value"},
        {"com.docker.network.bridge.name", "br0", "is not supported"},
        {"com.docker.network.bridge.host_binding_ipv4", "::1", "is no value"},
        {"colour", "red", "--opt colour is not supported"},
    };
    for (auto& row : options) {
        Network network = wanted("new");
        network.options = {{row.name, row.value}};
        EXPECT_ERROR(networks.make(std::move(network)), EINVAL, row.message);
    }
    EXPECT_EQ(MUST(networks.list()).size(), 2U);
}

TEST(Networks, ADamagedRecordIsLeftAlone)
{
    test::TemporaryDirectory root;
    Networks networks = MUST(Networks::open(root.fd()));
    MUST(networks.make(wanted("web")));
    Fd directory = MUST(sys::open_at(root.fd(), "networks", O_RDONLY | O_DIRECTORY));
    for (const char* name : {"0123.json", ".half"})
        MUST(fs::replace(directory, name, "{"));
    EXPECT_EQ(MUST(networks.list()).size(), 2U);
    MUST(networks.make(wanted("more")));
    EXPECT_TRUE(MUST(sys::exists_at(root.fd(), "networks/0123.json")));
    EXPECT_FALSE(MUST(sys::exists_at(root.fd(), "networks/.half")));
}

}  // namespace
}  // namespace kist::network
