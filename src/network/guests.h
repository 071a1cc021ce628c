// guests.h - the containers that the agent serves, and where on this machine's side what they send
// may go.

#pragma once

#include <optional>

#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "network/socket_address.h"
#include "network/wiring.h"

namespace kist::network {

// What a monitor tells of its container, as JSON.
struct Guest {
    int version = 1;
    String container;            // its id
    Vector<Endpoint> endpoints;  // as in its Wiring: the first gets what comes for the ports
    Vector<Port> ports;          // with the host's ports settled
    bool host_loopback =
        false;  // the machine's own loopback is its gateway's (--allow-host-loopback)

    String json() const;
    static Result<Guest> parse(String json);  // EBADMSG
};

// Of an endpoint; empty when it has none of that family.
Address address_of(const Endpoint& endpoint, bool six);
// Whether `address` is in the subnet of `place`: "172.18.0.2/16".
bool is_near(const String& place, const Address& address);

class Guests {
public:
    // In place of what was said of the container before.
    void add(Guest guest);
    void remove(const String& container);
    bool empty() const { return guests_.empty(); }

    const Guest* find(const String& container) const;
    // Whose address it is, and on which of its networks.
    struct Owner {
        const Guest* guest = nullptr;
        const Endpoint* endpoint = nullptr;
    };
    Owner owner(const Address& address) const;

    // Where to connect for what a guest at `key.guest` sends to `key.remote`.  Nothing: nowhere,
    // which is refused: it is nobody's that we know, its network leads nowhere, or the destination
    // is none that leaves a machine: loopback (also as ::ffff:127.0.0.1), 0.0.0.0/8, ::, groups,
    // broadcast, link-local IPv6.
    // The gateway's address stands for this machine: a published port; with `host_loopback`
    // 127.0.0.1; else the address by which this machine reaches others.
    std::optional<SocketAddress> destination(const FlowKey& key, Protocol protocol) const;

    // From where a container at `to` sees who comes to a published port from `client`: the same,
    // unless that would not come back to us (loopback, an address of its own subnet, another
    // family, no way out): then its gateway's address and any port; of a network without one no
    // address, which is the kernel's choice.  The container's address to connect to is that of
    // the same family, or of IPv4.
    SocketAddress seen_as(const SocketAddress& client, const Endpoint& to) const;

private:
    Vector<Guest> guests_;
};

}  // namespace kist::network
