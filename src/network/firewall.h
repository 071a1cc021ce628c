// firewall.h - the nftables table `kist`: masquerade, published ports, isolation.
//
// The table is made once and holds rules that never change; what changes are elements of its sets
// and maps, added and removed one by one, never flushed.  All of it acts in the network namespace
// of the calling process.

#pragma once

#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "network/network.h"
#include "network/wiring.h"

namespace kist::network {

// Makes the table when it is missing, gives an older kist's the rules of this one, and settles the
// elements of `network`.  ENOTSUP: this kernel does not know all of it (which line of the rules,
// and in the hint the modules).  EPERM, ENOMEM, EEXIST and others: it does, and refuses.
Result<void> open_firewall(const Network& network);
// A part of that: the table, with rules.  In a new namespace it tries whether the kernel knows
// them.
Result<void> open_rules();
// In the namespace of a gateway (gateway.h), before any of its networks: the same table, and rules
// that hand what containers send to other machines to the sockets at these ports.
Result<void> open_relay_firewall();
inline constexpr uint32_t kRelayMark = 0x6b697374;  // of packets that were held back before
inline constexpr uint16_t kRelayTcpPort = 61001, kRelayUdpPort = 61002;
// Takes them away; missing ones are no error.
Result<void> close_firewall(const Network& network);
// Takes the table away, unless there are networks in it: another store's.
Result<void> remove_firewall();

// Sends what comes for `ports` to `endpoint`, in place of where it went before; also what UDP has
// sent to them all the while; but for those that is_beyond_rules() is about.  ENOTSUP: this kernel
// has no packet filter; ENOENT: there is no table.
Result<void> publish(const Endpoint& endpoint, const Vector<Port>& ports);
// Whether only the relay can lead it there: a port of an IPv6 address of this machine where the
// network has none, and of ::1, from where the kernel does not forward.
bool is_beyond_rules(const Endpoint& endpoint, const Port& port);
// Missing elements are no error, and those that lead elsewhere by now stay.  Also forgets the
// connections that went there (conntrack), so that the next container on the port is not sent the
// packets of the last.
Result<void> unpublish(const Endpoint& endpoint, const Vector<Port>& ports);

// In the network namespace of a container: sends what goes to 127.0.0.11 port 53 to `port` there.
Result<void> redirect_resolver(uint16_t port);

// Other firewalls of this machine whose forward hook drops what no rule of theirs accepts, and who
// have not been told of the bridge: names of tables and chains ("ip filter FORWARD"), and what to
// do about it, as commands.
struct Obstacle {
    String chain, remedy;
};
Result<Vector<Obstacle>> find_obstacles(const Network& network);

}  // namespace kist::network
