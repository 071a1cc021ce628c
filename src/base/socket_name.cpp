// socket_name.cpp - an address and a port, as connect(2) wants them.

#include "base/socket_name.h"

#include <arpa/inet.h>
#include <net/if.h>

#include <cstring>

#include "base/str.h"
#include "base/string.h"

namespace kist {

std::optional<SocketName> SocketName::of(std::string_view bytes, uint16_t port)
{
    SocketName name{};
    void* place = &name.address.sin6_addr;
    if (bytes.size() == sizeof(in_addr)) {
        auto* four = reinterpret_cast<sockaddr_in*>(&name.address);
        place = &four->sin_addr;
        four->sin_family = AF_INET;
        name.size = sizeof *four;
    } else if (bytes.size() == sizeof(in6_addr)) {
        name.address.sin6_family = AF_INET6;
        name.size = sizeof name.address;
    } else {
        return std::nullopt;
    }
    memcpy(place, bytes.data(), bytes.size());
    name.address.sin6_port = htons(port);  // where sockaddr_in has it
    return name;
}

std::optional<SocketName> SocketName::read(std::string_view text, uint16_t port)
{
    char bytes[sizeof(in6_addr)];
    std::string_view zone = text;
    String host(str::cut(zone, '%'));
    if (::inet_pton(AF_INET, text.size() == host.size() ? host.c_str() : "", bytes) == 1)
        return of({bytes, sizeof(in_addr)}, port);
    if (::inet_pton(AF_INET6, host.c_str(), bytes) != 1)
        return std::nullopt;
    auto name = of({bytes, sizeof bytes}, port);
    unsigned long long index = 0;
    if (!zone.empty() && !str::read_natural(zone, index))
        index = ::if_nametoindex(String(zone).c_str());
    name->address.sin6_scope_id = static_cast<uint32_t>(index);
    return name;
}

}  // namespace kist
