// bridge.h - a network in the kernel: its bridge, and the pairs of links that containers hang on.
//
// All of it acts in the network namespace of the calling process: this machine's for root.
// rtnetlink(7).

#pragma once

#include <span>

#include "base/fd.h"
#include "base/result.h"
#include "network/network.h"
#include "network/wiring.h"

namespace kist::network {

// What the calling process' namespace is: this machine's, or a gateway (gateway.h).  Whatever goes
// through a gateway ends there, so that its packets are as large as can be, and paced by nobody.
enum class Place { machine, gateway };

// Makes the bridge of `network` with its addresses, brings it up, lets packets pass (ip_forward,
// and route_localnet of the bridge); what is there already is completed.  Also the rules
// (firewall.h); where the kernel cannot have them packets are not let pass.  The caller holds the
// lock of the leases.
Result<void> raise(const Network& network, Place place = Place::machine);
// In a new namespace that is to be a gateway (gateway.h), before any network is raised there: all
// addresses are its own, rules hand what comes for them to the relay.  ENOTSUP, as of
// open_relay_firewall().
Result<void> prepare_gateway();
// Part of that; again for each bridge, since a module (br_netfilter) comes with its own settings.
Result<void> apply_gateway_settings();
// Tries, in a new namespace that is not needed afterwards, whether the kernel has bridges and pairs
// of links.  EOPNOTSUPP.
Result<void> try_links();
// Takes away bridge and rules; what is not there is no error.  EBUSY is not looked for: leases say
// who is on it.
Result<void> lower(const Network& network);

// Makes the pair, one end on the bridge, the other in the namespace `netns` (an open
// /proc/PID/ns/net) with addresses and routes.  `first`: it gets the default route.
Result<void> plug(const Network& network, const Endpoint& endpoint, const Fd& netns, bool first,
                  Place place = Place::machine);
// Takes our end away, and with it the other.
Result<void> unplug(const Endpoint& endpoint);

// Runs `action` in another network namespace, and comes back; the calling process has one thread.
// The process ends where it cannot come back: it would do all else in the wrong place.
Result<void> in_namespace(const Fd& netns, Result<void> (*action)(void* context), void* context);

// What kist sets under /proc/sys/net, for `kist info`; names as sysctl(8) wants them, with BRIDGE
// and INTERFACE in place of links.
struct Setting {
    const char* name;
    const char* value;
    const char* reason;
    unsigned when;  // bridge.cpp's own
};
std::span<const Setting> settings();

}  // namespace kist::network
