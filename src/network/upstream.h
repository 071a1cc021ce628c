// upstream.h - the name servers of this machine, as resolv.conf(5) names them.

#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <string_view>

#include "base/string.h"
#include "base/vector.h"

namespace kist::network {

struct Server {
    sockaddr_in6 address;  // or a sockaddr_in
    socklen_t size;

    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

struct Upstream {
    Vector<Server> servers;
    // As glibc limits them.
    unsigned timeout = 5;  // seconds
    unsigned attempts = 2;
    bool rotate = false;

    // Whether `text` is an address: "9.9.9.9", "fe80::1%eth0".  More than a few are left out.
    bool add(std::string_view text, uint16_t port);
    // The servers and options in the text of a resolv.conf; all else is skipped.
    void read(std::string_view text, uint16_t port);
};

// Tells whether a file is another or has changed: its inode, time and size, mixed; what links lead
// to.  0: there is none.
uint64_t stamp_of(const String& path);

}  // namespace kist::network
