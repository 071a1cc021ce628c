// connection_pool.cpp - ways to origins: straight, through a proxy, with TLS.

#include <cstdlib>

#include "base/clock.h"
#include "base/log.h"
#include "registry/http_client.h"

namespace kist::registry {

namespace {

constexpr size_t kMaxIdle = 8;
constexpr int64_t kMaxIdleMs = 30'000;  // servers close idle connections after a minute or so

}  // namespace

ConnectionPool::ConnectionPool(const ClientOptions& options)
    : patience_(options.patience),
      proxies_(Proxies::from([](const char* name) -> const char* { return ::getenv(name); })),
      tls_(TrustOptions{.verify = options.tls_verify, .clock_file = options.clock_file})
{
}

std::unique_ptr<Connection> ConnectionPool::idle(const Url& url)
{
    int64_t now = clock::steady_ms();
    std::lock_guard lock(mutex_);
    erase_if(idle_, [&](const Idle& idle) {
        return now - idle.since_ms > kMaxIdleMs || !idle.connection->transport->is_quiet();
    });
    // The youngest first: it is the likeliest to stand.
    for (size_t i = idle_.size(); i-- > 0;)
        if (idle_[i].connection->origin.same_origin(url)) {
            std::unique_ptr<Connection> connection = std::move(idle_[i].connection);
            idle_.erase(idle_.begin() + ptrdiff_t(i));
            return connection;
        }
    return nullptr;
}

Result<std::unique_ptr<Connection>> ConnectionPool::open(const Url& url)
{
    std::optional<Proxy> proxy = TRY(proxies_.find(url));
    const Url& next = proxy ? proxy->url : url;
    if (proxy)
        log::debug("connecting to %s through the proxy %s", url.host_and_port().c_str(),
                   next.host_and_port().c_str());
    auto dialed = dial(next.host, next.port, patience_.connect_ms, patience_.stall_ms);
    if (!dialed)
        return proxy ? std::move(dialed).error().context("proxy") : std::move(dialed).error();
    Socket socket = dialed.take();

    auto connection = std::make_unique<Connection>();
    connection->origin = url;
    if (!url.tls) {
        connection->transport = std::make_unique<PlainTransport>(std::move(socket));
        connection->through_proxy = proxy.has_value();
        connection->proxy_authorization = proxy ? proxy->authorization : "";
        return connection;
    }
    if (proxy) {
        PlainTransport tunnel(std::move(socket));
        TRY(open_tunnel(tunnel, *proxy, url));
        socket = TRY(std::move(tunnel).release());
    }
    connection->transport = TRY(tls_.connect(std::move(socket), url));
    return connection;
}

void ConnectionPool::give_back(std::unique_ptr<Connection> connection)
{
    if (!connection->transport->is_quiet())
        return;
    connection->used = true;
    std::lock_guard lock(mutex_);
    if (idle_.size() == kMaxIdle)
        idle_.erase(idle_.begin());
    idle_.push_back({std::move(connection), clock::steady_ms()});
}

}  // namespace kist::registry
