// unwire.cpp - the end of a container's networks.

#include "network/unwire.h"

#include "base/sys.h"
#include "network/bridge.h"
#include "network/firewall.h"
#include "network/leases.h"

namespace kist::network {

// An endpoint without an address, or a link, is one that was never finished.
Result<void> unwire(const Leases& leases, const Wiring& wiring, const Endpoint& endpoint)
{
    if (wiring.relayed)
        return leases.release(endpoint.network_id, wiring.container);
    if (&endpoint == wiring.endpoints.begin() && !endpoint.address.empty() && !wiring.ports.empty())
        TRY(unpublish(endpoint, wiring.ports));
    if (!endpoint.veth.empty())
        TRY(unplug(endpoint));
    return leases.release(endpoint.network_id, wiring.container);
}

Result<void> unwire(const String& state, const Fd& directory)
{
    if (!TRY(sys::exists_at(directory, kWiringFile)))
        return {};
    Leases leases = TRY(Leases::lock(state));
    auto wiring = read_wiring(directory);
    if (!wiring && wiring.error().is(EBADMSG))  // not written by us, or not whole: it tells nothing
        return remove_wiring(directory);
    if (!wiring)
        return wiring.error().is(ENOENT) ? Result<void>() : std::move(wiring).error();
    Result<void> first;
    for (const Endpoint& endpoint : wiring->endpoints) {
        auto undone = unwire(leases, *wiring, endpoint);
        if (!undone && first)
            first = std::move(undone).error().context(
                "cannot undo the network \"%s\" of container %.12s", endpoint.network.c_str(),
                wiring->container.c_str());
    }
    TRY(std::move(first));
    return remove_wiring(directory);
}

}  // namespace kist::network
