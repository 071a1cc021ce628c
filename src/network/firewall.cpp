// firewall.cpp - see firewall.h.

#include "network/firewall.h"

#include <linux/if.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "base/str.h"
#include "network/address.h"
#include "network/conntrack.h"
#include "network/modules.h"
#include "network/nftables.h"
#include "network/route.h"

namespace kist::network {
namespace {

// As `nft -y list table inet kist` prints it.  The last chain says which rules these are: a table
// without it is an older kist's, gets these rules and keeps what is in its sets.  So whoever
// changes a rule gives that chain the next number, and what gets another type or hook another name.
//
// raw: what this machine sends to ports published on 127.0.0.1 gets to the bridges by
// route_localnet, which would open the machine's loopback to containers; and to neighbours the
// ports that are published there.
// postrouting: the addresses of the bridges are of those subnets, and this machine's.
// forward: `open` has a bridge with itself, which counts where br_netfilter shows us what passes
// within one.
constexpr char kRules[] = R"(
set bridges {
  type ifname
}
set internal {
  type ifname
}
set open {
  type ifname . ifname
}
set subnets4 {
  type ipv4_addr
  flags interval
}
set subnets6 {
  type ipv6_addr
  flags interval
}
map ports4 {
  type inet_proto . inet_service : ipv4_addr . inet_service
}
map ports6 {
  type inet_proto . inet_service : ipv6_addr . inet_service
}
map address_ports4 {
  type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service
}
map address_ports6 {
  type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service
}
chain raw {
  type filter hook prerouting priority -300; policy accept;
  iifname != "lo" ip daddr 127.0.0.0/8 drop
}
chain publish {
  dnat ip to ip daddr . meta l4proto . th dport map @address_ports4
  dnat ip6 to ip6 daddr . meta l4proto . th dport map @address_ports6
  meta nfproto ipv4 dnat ip to meta l4proto . th dport map @ports4
  meta nfproto ipv6 dnat ip6 to meta l4proto . th dport map @ports6
}
chain prerouting {
  type nat hook prerouting priority -100; policy accept;
  fib daddr type local jump publish
}
chain output {
  type nat hook output priority -100; policy accept;
  fib daddr type local jump publish
}
chain postrouting {
  type nat hook postrouting priority 100; policy accept;
  oifname "lo" accept
  oifname != @bridges ip saddr @subnets4 masquerade
  oifname != @bridges ip6 saddr @subnets6 masquerade
  oifname @bridges ip saddr 127.0.0.0/8 masquerade
  oifname @bridges ct status dnat ip saddr @subnets4 masquerade
  oifname @bridges ct status dnat ip6 saddr @subnets6 masquerade
}
chain forward {
  type filter hook forward priority 0; policy accept;
  ct state established,related accept
  iifname . oifname @open accept
  iifname @internal drop
  oifname @internal drop
  ct status dnat accept
  oifname @bridges drop
}
chain rules_1 {
}
)";
constexpr char kVersion[] = "rules_1";

// Behind them in the namespace of a gateway (gateway.h), whose addresses are all that are not of a
// bridge.  None of it is tracked, so it passes by the rest of the rules.
//
// Nobody passes for who is on another network: that may lead elsewhere than one's own.
//
// What belongs to a connection finds its socket by itself.  A connection's first packet was seen on
// the tap by now, and comes again with the mark (kRelayMark) when there is something to connect to;
// on an internal network, where datagrams find no one either, it does not.
constexpr char kRelayRules[] = R"(
chain relayed {
  notrack
  tcp flags != syn / syn,ack accept
  fib saddr . iif oif missing drop
  fib daddr type != local accept
  meta l4proto tcp meta mark != 0x6b697374 drop
  iifname @internal accept
  meta l4proto tcp tproxy to :61001 accept
  meta l4proto udp tproxy to :61002 accept
}
chain relay {
  type filter hook prerouting priority -300; policy accept;
  iifname @bridges jump relayed
  iifname "lo" meta mark 0x6b697374 jump relayed
}
chain relay_output {
  type filter hook output priority -300; policy accept;
  notrack
}
)";
static_assert(kRelayMark == 0x6b697374 && kRelayTcpPort == 61001 && kRelayUdpPort == 61002);

// In a container.  A map, since it says all that a rule would.
constexpr nft::Table kResolverTable = {NFPROTO_IPV4, "kist_dns"};
constexpr char kResolverRules[] = R"(
map servers {
  type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service
}
chain output {
  type nat hook output priority -100; policy accept;
  dnat ip to ip daddr . meta l4proto . th dport map @servers
}
)";
constexpr uint16_t kDnsPort = 53;

constexpr char kRefused[] =
    "it takes CAP_NET_ADMIN, memory, and that nobody else has a table \"kist\" (nft delete table "
    "inet kist); --network host does without";

// Without IPv6 there is no table that knows both.
nft::Table our_table()
{
    return {static_cast<uint8_t>(has_v6() ? NFPROTO_INET : NFPROTO_IPV4), "kist"};
}

Result<Netlink> open_netfilter()
{
    auto netlink = Netlink::open(NETLINK_NETFILTER);
    if (!netlink && netlink.error().is(EPROTONOSUPPORT))
        return Error(ENOTSUP, "this kernel has no packet filter").with_hint(kModulesHint);
    return netlink;
}

// ENOTSUP only when the kernel would refuse a table that nobody else has, too, and with the words
// for what it does not know: who hears that does without rules.
Result<void> commit(Netlink& netlink, nft::Batch& batch, std::string_view rules)
{
    auto made = batch.commit(netlink);
    if (made)
        return made;
    const Error& error = made.error();
    bool unknown = false;
    for (int code : {ENOENT, EOPNOTSUPP, EAFNOSUPPORT, EPROTONOSUPPORT})
        unknown |= error.is(code);
    nft::Table table = {batch.table().family, "kist_trial"};
    String line(unknown ? nft::refused_line(netlink, table, rules) : std::string_view());
    if (line.empty())
        return Error(unknown ? EEXIST : error.code(), "%s", error.message().c_str())
            .with_hint(kRefused);
    return Error(ENOTSUP, "the packet filter of this kernel cannot do \"%s\": %s", line.c_str(),
                 error.message().c_str())
        .with_hint(kModulesHint);
}

[[gnu::noinline]] void add(Vector<nft::Element>& elements, const char* set, std::string_view key,
                           bool wanted, std::string_view data = {}, std::string_view end = {})
{
    nft::Element& element = elements.emplace_back();
    element.set = set;
    element.key = key;
    element.data = data;
    element.end = end;
    element.wanted = wanted;
}

// In place of those that are there.  With `apart` chain by chain, not all at once: what one of them
// needs of the kernel's modules is asked for again with each that the rest of its batch lacks.
Result<void> make_rules(Netlink& netlink, const nft::Table& table, bool relay, bool apart)
{
    String rules(kRules);
    if (relay)
        rules += kRelayRules;
    for (size_t begin = 0, end; begin != String::npos; begin = end) {
        end = apart ? rules.find("chain ", begin + 1) : String::npos;
        nft::Batch batch(table);
        if (begin == 0)
            batch.clear_rules();
        batch.rules(std::string_view(rules).substr(begin, end - begin));
        TRY(commit(netlink, batch, rules), "cannot make the rules of networks");
    }
    return {};
}

Result<void> settle(const Vector<nft::Element>& elements)
{
    Netlink netlink = TRY(open_netfilter());
    return nft::settle(netlink, our_table(), elements);
}

Result<void> settle(const Network& network, bool wanted)
{
    constexpr const char* kReach = "com.docker.network.bridge.enable_icc";
    constexpr const char* kMasquerade = "com.docker.network.bridge.enable_ip_masquerade";
    bool internal = wanted && network.internal;
    bool masquerade = wanted && !internal && network.option(kMasquerade, true);
    String link = network.link;
    link.resize(IFNAMSIZ);
    Vector<nft::Element> elements;
    add(elements, "bridges", link, wanted);
    add(elements, "internal", link, internal);
    add(elements, "open", link + link, wanted && network.option(kReach, true));
    for (const Pool& pool : network.pools) {
        Subnet subnet = TRY(Subnet::parse(pool.subnet));
        Address end = subnet.last().next();
        add(elements, subnet.base.is_v6() ? "subnets6" : "subnets4", subnet.base.view(), masquerade,
            {}, end.view());
    }
    return settle(elements);
}

// `address`, empty or not, and then what else is in a key or in data.
String joined(const Address& address, uint16_t port, const Protocol* protocol = nullptr)
{
    const char numbers[] = {
        static_cast<char>(protocol && *protocol == Protocol::udp ? IPPROTO_UDP : IPPROTO_TCP),
        0,
        0,
        0,
        static_cast<char>(port >> 8),
        static_cast<char>(port),
        0,
        0};
    String text(address.view());
    return protocol ? text.append(numbers, sizeof numbers) : text.append(numbers + 4, 4);
}

// What `ports` put into the map of one family, where an address of this machine is part of the key
// or not.
Result<void> add_ports(Vector<nft::Element>& elements, const Address& target,
                       const Vector<Port>& ports, bool addressed, bool wanted)
{
    static constexpr const char* kSets[] = {"ports4", "ports6", "address_ports4", "address_ports6"};
    for (const Port& port : ports) {
        Address host;
        if (!port.host_address.empty())
            host = TRY(Address::parse(port.host_address));
        bool any = host.view().find_first_not_of('\0') == String::npos;
        if (addressed == any || (host.size && host.size != target.size))
            continue;
        if (any)
            host = {};
        add(elements, kSets[addressed * 2 + target.is_v6()],
            joined(host, port.host_port, &port.protocol), wanted,
            joined(target, port.container_port));
    }
    return {};
}

Result<void> settle(const Endpoint& endpoint, const Vector<Port>& ports, bool wanted)
{
    Vector<nft::Element> elements;
    for (const String* text : {&endpoint.address, &endpoint.address6}) {
        if (text->empty())
            continue;
        Address target = TRY(Subnet::around(*text)).base;
        for (bool addressed : {false, true})
            TRY(add_ports(elements, target, ports, addressed, wanted));
    }
    TRY(settle(elements), "cannot change published ports");
    return forget_flows(endpoint, ports);
}

}  // namespace

Result<void> open_rules()
{
    Netlink netlink = TRY(open_netfilter());
    nft::Table table = our_table();
    if (nft::has_chain(netlink, table, kVersion))
        return {};
    load_modules(false);
    return make_rules(netlink, table, nft::has_chain(netlink, table, "relayed"), false);
}

Result<void> open_firewall(const Network& network)
{
    TRY(open_rules());
    TRY(settle(network, true), "cannot make the rules of network %s", network.name.c_str());
    return {};
}

Result<void> open_relay_firewall()
{
    Netlink netlink = TRY(open_netfilter());
    return make_rules(netlink, our_table(), true, true);
}

Result<void> close_firewall(const Network& network)
{
    auto closed = settle(network, false);
    if (!closed && !closed.error().is(ENOTSUP))  // a kernel without rules has none to remove
        return std::move(closed).error().context("cannot remove the rules of network %s",
                                                 network.name.c_str());
    return {};
}

Result<void> remove_firewall()
{
    Netlink netlink = TRY(open_netfilter());
    nft::Table table = our_table();
    if (nft::has_elements(netlink, table, "bridges"))
        return {};
    nft::Batch batch(table);
    batch.begin(NFT_MSG_DELTABLE, 0);
    return batch.commit(netlink);
}

Result<void> publish(const Endpoint& endpoint, const Vector<Port>& ports)
{
    Vector<Port> ruled;
    for (const Port& port : ports)
        if (!is_beyond_rules(endpoint, port))
            ruled.push_back(port);
    return settle(endpoint, ruled, true);
}

bool is_beyond_rules(const Endpoint& endpoint, const Port& port)
{
    return port.host_address == "::1" ||
           (endpoint.address6.empty() && port.host_address.find(':') != String::npos);
}

Result<void> unpublish(const Endpoint& endpoint, const Vector<Port>& ports)
{
    auto settled = settle(endpoint, ports, false);
    return !settled && settled.error().is(ENOTSUP) ? Result<void>() : std::move(settled);
}

Result<void> redirect_resolver(uint16_t port)
{
    Netlink netlink = TRY(open_netfilter());
    nft::Batch batch(kResolverTable);
    // One from before: only then, since whoever has taken rules away waits for them to be gone.
    if (nft::has_chain(netlink, kResolverTable, "output"))
        batch.clear();
    batch.rules(kResolverRules);
    Address server = TRY(Address::parse("127.0.0.11"));
    nft::Element element;
    element.set = "servers";
    element.data = joined(server, port);
    for (Protocol protocol : {Protocol::tcp, Protocol::udp}) {
        element.key = joined(server, kDnsPort, &protocol);
        batch.add(element);
    }
    return commit(netlink, batch, kResolverRules);
}

}  // namespace kist::network
