// conntrack.h - the connections that the kernel tracks: linux/netfilter/nfnetlink_conntrack.h.

#pragma once

#include "base/result.h"
#include "base/vector.h"
#include "network/wiring.h"

namespace kist::network {

// Forgets those whose packets go to other places than the rules of `ports` say by now: what was
// sent on to one of them at `endpoint`, and what UDP sends to one on this machine itself since
// before it was published.  Rules are asked for the first packet only, so they would go on for as
// long as somebody sends.  A kernel that cannot tell its connections keeps them: no error.
Result<void> forget_flows(const Endpoint& endpoint, const Vector<Port>& ports);

}  // namespace kist::network
