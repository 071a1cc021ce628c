// tunnel.cpp - CONNECT through a proxy.

#include "base/str.h"
#include "base/string.h"
#include "registry/http_head.h"
#include "registry/proxy.h"

namespace kist::registry {

Error proxy_authentication_error(const Proxy& proxy)
{
    String name = proxy.url.host_and_port();
    if (proxy.authorization.empty())
        return Error(EACCES, "the proxy %s wants a user name and a password", name.c_str())
            .with_hint("set HTTPS_PROXY=http://USER:PASSWORD@" + name);
    return Error(EACCES, "the proxy %s does not accept this user name and password", name.c_str())
        .with_hint("check those in HTTPS_PROXY; special characters are written as %40 for \"@\"");
}

Result<void> open_tunnel(Transport& transport, const Proxy& proxy, const Url& target)
{
    String name = target.host_and_port();
    String request = "CONNECT " + name + " HTTP/1.1\r\nHost: " + name + "\r\n";
    if (!proxy.authorization.empty())
        request += "Proxy-Authorization: " + proxy.authorization + "\r\n";
    TRY(transport.write(request + "\r\n"), "proxy");

    HttpHead head = TRY(read_head(transport, proxy.url.host_and_port()), "proxy");
    if (head.status >= 200 && head.status < 300)
        return {};
    if (head.status == 407)
        return proxy_authentication_error(proxy);
    String reason = head.reason.empty() ? "" : " (" + head.reason + ")";
    bool upstream = head.status == 502 || head.status == 503 || head.status == 504;
    return Error(upstream ? ECONNREFUSED : EACCES,
                 "the proxy %s answers %d%s to a connection to %s",
                 proxy.url.host_and_port().c_str(), head.status, reason.c_str(), name.c_str())
        .with_hint(upstream
                       ? "the proxy cannot reach that host: check the name and the proxy's network"
                       : "ask the proxy's administrator to allow it, or add the host to NO_PROXY");
}

}  // namespace kist::registry
