// networks.h - networks and the containers that are on them, or are to be.

#pragma once

#include "base/result.h"
#include "base/string.h"
#include "container/container.h"
#include "container/spec.h"
#include "network/network.h"
#include "service/engine.h"

namespace kist::service {

// What container/spec_network.h leaves open: names of networks and of the container whose network
// is shared.  ENOENT: there is none of that name; EINVAL: it cannot give the address that is asked
// for.
Result<void> settle_networks(const Engine& engine, container::Spec& spec);

// The part of it that is about one network.  EINVAL.
Result<void> check_attachment(const container::Attachment& attachment,
                              const network::Network& network);

bool is_on(const container::Spec& spec, const network::Network& network);
// Where its network is: "host", "none", "container:ID", or the name of the first that it is on.
String network_mode(const container::Spec& spec);

// With its bridge, its rules and its addresses.  EBUSY names the containers that are on it, whether
// they run or not.
Result<void> remove_network(const Engine& engine, const network::Network& network);

// An event, for `kist events`; `container` may be "".
void tell_network(const Engine& engine, const char* action, const network::Network& network,
                  const String& container = {});

}  // namespace kist::service
