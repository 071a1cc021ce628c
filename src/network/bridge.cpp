// bridge.cpp - see bridge.h.
//
// What kist changes of this machine's network besides its own links and rules are the rows of
// kSettings (but for the last ones, whose namespace is its own), and nothing else.  Forwarding lets
// packets pass between all links of this machine. docker sets the policy of the chain FORWARD to
// DROP when it switches that on; kist does not, since it would cut off what others forward here (a
// router, a VPN, another program's containers). What protects containers are the rules of our own
// table, which are about our bridges alone.

#include "network/bridge.h"

#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/fs.h"
#include "base/log.h"
#include "base/str.h"
#include "base/sys.h"
#include "network/firewall.h"
#include "network/modules.h"
#include "network/route.h"

namespace kist::network {
namespace {

constexpr const char* kLinks6 = "/proc/sys/net/ipv6/conf";
constexpr size_t kMaxValue = 64;
constexpr const char* kIsolation = "com.docker.network.bridge.enable_icc";
constexpr const char* kControl = "/proc/sys/net/ipv4/tcp_congestion_control";
constexpr const char* kMtu = "com.docker.network.driver.mtu";
constexpr int kFailed = 125;             // as of kist itself
constexpr uint32_t kGatewayMtu = 65520;  // with a header of Ethernet still 16 bits

enum When : unsigned {
    kInside = 1,      // in the container's namespace, else in the bridge's
    kWithV6 = 2,      // on networks with IPv6
    kWithoutV6 = 4,   // on those without
    kWithWayOut = 8,  // not on internal networks
    kRouters = 16,    // of every link that has "1" there, unless forwarding is on already
    kRelay = 32,      // in the namespace of a gateway, when it is made
    kFacts = kInside | kWithV6 | kWithoutV6 | kWithWayOut | kRelay,
};

// clang-format off
constexpr Setting kSettings[] = {
    {"net.ipv4.ip_forward",                  "1", "containers reach others than this machine",         kWithWayOut},
    {"net.ipv4.conf.BRIDGE.route_localnet",  "1", "ports published on 127.0.0.1 lead to containers",   kWithWayOut},
    {"net.ipv6.conf.BRIDGE.disable_ipv6",    "1", "a network without IPv6 has not even fe80:: of it",  kWithoutV6},
    {"net.ipv6.conf.BRIDGE.disable_ipv6",    "0", "a network with IPv6",                               kWithV6},
    {"net.ipv6.conf.BRIDGE.accept_ra",       "0", "a container is not this machine's router",          kWithV6},
    {"net.ipv6.conf.BRIDGE.accept_dad",      "0", "its fe80:: address asks for neighbours at once",    kWithV6},
    {"net.ipv6.conf.*.accept_ra",            "2", "where it is 1: forwarding would switch that off",   kWithV6 | kWithWayOut | kRouters},
    {"net.ipv6.conf.all.forwarding",         "1", "containers reach others than this machine by IPv6", kWithV6 | kWithWayOut},
    {"net.ipv4.ip_unprivileged_port_start",  "0", "any user of a container serves ports below 1024",   kInside},
    {"net.ipv4.ping_group_range", "0 2147483647", "any user of a container may ping",                 kInside},
    {"net.ipv6.conf.INTERFACE.disable_ipv6", "1", "a container on a network without IPv6",             kWithoutV6 | kInside},
    {"net.ipv6.conf.INTERFACE.disable_ipv6", "0", "a container on a network with IPv6",                kWithV6 | kInside},
    {"net.bridge.bridge-nf-call-iptables",   "0", "",                                                  kRelay},
    {"net.bridge.bridge-nf-call-ip6tables",  "0", "",                                                  kRelay},
    {"net.ipv4.icmp_echo_ignore_all",        "1", "",                                                  kRelay},
    {"net.ipv4.ip_local_port_range", "1024 65535", "",                                                 kRelay},
    {"net.ipv4.ip_unprivileged_port_start",  "0", "",                                                  kRelay},
    {"net.ipv4.tcp_congestion_control", "reno", "",                                                    kRelay},
    {"net.ipv4.tcp_max_syn_backlog",      "4096", "",                                                  kRelay},
    {"net.ipv4.tcp_syncookies",              "0", "",                                                  kRelay},
    {"net.ipv4.tcp_tw_reuse",                "1", "",                                                  kRelay},
    {"net.ipv6.conf.lo.disable_ipv6",        "0", "",                                                  kRelay | kWithV6},
    {"net.ipv6.icmp.echo_ignore_all",        "1", "",                                                  kRelay | kWithV6},
};
constexpr size_t kOfGateway = 11;  // the last of them
// clang-format on

// "net.ipv6.conf.BRIDGE.accept_ra": the words of capital letters are the link.
String path_of(std::string_view name, const String& link)
{
    String path = "/proc/sys";
    while (!name.empty()) {
        std::string_view part = str::cut(name, '.');
        path += '/';
        path += part[0] >= 'A' && part[0] <= 'Z' ? std::string_view(link) : part;
    }
    return path;
}

bool holds(const Fd& directory, const String& path, std::string_view value)
{
    auto now = fs::read(directory, path, kMaxValue);
    return now && str::trim(*now) == value;
}

// Where not all groups are, as in a user namespace: from the one that is lowest on this machine to
// the highest, by user_namespaces(7).
Result<void> let_groups_ping(const String& path)
{
    String map = TRY(fs::read_path("/proc/self/gid_map", 64 << 10));
    long long least = INT64_MAX, most = -1, first = 0, last = 0;
    for (std::string_view rest = map; !rest.empty();) {
        long long row[3] = {};
        std::string_view line = str::cut(rest, '\n');
        for (long long& number : row) {
            line = str::trim(line);
            number = TRY(str::to_integer(str::cut(line, ' ')));
        }
        if (row[1] < least)
            least = row[1], first = row[0];
        if (row[1] + row[2] > most)
            most = row[1] + row[2], last = row[0] + row[2] - 1;
    }
    return fs::poke(sys::borrow(AT_FDCWD), path, str::format("%lld %lld", first, last));
}

Result<void> set(const Setting& setting, const String& link)
{
    String path = path_of(setting.name, link);
    auto here = sys::borrow(AT_FDCWD);
    if (holds(here, path, setting.value))  // where /proc/sys is read-only, that is enough
        return {};
    auto written = fs::poke(here, path, setting.value);
    if (!written && written.error().is(EINVAL) && path.ends_with("ping_group_range"))
        written = let_groups_ping(path);
    // No IPv6 at all is as good as none on this network; no SYN cookies as good as none sent.
    if (written || (written.error().is(ENOENT) && (setting.when & (kWithoutV6 | kRelay))))
        return {};
    return std::move(written).error().with_hint(
        str::format("set it to %s beforehand: %s", setting.value, setting.reason));
}

// A machine that got its address and router by router advertisements (accept_ra 1) is to go on
// hearing them, which forwarding would end.  Where it forwards already, whoever wanted that
// decided.
Result<void> keep_routers(const char* value)
{
    Fd links = TRY(sys::open(kLinks6, O_RDONLY | O_DIRECTORY));
    if (holds(links, "all/forwarding", "1"))
        return {};
    for (const String& link : TRY(fs::list(links))) {
        String name = link + "/accept_ra";
        if (holds(links, name, "1"))
            TRY(fs::poke(links, name, value), "cannot keep listening to the routers of %s",
                link.c_str());
    }
    return {};
}

Result<void> apply(unsigned facts, const String& link)
{
    for (const Setting& setting : kSettings) {
        constexpr unsigned kPlaces = kInside | kRelay;
        if ((setting.when & kPlaces) != (facts & kPlaces) || (setting.when & kFacts & ~facts))
            continue;
        if (setting.when & kRouters)
            TRY(keep_routers(setting.value));
        else
            TRY(set(setting, link));
    }
    return {};
}

// Bytes; 0: the kernel's default.
Result<uint32_t> mtu_of(const Network& network, Place place)
{
    std::string_view text = network.text_option(kMtu);
    if (text.empty())
        return place == Place::gateway ? kGatewayMtu : 0u;
    auto mtu = str::to_integer(text);
    if (!mtu || *mtu < kMinMtu || *mtu > kMaxMtu)
        return Error(EINVAL, "%s=%s: expected %d to %d bytes", kMtu, String(text).c_str(), kMinMtu,
                     kMaxMtu);
    return static_cast<uint32_t>(*mtu);
}

Result<void> explained(Result<void> made, const String& link)
{
    if (made)
        return made;
    Error error = std::move(made).error().context("cannot make the link %s", link.c_str());
    return error.is(EOPNOTSUPP) ? std::move(error).with_hint(kModulesHint) : std::move(error);
}

// What is done in the container's namespace.
struct Inside {
    const Endpoint& endpoint;
    bool first;
    Place place;  // of the bridge
};

Result<void> set_up_inside(void* context)
{
    auto& [endpoint, first, place] = *static_cast<const Inside*>(context);
    auto route = TRY(Netlink::open(NETLINK_ROUTE));
    TRY(bring_up(route, "lo"));
    TRY(apply(kInside | (endpoint.address6.empty() ? kWithoutV6 : kWithV6), endpoint.interface));
    if (place == Place::gateway)
        (void)fs::poke(sys::borrow(AT_FDCWD), kControl, "reno");
    int link = TRY(find_link(route, endpoint.interface));
    for (const String* text : {&endpoint.address, &endpoint.address6}) {
        if (text->empty())
            continue;
        Subnet address = TRY(Subnet::around(*text));
        TRY(add_address(route, link, address));
    }
    TRY(bring_up(route, endpoint.interface));
    settle_link(route, endpoint.interface);
    for (const String* text : {&endpoint.gateway, &endpoint.gateway6}) {
        if (!first || text->empty())
            continue;
        Address gateway = TRY(Address::parse(*text));
        TRY(add_default_route(route, link, gateway));
    }
    return {};
}

}  // namespace

Result<void> raise(const Network& network, Place place)
{
    auto route = TRY(Netlink::open(NETLINK_ROUTE));
    Vector<Subnet> gateways;
    for (const Pool& pool : network.pools) {
        Subnet subnet = TRY(Subnet::parse(pool.subnet));
        subnet.base = TRY(Address::parse(pool.gateway));
        gateways.push_back(subnet);
    }
    Mac mac = Mac::of(gateways.empty() ? Address() : gateways[0].base);
    uint32_t mtu = TRY(mtu_of(network, place));
    TRY(explained(make_bridge(route, network.link, mac, mtu), network.link));
    // Before anything passes, and before route_localnet lets packets to 127.0.0.0/8 in.
    auto ruled = open_firewall(network);
    if (!ruled && !ruled.error().is(ENOTSUP))
        return ruled;
    bool way_out = ruled && !network.internal;
    TRY(apply((network.ipv6 ? kWithV6 : kWithoutV6) | (way_out ? kWithWayOut : 0), network.link));
    int link = TRY(find_link(route, network.link));
    for (const Subnet& gateway : gateways)
        TRY(add_address(route, link, gateway));
    return bring_up(route, network.link);
}

Result<void> try_links()
{
    auto route = TRY(Netlink::open(NETLINK_ROUTE));
    Fd here = TRY(sys::open("/proc/self/ns/net", O_RDONLY));
    const String bridge = "kist0", link = "kist1", peer = "kist2";
    Mac mac = Mac::of({});
    TRY(explained(make_bridge(route, bridge, mac, 0), bridge));
    return explained(
        make_veth(
            route,
            {.name = link, .bridge = bridge, .peer_name = peer, .peer_mac = mac, .netns = here}),
        link);
}

Result<void> lower(const Network& network)
{
    auto route = TRY(Netlink::open(NETLINK_ROUTE));
    TRY(remove_link(route, network.link));
    return close_firewall(network);
}

// Echo requests are answered by who is meant, not by this kernel for the world.  A client's port is
// bound to as its own, whichever it is, and used again soon.  A cookie would be checked where no
// rule hands the packet over, and br_netfilter has the rules looked at before the tap.  Between
// container and gateway no packet is lost, and to pace them (as BBR does) costs a timer for each:
// that is for the agent's sockets, whose packets leave this machine.
Result<void> apply_gateway_settings()
{
    return apply(kRelay | (has_v6() ? kWithV6 : 0), {});
}

Result<void> prepare_gateway()
{
    auto route = TRY(Netlink::open(NETLINK_ROUTE));
    TRY(apply_gateway_settings());
    TRY(bring_up(route, "lo"));
    TRY(add_local_default(route, false));
    if (has_v6())
        TRY(add_local_default(route, true));
    return open_relay_firewall();
}

Result<void> plug(const Network& network, const Endpoint& endpoint, const Fd& netns, bool first,
                  Place place)
{
    auto route = TRY(Netlink::open(NETLINK_ROUTE));
    TRY(remove_link(route, endpoint.veth));  // what an interrupted one left
    Mac mac = TRY(Mac::parse(endpoint.mac));
    uint32_t mtu = TRY(mtu_of(network, place));
    Undo undo([&] { (void)remove_link(route, endpoint.veth); });
    auto made = make_veth(route, {.name = endpoint.veth,
                                  .bridge = endpoint.bridge,
                                  .peer_name = endpoint.interface,
                                  .peer_mac = mac,
                                  .netns = netns,
                                  .mtu = mtu,
                                  .isolated = !network.option(kIsolation, true)});
    TRY(explained(std::move(made), endpoint.interface));
    Inside inside = {endpoint, first, place};
    TRY(in_namespace(netns, set_up_inside, &inside), "cannot set up %s",
        endpoint.interface.c_str());
    settle_link(route, endpoint.veth);
    settle_link(route, endpoint.bridge);
    undo.keep();
    return {};
}

Result<void> unplug(const Endpoint& endpoint)
{
    auto route = TRY(Netlink::open(NETLINK_ROUTE));
    return remove_link(route, endpoint.veth);
}

Result<void> in_namespace(const Fd& netns, Result<void> (*action)(void* context), void* context)
{
    Fd here = TRY(sys::open("/proc/self/ns/net", O_RDONLY));
    if (::setns(netns.get(), CLONE_NEWNET) != 0)
        return os_error("cannot enter the container's network");
    auto done = action(context);
    if (::setns(here.get(), CLONE_NEWNET) != 0) {
        log::warn("cannot come back from a container's network: %s", strerror(errno));
        ::_exit(kFailed);
    }
    return done;
}

std::span<const Setting> settings()
{
    return std::span(kSettings).first(std::size(kSettings) - kOfGateway);
}

}  // namespace kist::network
