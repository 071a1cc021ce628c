// socket_address.cpp - an address and a port, as sockets want them.

#include "network/socket_address.h"

#include <netinet/in.h>

#include <cstring>

namespace kist::network {

namespace {

constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};  // RFC 4291, 2.5.5.2

// Copied, since what comes in control messages may be aligned for nothing.
template <class T>
T as(const sockaddr_storage& from)
{
    T name;
    memcpy(&name, &from, sizeof name);
    return name;
}

}  // namespace

SocketAddress SocketAddress::of(const sockaddr_storage& from)
{
    SocketAddress made;
    if (from.ss_family == AF_INET) {
        auto name = as<sockaddr_in>(from);
        made.address.size = sizeof name.sin_addr;
        memcpy(made.address.bytes, &name.sin_addr, sizeof name.sin_addr);
        made.port = ntohs(name.sin_port);
    } else if (from.ss_family == AF_INET6) {
        auto name = as<sockaddr_in6>(from);
        const uint8_t* bytes = name.sin6_addr.s6_addr;
        size_t prefix = memcmp(bytes, kMapped, sizeof kMapped) == 0 ? sizeof kMapped : 0;
        made.address.size = static_cast<uint8_t>(sizeof name.sin6_addr - prefix);
        memcpy(made.address.bytes, bytes + prefix, made.address.size);
        made.port = ntohs(name.sin6_port);
    }
    return made;
}

SocketAddress SocketAddress::own(const Fd& socket)
{
    sockaddr_storage name;
    socklen_t size = sizeof name;
    if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&name), &size) < 0)
        return {};
    return of(name);
}

socklen_t SocketAddress::write(sockaddr_storage& to, bool six) const
{
    to = {};
    if (address.is_v6() || (six && address.size)) {
        sockaddr_in6 name{};
        name.sin6_family = AF_INET6;
        name.sin6_port = htons(port);
        size_t prefix = sizeof name.sin6_addr - address.size;
        memcpy(name.sin6_addr.s6_addr, kMapped, prefix);
        memcpy(name.sin6_addr.s6_addr + prefix, address.bytes, address.size);
        memcpy(&to, &name, sizeof name);
        return sizeof name;
    }
    if (!address.size)
        return 0;
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(port);
    memcpy(&name.sin_addr, address.bytes, sizeof name.sin_addr);
    memcpy(&to, &name, sizeof name);
    return sizeof name;
}

uint64_t FlowKey::hash() const
{
    uint64_t ports = uint64_t{guest.port} << 16 | remote.port;
    return hash_of(remote.address.view(), hash_of(guest.address.view())) ^
           ports * 0x9e3779b97f4a7c15;
}

uint64_t hash_of(std::string_view bytes, uint64_t start)
{
    for (char each : bytes)
        start = (start ^ static_cast<uint8_t>(each)) * 0x100000001b3;
    return start;
}

}  // namespace kist::network
