// proxy.h - ways around: which proxy a URL is fetched through, and tunnels.
//
// The variables are those that curl and docker heed: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and
// NO_PROXY, in capitals or not; small letters win.

#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "registry/transport.h"
#include "registry/url.h"

namespace kist::registry {

struct Proxy {
    Url url;               // scheme http; the path means nothing
    String authorization;  // "Basic ...", or empty
};

// Which hosts need no proxy: the words of NO_PROXY, separated by commas or spaces.
//     *                  every host
//     example.com        that host and all below it; ".example.com" too
//     192.0.2.7, ::1     that address
//     10.0.0.0/8         the addresses of a network
//     example.com:8080   only on that port
class NoProxy {
public:
    explicit NoProxy(std::string_view text);
    bool covers(const Url& url) const;

private:
    Vector<String> words_;
};

class Proxies {
public:
    // `environment` is getenv(3) or a test's.
    static Proxies from(const char* (*environment)(const char* name));

    // The proxy for `url`, if one is to be used; loopback never needs one.
    // EINVAL: the variable cannot be understood or names a kind that is not supported (SOCKS,
    // https).
    Result<std::optional<Proxy>> find(const Url& url) const;

private:
    String for_https_;
    String for_http_;
    NoProxy none_{""};
};

// Asks the proxy at the other end of `transport` to connect it with `target` (RFC 9110,
// section 9.3.6). EACCES: the proxy refuses, in its words.
Result<void> open_tunnel(Transport& transport, const Proxy& proxy, const Url& target);

// What a proxy's refusal of a plain request (407) means.
Error proxy_authentication_error(const Proxy& proxy);

}  // namespace kist::registry
