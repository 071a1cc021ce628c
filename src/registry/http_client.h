// http_client.h - the parts of the Client that http.h promises: connections and their pool.

#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "base/string.h"
#include "base/vector.h"
#include "registry/http.h"
#include "registry/http_body.h"
#include "registry/http_head.h"
#include "registry/proxy.h"
#include "registry/tls.h"

namespace kist::registry {

// A way to one origin that is open.
struct Connection {
    Url origin;
    std::unique_ptr<Transport> transport;
    String proxy_authorization;  // to be said in each request; plain HTTP through a proxy
    bool through_proxy = false;  // requests name the whole URL
    bool used = false;           // has carried a request before
};

// Opens connections, and keeps those that may be used again.  Safe to use from several threads.
class ConnectionPool {
public:
    explicit ConnectionPool(const ClientOptions& options);

    // One that lies idle and still stands; nullptr when there is none.
    std::unique_ptr<Connection> idle(const Url& url);
    // A new one.
    Result<std::unique_ptr<Connection>> open(const Url& url);
    void give_back(std::unique_ptr<Connection> connection);
    Result<std::optional<Proxy>> proxy_for(const Url& url) const { return proxies_.find(url); }

private:
    struct Idle {
        std::unique_ptr<Connection> connection;
        int64_t since_ms;
    };

    Patience patience_;
    Proxies proxies_;
    TlsClient tls_;
    std::mutex mutex_;
    Vector<Idle> idle_;
};

// Sends `request` for `url` (which redirects may have changed) over `connection` and reads the head
// of the answer.  The response gives the connection back to `pool` when its body has been read.
Result<std::unique_ptr<Response>> exchange(std::unique_ptr<Connection> connection,
                                           const Request& request, const Url& url,
                                           ConnectionPool& pool);

}  // namespace kist::registry
