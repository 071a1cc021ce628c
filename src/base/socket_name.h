// socket_name.h - an address and a port, as connect(2) wants them.

#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace kist {

struct SocketName {
    sockaddr_in6 address;  // or a sockaddr_in
    socklen_t size;

    // 4 or 16 bytes in the network's order; nothing when they are neither.
    static std::optional<SocketName> of(std::string_view bytes, uint16_t port);
    // "9.9.9.9", "fe80::1%eth0", "fe80::1%2" (inet_pton(3)); nothing when that is no address.
    static std::optional<SocketName> read(std::string_view text, uint16_t port);

    sa_family_t family() const { return get()->sa_family; }
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

}  // namespace kist
