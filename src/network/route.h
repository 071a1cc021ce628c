// route.h - links, addresses and routes: rtnetlink(7).
//
// `route` is a Netlink of NETLINK_ROUTE; everything is about the network namespace in which it was
// opened.  Links go by the names that they have there.

#pragma once

#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "network/address.h"
#include "network/netlink.h"

namespace kist::network {

inline constexpr size_t kMaxSubnets = 64 * 1024;

// The address of a network card, in network order.
struct Mac {
    uint8_t bytes[6] = {};

    // "02:42:ac:12:00:02".  EINVAL.
    static Result<Mac> parse(const String& text);
    // 02:42 and the IPv4 address: an address that is given out again is the same card to its
    // neighbours, whose tables stay right.
    static Mac of(const Address& address);
    String text() const;
    std::string_view view() const { return {reinterpret_cast<const char*>(bytes), sizeof bytes}; }
};

// Makes a bridge that is down; one that is there is given the MTU (bytes; 0: as it is) and keeps
// its address.  EOPNOTSUPP: the link is something else.
Result<void> make_bridge(Netlink& route, const String& name, const Mac& mac, uint32_t mtu);

struct Veth {
    const String& name;       // our end
    const String& bridge;     // that it hangs on
    const String& peer_name;  // the other end, in `netns`, which stays down
    const Mac& peer_mac;
    const Fd& netns;
    uint32_t mtu = 0;       // bytes, of both ends; 0: the kernel's default
    bool isolated = false;  // sees no other port that is isolated, but the bridge itself
};
// Makes the pair, our end up.  EEXIST: either name is taken.  What is made stays when a later step
// fails.
Result<void> make_veth(Netlink& route, const Veth& veth);

// The index of a link.  ENODEV.
Result<int> find_link(Netlink& route, const String& name);
Result<void> bring_up(Netlink& route, const String& name);
// Makes the kernel act at once on what happened to the carrier of a link that is up, which it does
// some milliseconds later by itself: until then packets are dropped (the first ARP request is
// repeated after a second), and a port of a bridge is disabled.  What fails costs no more than
// that.
void settle_link(Netlink& route, const String& name);
// Not finding it is success; the peer of a veth goes with it.
Result<void> remove_link(Netlink& route, const String& name);

// An address, and how long the prefix is that it shares with its neighbours.
Result<void> add_address(Netlink& route, int link, const Subnet& address);
Result<void> add_default_route(Netlink& route, int link, const Address& gateway);
// Whether this kernel knows IPv6.
bool has_v6();
// Makes all addresses that nothing else leads to this machine's own.
Result<void> add_local_default(Netlink& route, bool v6);

// The addresses of a link, with their prefixes' lengths; 0: of all links.
Result<Vector<Subnet>> addresses(Netlink& route, int link);
// What is reachable from here without a default route: routes of the tables main and local, and
// addresses.  E2BIG: more than kMaxSubnets.
Result<Vector<Subnet>> used_subnets();

}  // namespace kist::network
