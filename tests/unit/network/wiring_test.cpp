// wiring_test.cpp - network/wiring.h.

#include "network/wiring.h"

#include "check.h"
#include "temporary.h"

namespace kist::network {
namespace {

TEST(Wiring, IsKeptUntilItIsRemoved)
{
    test::TemporaryDirectory directory;
    EXPECT_ERROR(read_wiring(directory.fd()), ENOENT, "");
    Wiring wiring;
    wiring.container = "c0ffee";
    wiring.endpoints.push_back({.network = "web",
                                .network_id = "ab12",
                                .bridge = "br-ab12",
                                .veth = "veth1",
                                .interface = "eth0",
                                .mac = "02:42:0a:59:00:02",
                                .address = "10.89.0.2/24",
                                .gateway = "10.89.0.1",
                                .names = {"one", "two"},
                                .resolves = true});
    wiring.ports.push_back({"127.0.0.1", 8080, 80, 0, Protocol::udp});
    MUST(write_wiring(directory.fd(), wiring));
    Wiring back = MUST(read_wiring(directory.fd()));
    EXPECT_EQ(json::write(back.ports), json::write(wiring.ports));
    ASSERT_EQ(back.endpoints.size(), 1U);
    EXPECT_EQ(back.endpoints[0].names[1], "two");
    EXPECT_TRUE(back.endpoints[0].resolves);
    EXPECT_EQ(back.endpoints[0].gateway, "10.89.0.1");
    MUST(remove_wiring(directory.fd()));
    EXPECT_ERROR(read_wiring(directory.fd()), ENOENT, "");
}

}  // namespace
}  // namespace kist::network
