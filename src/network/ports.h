// ports.h - the grammar of --publish and --expose, and the host's ports that are taken.

#pragma once

#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/vector.h"
#include "network/wiring.h"

namespace kist::network {

inline constexpr size_t kMaxPorts = 1024;  // of a container: each is a socket that is held

// "[IP:][HOST[-LAST]:]PORT[-LAST][/tcp|udp]"; brackets around an IPv6 address.  A host port that is
// left out is 0: any.  A range of host ports for a single port of the container is one Port for
// which the first free of them is taken (`last_host_port`).  EINVAL says which part is wrong,
// or that the host's port leads to another of the container.
// E2BIG: more than kMaxPorts in all.
Result<void> add_published(Vector<Port>& ports, std::string_view text);
// "80", "8000-8010/udp": ports of the container; the host's are 0.
Result<void> add_exposed(Vector<Port>& ports, std::string_view text);

// EMFILE: this process may not open as many files as it takes to hold that many.
Result<void> check_room(size_t ports);

// How the host's side of a port is held.
enum class Hold : uint8_t {
    bound,    // never listened on: packets go to the container before they get there (firewall.h)
    listens,  // TCP: whoever connects waits to be accepted; free again as soon as it is closed
};

// Binds the host's side of `port`, so that nobody else gets it, and settles host_port when it is
// 0.  The socket does not block.  EADDRINUSE, EACCES (below net.ipv4.ip_unprivileged_port_start),
// EADDRNOTAVAIL: not an address of this machine; each says the fix.
Result<Fd> reserve(Port& port, Hold hold = Hold::bound);

}  // namespace kist::network
