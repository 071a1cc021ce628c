// socket_address.h - an address and a port, as sockets want them: ip(7), ipv6(7).

#pragma once

#include <sys/socket.h>

#include <cstdint>

#include "base/fd.h"
#include "network/address.h"

namespace kist::network {

struct SocketAddress {
    Address address;
    uint16_t port = 0;

    // An IPv6 address that stands for one of IPv4 (::ffff:10.0.0.1) becomes that; the address is
    // empty when `from` is of another family.
    static SocketAddress of(const sockaddr_storage& from);
    // The one that `socket` is bound to (getsockname(2)); without an address: it has none.
    static SocketAddress own(const Fd& socket);
    // Returns how much of `to` it is; 0: there is no address.  `six`: for a socket of both
    // families, which wants addresses of IPv4 as ::ffff:10.0.0.1.
    socklen_t write(sockaddr_storage& to, bool six = false) const;
    bool operator==(const SocketAddress& other) const = default;
};

// What flows are known by: who speaks to whom, seen from inside.
struct FlowKey {
    SocketAddress guest, remote;
    bool operator==(const FlowKey& other) const = default;
    uint64_t hash() const;
};

// FNV-1a, 64 bits (draft-eastlake-fnv).
uint64_t hash_of(std::string_view bytes, uint64_t start = 0xcbf29ce484222325);

}  // namespace kist::network
