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

// Makes the table when it is missing, and the elements of `network`.  ENOTSUP: this kernel has no
// nf_tables (the hint says which modules).
Result<void> open_firewall(const Network& network);
Result<void> close_firewall(const Network& network);
// Takes the table away, unless there are networks in it: another store's.
Result<void> remove_firewall();

// Sends what comes for `ports` to `endpoint`.  Elements that are there already are replaced.
Result<void> publish(const Endpoint& endpoint, const Vector<Port>& ports);
// Missing elements are no error.  Also forgets the connections that went there (conntrack), so
// that the next container on the port is not sent the packets of the last.
Result<void> unpublish(const Endpoint& endpoint, const Vector<Port>& ports);

// In the network namespace of a container: sends what goes to 127.0.0.11 port 53 to `port` there.
Result<void> redirect_resolver(uint16_t port);

// Other firewalls of this machine whose forward hook drops what no rule of theirs accepts: names
// of tables and chains ("ip filter FORWARD"), and what to do about it in words.
struct Obstacle {
    String chain, remedy;
};
Result<Vector<Obstacle>> find_obstacles(const Network& network);

}  // namespace kist::network
