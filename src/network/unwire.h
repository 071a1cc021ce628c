// unwire.h - the end of a container's networks, whoever sees to it.

#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "network/wiring.h"

namespace kist::network {

// Undoes all that network.json in `directory` (STATE/run/CONTAINER) tells of: rules, links, leases;
// then removes it.  Without one there is nothing to do.  What is undone already is no error; when
// something cannot be, the file stays.  Takes the lock of the leases.  `state` is the volatile
// directory's path.
Result<void> unwire(const String& state, const Fd& directory);

// The same for one endpoint; the ports are unpublished with the first.  The caller holds the lock
// of the leases.
class Leases;
Result<void> unwire(const Leases& leases, const Wiring& wiring, const Endpoint& endpoint);

}  // namespace kist::network
