// subnets.h - the subnets that networks get.

#pragma once

#include "base/result.h"
#include "base/vector.h"
#include "network/network.h"

namespace kist::network {

// Checks and completes the pools of a network that is being made: what is missing is chosen so
// that it overlaps neither `others` nor a route of this machine.  EINVAL, EADDRINUSE name the flag.
Result<void> settle_pools(Network& network, const Vector<Network>& others);

}  // namespace kist::network
