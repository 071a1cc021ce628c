// bridge_test.cpp - network/bridge.h: networks with containers on them, which are namespaces here.

#include "network/bridge.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/fs.h"
#include "base/str.h"
#include "check.h"
#include "namespaces.h"
#include "network/route.h"

namespace kist::network {
namespace {

constexpr int kPort = 4000;
// Milliseconds.  A first packet that is lost is repeated after 1000: with IPv4 none is.  With IPv6
// the kernel takes a moment to listen to who asks for a new address.
constexpr int kSoon = 400, kSoon6 = 3000;

Network test_network()
{
    Network network;
    network.name = "test";
    network.id = String(64, 'a');
    network.link = "br-aaaaaaaaaaaa";
    network.pools.push_back({"10.9.0.0/24", "10.9.0.1", ""});
    return network;
}

Network test_network6()
{
    Network network = test_network();
    network.ipv6 = true;
    network.pools.push_back({"fd00:9::/64", "fd00:9::1", ""});
    return network;
}

Endpoint endpoint_on(const Network& network, int number)
{
    Endpoint endpoint;
    endpoint.bridge = network.link;
    endpoint.veth = str::format("veth%d", number);
    endpoint.interface = "eth0";
    endpoint.mac = str::format("02:42:0a:09:00:%02x", number);
    endpoint.address = str::format("10.9.0.%d/24", number);
    endpoint.gateway = network.internal ? "" : "10.9.0.1";
    if (network.ipv6) {
        endpoint.address6 = str::format("fd00:9::%d/64", number);
        endpoint.gateway6 = "fd00:9::1";
    }
    return endpoint;
}

// /proc/sys/net/..., as it is in the namespace of the caller.
String sysctl(const char* name)
{
    auto text = fs::read_path(str::format("/proc/sys/net/%s", name));
    return text ? String(str::trim(*text)) : text.error().message();
}

bool has_link(const char* name)
{
    return fs::read_path(str::format("/sys/class/net/%s/ifindex", name)).operator bool();
}

// A socket that listens on kPort of all addresses in the namespace of the caller.
Fd listen_here()
{
    Fd socket(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(kPort)};
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&any), sizeof any), 0);
    EXPECT_EQ(::listen(socket.get(), 8), 0);
    return socket;
}

// Whether `address` answers at kPort, soon.
bool reaches(const char* address)
{
    sockaddr_storage to = {};
    if (strchr(address, ':')) {
        auto& v6 = reinterpret_cast<sockaddr_in6&>(to);
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(kPort);
        ::inet_pton(AF_INET6, address, &v6.sin6_addr);
    } else {
        auto& v4 = reinterpret_cast<sockaddr_in&>(to);
        v4.sin_family = AF_INET;
        v4.sin_port = htons(kPort);
        ::inet_pton(AF_INET, address, &v4.sin_addr);
    }
    Fd socket(::socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0 &&
        errno != EINPROGRESS)
        return false;
    pollfd wait = {socket.get(), POLLOUT, 0};
    int error = 0;
    socklen_t size = sizeof error;
    return ::poll(&wait, 1, to.ss_family == AF_INET ? kSoon : kSoon6) == 1 &&
           ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

// Runs `body` in `netns`.
template <class Body>
void inside(const Fd& netns, Body body)
{
    EXPECT_OK(in_namespace(
        netns,
        [](void* context) -> Result<void> {
            (*static_cast<Body*>(context))();
            return {};
        },
        &body));
}

TEST(Bridge, ConnectsTwoContainersAndTheHost)
{
    test::in_new_network([] {
        Network network = test_network6();
        EXPECT_OK(raise(network));
        Fd one = test::another_network(), two = test::another_network();
        EXPECT_OK(plug(network, endpoint_on(network, 2), one, true));
        EXPECT_OK(plug(network, endpoint_on(network, 3), two, true));
        Fd here = listen_here(), in_two;
        inside(two, [&] {
            in_two = listen_here();
            EXPECT_TRUE(reaches("127.0.0.1"));
        });
        inside(one, [] {
            EXPECT_TRUE(reaches("10.9.0.3"));
            EXPECT_TRUE(reaches("fd00:9::3"));
            EXPECT_TRUE(reaches("10.9.0.1"));
            EXPECT_TRUE(reaches("fd00:9::1"));
            EXPECT_FALSE(reaches("10.9.0.4"));
        });
        EXPECT_TRUE(reaches("10.9.0.3"));
        EXPECT_TRUE(reaches("fd00:9::3"));

        EXPECT_OK(unplug(endpoint_on(network, 3)));
        inside(one, [] { EXPECT_FALSE(reaches("10.9.0.3")); });
        inside(two, [] {
            auto route = MUST(Netlink::open(NETLINK_ROUTE));
            EXPECT_ERROR(find_link(route, "eth0"), ENODEV, "eth0");
        });
    });
}

TEST(Bridge, LeadsFurtherByTheGatewayOfTheFirstNetwork)
{
    test::in_new_network([] {
        auto route = MUST(Netlink::open(NETLINK_ROUTE));
        EXPECT_OK(bring_up(route, "lo"));
        EXPECT_OK(add_address(route, 1, {MUST(Address::parse("192.0.2.1")), 32}));
        EXPECT_OK(add_address(route, 1, {MUST(Address::parse("2001:db8::1")), 128}));
        Fd here = listen_here();
        Network network = test_network6();
        EXPECT_OK(raise(network));
        Fd first = test::another_network(), second = test::another_network();
        EXPECT_OK(plug(network, endpoint_on(network, 2), first, true));
        EXPECT_OK(plug(network, endpoint_on(network, 3), second, false));
        inside(first, [] {
            EXPECT_TRUE(reaches("192.0.2.1"));
            EXPECT_TRUE(reaches("2001:db8::1"));
        });
        inside(second, [] {
            EXPECT_FALSE(reaches("192.0.2.1"));
            EXPECT_FALSE(reaches("2001:db8::1"));
        });
    });
}

TEST(Bridge, SeparatesContainersWhereTheOptionSaysSo)
{
    test::in_new_network([] {
        Network network = test_network();
        network.options.push_back({"com.docker.network.bridge.enable_icc", "false"});
        EXPECT_OK(raise(network));
        Fd one = test::another_network(), two = test::another_network();
        EXPECT_OK(plug(network, endpoint_on(network, 2), one, true));
        EXPECT_OK(plug(network, endpoint_on(network, 3), two, true));
        Fd here = listen_here(), in_two;
        inside(two, [&] { in_two = listen_here(); });
        inside(one, [] {
            EXPECT_FALSE(reaches("10.9.0.3"));
            EXPECT_TRUE(reaches("10.9.0.1"));
        });
        EXPECT_TRUE(reaches("10.9.0.3"));
    });
}

TEST(Bridge, GivesEveryLinkTheMtu)
{
    test::in_new_network([] {
        Network network = test_network();
        Fd one = test::another_network();
        auto expect_mtu = [&](network::Place place, const char* mtu) {
            EXPECT_OK(raise(network, place));
            EXPECT_OK(plug(network, endpoint_on(network, 2), one, true, place));
            for (const char* link : {"br-aaaaaaaaaaaa", "veth2"})
                EXPECT_EQ(MUST(fs::read_path(str::format("/sys/class/net/%s/mtu", link))), mtu);
        };
        expect_mtu(network::Place::machine, "1500\n");
        network.options.push_back({"com.docker.network.driver.mtu", "1280"});
        expect_mtu(network::Place::machine, "1280\n");
        expect_mtu(network::Place::gateway, "1280\n");
        for (const char* wrong : {"x", "67", "65536"}) {
            network.options[0].second = wrong;
            EXPECT_ERROR(raise(network), EINVAL, "expected 68 to 65535 bytes");
        }
        network.options.clear();
        expect_mtu(network::Place::gateway, "65520\n");
    });
}

TEST(Bridge, SetsWhatItListsAndNothingElse)
{
    test::in_new_network([] {
        EXPECT_OK(raise(test_network()));
        EXPECT_EQ(sysctl("ipv4/ip_forward"), "1");
        EXPECT_EQ(sysctl("ipv4/conf/br-aaaaaaaaaaaa/route_localnet"), "1");
        EXPECT_EQ(sysctl("ipv4/conf/all/route_localnet"), "0");
        EXPECT_EQ(sysctl("ipv6/conf/br-aaaaaaaaaaaa/disable_ipv6"), "1");
        EXPECT_EQ(sysctl("ipv6/conf/all/disable_ipv6"), "0");
        EXPECT_EQ(sysctl("ipv6/conf/all/forwarding"), "0");
        EXPECT_EQ(sysctl("ipv6/conf/default/accept_ra"), "1");

        // The same network with IPv6 from now on.
        EXPECT_EQ(sysctl("ipv6/conf/lo/accept_ra"), "1");
        EXPECT_OK(raise(test_network6()));
        EXPECT_EQ(sysctl("ipv6/conf/br-aaaaaaaaaaaa/disable_ipv6"), "0");
        EXPECT_EQ(sysctl("ipv6/conf/br-aaaaaaaaaaaa/accept_ra"), "0");
        EXPECT_EQ(sysctl("ipv6/conf/br-aaaaaaaaaaaa/accept_dad"), "0");
        EXPECT_EQ(sysctl("ipv6/conf/all/forwarding"), "1");
        EXPECT_EQ(sysctl("ipv6/conf/lo/accept_ra"), "2");
        EXPECT_EQ(sysctl("ipv6/conf/default/accept_ra"), "2");
        for (const Setting& setting : settings())
            EXPECT_TRUE(std::string_view(setting.name).starts_with("net.ipv") && *setting.reason);
    });
}

TEST(Bridge, LeavesRouterAdvertisementsToWhoForwardsAlready)
{
    test::in_new_network([] {
        EXPECT_OK(fs::poke(sys::borrow(AT_FDCWD), "/proc/sys/net/ipv6/conf/all/forwarding", "1"));
        EXPECT_OK(raise(test_network6()));
        EXPECT_EQ(sysctl("ipv6/conf/lo/accept_ra"), "1");
        EXPECT_EQ(sysctl("ipv6/conf/br-aaaaaaaaaaaa/accept_ra"), "0");
    });
}

TEST(Bridge, OfAnInternalNetworkSwitchesNothingOn)
{
    test::in_new_network([] {
        Network network = test_network();
        network.internal = true;
        EXPECT_OK(raise(network));
        EXPECT_EQ(sysctl("ipv4/ip_forward"), "0");
        EXPECT_EQ(sysctl("ipv4/conf/br-aaaaaaaaaaaa/route_localnet"), "0");
        Fd one = test::another_network();
        EXPECT_OK(plug(network, endpoint_on(network, 2), one, true));
        inside(one, [] {
            auto routes = MUST(fs::read_path("/proc/net/route"));
            EXPECT_EQ(routes.find("eth0\t00000000"), String::npos) << routes;
        });
    });
}

TEST(Bridge, GivesContainersIpv6WhereTheNetworkHasIt)
{
    test::in_new_network([] {
        for (bool ipv6 : {false, true}) {
            Network network = ipv6 ? test_network6() : test_network();
            EXPECT_OK(raise(network));
            Fd one = test::another_network();
            EXPECT_OK(plug(network, endpoint_on(network, 2), one, true));
            inside(one, [&] {
                EXPECT_EQ(sysctl("ipv6/conf/eth0/disable_ipv6"), ipv6 ? "0" : "1");
                EXPECT_EQ(sysctl("ipv6/conf/all/forwarding"), "0");
                EXPECT_EQ(sysctl("ipv4/ip_forward"), "0");
                auto addresses6 = MUST(fs::read_path("/proc/net/if_inet6"));
                EXPECT_EQ(addresses6.find("fd00000900000000") != String::npos, ipv6) << addresses6;
            });
            EXPECT_OK(unplug(endpoint_on(network, 2)));
        }
    });
}

TEST(Bridge, IsTakenAwayOnceOrTwice)
{
    test::in_new_network([] {
        Network network = test_network();
        EXPECT_OK(lower(network));
        EXPECT_OK(unplug(endpoint_on(network, 2)));
        EXPECT_OK(raise(network));
        EXPECT_OK(raise(network));
        EXPECT_TRUE(has_link("br-aaaaaaaaaaaa"));
        EXPECT_OK(lower(network));
        EXPECT_FALSE(has_link("br-aaaaaaaaaaaa"));
        EXPECT_OK(lower(network));
    });
}

TEST(Bridge, SaysWhatTheKernelLacks)
{
    test::in_new_network([] {
        Network network = test_network();
        network.link = "lo";  // refused as a kind of link is that the kernel does not know
        auto raised = raise(network);
        EXPECT_ERROR(raised, EOPNOTSUPP, "cannot make the link lo: the kernel refuses");
        EXPECT_NE(raised.error().hint().find("modules bridge, veth"), String::npos);
    });
}

TEST(Bridge, LeavesNoLinkWhereAPlugFails)
{
    test::in_new_network([] {
        Network network = test_network();
        Fd one = test::another_network();
        EXPECT_ERROR(plug(network, endpoint_on(network, 2), one, true), ENODEV,
                     "no link br-aaaaaaaaaaaa");
        EXPECT_OK(raise(network));
        Endpoint wrong = endpoint_on(network, 2);
        wrong.gateway = "10.10.0.1";
        EXPECT_ERROR(plug(network, wrong, one, true), ENETUNREACH, "10.10.0.1 the gateway");
        EXPECT_FALSE(has_link("veth2"));
        wrong = endpoint_on(network, 2);
        wrong.mac = "02:42";
        EXPECT_ERROR(plug(network, wrong, one, true), EINVAL, "02:42");
        // Again, over what an interrupted one left.
        EXPECT_OK(plug(network, endpoint_on(network, 2), one, true));
        EXPECT_OK(plug(network, endpoint_on(network, 2), one, true));
        EXPECT_TRUE(has_link("veth2"));
    });
}

TEST(InNamespace, ComesBackWithTheError)
{
    test::in_new_network([] {
        Fd other = test::another_network();
        auto before = MUST(sys::readlink_at(sys::borrow(AT_FDCWD), "/proc/self/ns/net"));
        EXPECT_ERROR(
            in_namespace(
                other, [](void*) -> Result<void> { return Error(EDOM, "nothing works"); }, nullptr),
            EDOM, "nothing works");
        EXPECT_EQ(MUST(sys::readlink_at(sys::borrow(AT_FDCWD), "/proc/self/ns/net")), before);
        Fd wrong = MUST(sys::open("/dev/null", O_RDONLY));
        EXPECT_ERROR(in_namespace(
                         wrong, [](void*) -> Result<void> { return {}; }, nullptr),
                     EINVAL, "cannot enter");
    });
}

}  // namespace
}  // namespace kist::network
