// url.h - the few URLs that registries use: http and https, a host, a port and a path (RFC 3986).

#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/string.h"

namespace kist::registry {

inline constexpr size_t kMaxUrl = 16 << 10;  // signed storage URLs run to some 2 KiB

struct Url {
    bool tls = true;      // https
    String host;          // lower case; "registry.example", "192.0.2.1", "::1" (no brackets)
    uint16_t port = 443;  // the scheme's own when the text has none
    String path = "/";    // with the query, "/v2/?a=b"; without the fragment

    // EINVAL: another scheme, user information ("user@host"), no host, a bad port, or bytes that
    // have no place in a URL (spaces, controls).  Bytes above 127 in the path are escaped.
    static Result<Url> parse(std::string_view text);
    // From "HOST[:PORT]" as registries are named, "[::1]:5000" included.
    static Result<Url> from_authority(std::string_view authority, bool tls);
    // What a Location header means, seen from this URL (RFC 3986, section 5.2).
    Result<Url> resolve(std::string_view location) const;

    String text() const;
    // "HOST[:PORT]" for the Host header; brackets around IPv6, the scheme's own port left out.
    String authority() const;
    // Always with the port; brackets around IPv6: what CONNECT wants.
    String host_and_port() const;
    // Same scheme, host and port: credentials may go there too.
    bool same_origin(const Url& other) const;
    // 127.0.0.0/8, ::1 or "localhost" (also "*.localhost", RFC 6761).
    bool is_loopback() const;
};

}  // namespace kist::registry
