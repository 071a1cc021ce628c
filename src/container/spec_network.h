// spec_network.h - the chapter of the Spec that says which networks a container is on.

#pragma once

#include "base/result.h"
#include "container/spec.h"

namespace kist::container {

// "NAME[:ip=ADDRESS,ip6=ADDRESS,alias=NAME,mac=ADDRESS]" as podman, "name=NAME,alias=..." as
// docker.  EINVAL.
Result<Attachment> parse_attachment(std::string_view text);

// What one option says, which may be a flag of its own: ip, ip6, alias, mac.  EINVAL.
Result<void> set_option(Attachment& attachment, std::string_view key, std::string_view value);

// Settles networks, ports and names.  EINVAL names the flag.  What is left to who knows the
// networks and containers that there are (service/networks.h): `network` of an attachment may be
// an id, `network_of` a name, and an address of --add-host "host-gateway".
Result<void> settle_network(Spec& spec, const RunOptions& options, const image::Execution& image);

}  // namespace kist::container
