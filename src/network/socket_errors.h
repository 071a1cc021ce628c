// socket_errors.h - what becomes of what was sent, as far as a socket is told (ICMP; ip(7),
// IP_RECVERR).

#pragma once

#include <cstddef>
#include <optional>

#include "base/fd.h"
#include "network/packet.h"

namespace kist::network {

// Has errors kept, those that could pass by themselves (EHOSTUNREACH), too.
void keep_errors(const Fd& socket, bool six);

struct SocketError {
    int code = 0;     // errno
    char head[8];     // of what could not be delivered, behind the header of IP
    size_t size = 0;  // as much of it as there is
};
// The oldest that is kept; nothing: there is none.  As long as there is one, EPOLLERR is set.
std::optional<SocketError> take_error(const Fd& socket);

// How a container is told of an errno of connect(2), send(2), or the above; nothing: it is not.
std::optional<Unreachable> reason_of(int code);

}  // namespace kist::network
