// lookup.h - the addresses of a host: hosts(5), and the name servers in resolv.conf(5).
//
// In place of getaddrinfo(3), which brings a resolver, stdio and parsers of its own.

#pragma once

#include <cstdint>

#include "base/result.h"
#include "base/socket_name.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist {

struct LookupOptions {
    String resolv_conf = "/etc/resolv.conf";
    String hosts = "/etc/hosts";
    uint16_t server_port = 53;
    // For which IPv6 is waited for once IPv4 is known: there are routers that know nothing of it,
    // and do not answer.
    int64_t grace_ms = 300;
};

// The addresses of `host`, a name or an address, with `port`: at least one, at most 16.  IPv6 and
// IPv4 in turn; those to which there is no route are at the end.  Waits as long as resolv.conf has
// the servers asked: its "timeout" times its "attempts".
// ENOENT: no such host, or it has no address; EAGAIN: that cannot be found out now.
Result<Vector<SocketName>> look_up(const String& host, uint16_t port,
                                   const LookupOptions& options = {});

}  // namespace kist
