// tcp_relay.cpp - how connections begin.
//
// Outwards: a SYN on the tap -> connect(2) here -> the SYN once more, marked -> accept(2).  What is
// on the same machine or a link away has mostly answered when connect(2) returns, and the handshake
// with the container is done when the SYN is sent: so both are looked at right away, and only what
// is further off is waited for.
//
// Inwards: accept(2) here -> a socket of the gateway, connecting from the client's address.

#include "network/tcp_relay.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "base/clock.h"
#include "network/socket_errors.h"

namespace kist::network {

namespace {

constexpr size_t kMaxPending = 1024;      // connections that are being made
constexpr size_t kMaxPendingOfOne = 256;  // ... by one container, on all its networks
constexpr size_t kMaxFlows = 16384;       // half of them by one container
constexpr size_t kFilesPerFlow = 6;       // that we may have: of which flows take a third
constexpr int64_t kConnectMs = 70'000;    // since the last SYN: they come again after 32 s at most
constexpr int64_t kAcceptMs = 10'000;
constexpr int64_t kPauseMs = 200;  // of accept(2), when there are no more descriptors
constexpr int kBatch = 32;         // of clients in one turn
constexpr int kKeepIdle = 60;      // seconds; of containers: nothing leaves the machine

// Repeats what came to nothing, or says that it is done: 0, or EALREADY, or why it failed.
int connect_to(const Fd& socket, const SocketAddress& to)
{
    sockaddr_storage name;
    socklen_t size = to.write(name);
    auto address = reinterpret_cast<sockaddr*>(&name);
    if (::connect(socket.get(), address, size) == 0)
        return 0;
    if (errno == EINPROGRESS && ::connect(socket.get(), address, size) == 0)
        return 0;
    return errno;
}

Fd accept_from(const Fd& listener, SocketAddress& from)
{
    sockaddr_storage name;
    socklen_t size = sizeof name;
    Fd socket(::accept4(listener.get(), reinterpret_cast<sockaddr*>(&name), &size,
                        SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.is_open())
        from = SocketAddress::of(name);
    return socket;
}

bool is_lack(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

// A container's connection whose first packet we have.
class TcpPending : public Handler {
public:
    TcpPending(TcpRelay& relay, TcpAccount& account, const Packet& syn, Fd socket)
        : relay(relay), account(account), key(syn.key), socket(std::move(socket))
    {
    }
    void ready(uint32_t events) override
    {
        if (connected)
            return;
        int error = 0;
        socklen_t size = sizeof error;
        if (events & (EPOLLERR | EPOLLHUP))
            ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
        else if (events & EPOLLOUT)
            return relay.established(*this);
        if (error) {
            if (auto syn = Packet::read(packet))
                relay.refuse(*syn, error);
            relay.remove(*this);
        }
    }

    TcpRelay& relay;
    TcpAccount& account;
    FlowKey key;
    Fd socket;
    String packet;  // the last one that came, fit to be sent
    int64_t due = 0;
    bool connected = false;
};

// Of a published port, or one of the gateway's two.
class TcpListener : public Handler {
public:
    explicit TcpListener(TcpRelay& relay) : relay(relay) {}
    void ready(uint32_t) override { container.empty() ? relay.accept(six) : relay.admit(*this); }
    const Fd& file() const
    {
        return container.empty() ? relay.gateway_.family(six).listener : socket;
    }

    TcpRelay& relay;
    bool six = false;
    Fd socket;
    String container;
    size_t index = 0;
    bool paused = false;
};

TcpRelay::TcpRelay(Reactor& reactor, const Gateway& gateway, const Guests& guests)
    : reactor_(reactor), gateway_(gateway), guests_(guests), flows_(reactor)
{
    most_ = std::min(kMaxFlows, max_files() / kFilesPerFlow);
    for (bool six : {false, true}) {
        const Fd& socket = gateway.family(six).listener;
        if (!socket.is_open())
            continue;
        // What is accepted inherits these.
        TcpFlows::settle(socket);
        ::setsockopt(socket.get(), IPPROTO_TCP, TCP_KEEPIDLE, &kKeepIdle, sizeof kKeepIdle);
        auto* listener = new TcpListener(*this);
        listener->six = six;
        listeners_.push_back(listener);
        (void)reactor.watch(socket, EPOLLIN, *listener);
    }
}

TcpRelay::~TcpRelay()
{
    for (TcpPending* pending : pending_)
        reactor_.retire(pending);
    for (TcpListener* listener : listeners_) {
        reactor_.forget(listener->file());
        reactor_.retire(listener);
    }
}

TcpAccount& TcpRelay::account_of(const Guest& guest, const Endpoint& endpoint)
{
    for (auto& account : accounts_)
        if (account->container == guest.container && account->network == endpoint.network)
            return *account;
    auto& made = *accounts_.emplace_back(std::make_unique<TcpAccount>());
    made.container = guest.container;
    made.network = endpoint.network;
    return made;
}

// `begins`: by the container, which is waited for.
bool TcpRelay::is_full(const TcpAccount& account, bool begins) const
{
    size_t flows = 0, pending = 0;
    for (auto& each : accounts_)
        if (each->container == account.container) {
            flows += each->flows;
            pending += each->pending;
        }
    return flows_.count() + pending_.size() >= most_ || flows + pending >= most_ / 2 ||
           (begins && (pending_.size() >= kMaxPending || pending >= kMaxPendingOfOne));
}

TcpPending* TcpRelay::find(const FlowKey& key) const
{
    for (TcpPending* pending : pending_)
        if (pending->key.guest.port == key.guest.port && pending->key == key)
            return pending;
    return nullptr;
}

void TcpRelay::wake_at(int64_t when)
{
    due_ = std::min(due_, when);
}

void TcpRelay::begin(const Packet& syn)
{
    if (TcpPending* known = find(syn.key)) {
        known->packet = with_checksum(syn);
        known->due = clock::steady_ms() + (known->connected ? kAcceptMs : kConnectMs);
        if (known->connected)
            gateway_.inject(known->packet, syn.key.remote.address, true);
        return;
    }
    auto to = guests_.destination(syn.key, Protocol::tcp);
    auto [guest, endpoint] = guests_.owner(syn.key.guest.address);
    if (!to || !guest)
        return refuse(syn, ECONNREFUSED);
    TcpAccount& account = account_of(*guest, *endpoint);
    if (is_full(account, true))
        return refuse(syn, ECONNREFUSED);
    open(syn, *to, account);
}

void TcpRelay::open(const Packet& syn, const SocketAddress& to, TcpAccount& account)
{
    int family = to.address.is_v6() ? AF_INET6 : AF_INET;
    Fd socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    int error = socket.is_open() ? connect_to(socket, to) : errno;
    if (error && error != EALREADY)
        return refuse(syn, error);
    auto* pending = new TcpPending(*this, account, syn, std::move(socket));
    pending->packet = with_checksum(syn);
    pending_.push_back(pending);
    account.pending++;
    if (!error)
        return established(*pending);
    reactor_.expect_answer();
    pending->due = clock::steady_ms() + kConnectMs;
    wake_at(pending->due);
    if (!reactor_.watch(pending->socket, EPOLLOUT | EPOLLET, *pending))
        remove(*pending);
}

void TcpRelay::established(TcpPending& pending)
{
    bool six = pending.key.guest.address.is_v6();
    pending.connected = true;
    pending.due = clock::steady_ms() + kAcceptMs;
    wake_at(pending.due);
    awaited_++;
    gateway_.inject(pending.packet, pending.key.remote.address, true);
    accept(six);
    reactor_.expect_answer();
}

void TcpRelay::refuse(const Packet& syn, int error) const
{
    auto reason = reason_of(error);
    if (error == ETIMEDOUT)
        return;
    bool closed = !reason || *reason == Unreachable::port;
    gateway_.inject(closed ? refusal(syn) : unreachable(syn.bytes, *reason), syn.key.guest.address,
                    false);
}

void TcpRelay::remove(TcpPending& pending)
{
    awaited_ -= pending.connected;
    pending.account.pending--;
    erase_if(pending_, [&](const TcpPending* each) { return each == &pending; });
    pending.socket.close();
    reactor_.retire(&pending);
}

// One that nobody waits for is reset: the container has begun it so long ago that we gave it up.
void TcpRelay::accept(bool six)
{
    do {
        FlowKey key;
        Fd socket = accept_from(gateway_.family(six).listener, key.guest);
        if (!socket.is_open()) {
            if (is_lack(errno))
                for (TcpListener* listener : listeners_)
                    if (listener->container.empty() && listener->six == six)
                        pause(*listener);
            return;
        }
        key.remote = SocketAddress::own(socket);
        TcpPending* pending = find(key);
        if (!pending) {
            TcpFlows::abort(std::move(socket));
            continue;
        }
        flows_.start(std::move(socket), std::move(pending->socket), pending->account);
        remove(*pending);
    } while (awaited_);
}

Result<void> TcpRelay::publish(Fd socket, const String& container, size_t index)
{
    if (::listen(socket.get(), SOMAXCONN) < 0)
        return os_error("listen");
    ::fcntl(socket.get(), F_SETFL, O_NONBLOCK);
    TcpFlows::settle(socket);
    auto* listener = new TcpListener(*this);
    listener->socket = std::move(socket);
    listener->container = container;
    listener->index = index;
    listeners_.push_back(listener);
    return reactor_.watch(listener->socket, EPOLLIN, *listener);
}

void TcpRelay::admit(TcpListener& listener)
{
    reactor_.expect_answer();
    for (int i = 0; i < kBatch; i++) {
        SocketAddress client;
        Fd socket = accept_from(listener.socket, client);
        if (!socket.is_open()) {
            if (is_lack(errno))
                pause(listener);
            return;
        }
        const Guest* guest = guests_.find(listener.container);
        if (!guest || guest->endpoints.empty() || listener.index >= guest->ports.size()) {
            TcpFlows::abort(std::move(socket));
            continue;
        }
        const Endpoint& endpoint = guest->endpoints.front();
        TcpAccount& account = account_of(*guest, endpoint);
        Fd inside;
        if (!is_full(account, false))
            inside = reach(client, endpoint, guest->ports[listener.index].container_port);
        if (inside.is_open())
            flows_.start(std::move(socket), std::move(inside), account);
        else
            TcpFlows::abort(std::move(socket));
    }
}

// A socket that connects to a port of the guest; closed: that cannot be.
Fd TcpRelay::reach(const SocketAddress& client, const Endpoint& endpoint, uint16_t port) const
{
    SocketAddress from = guests_.seen_as(client, endpoint);
    SocketAddress to = {address_of(endpoint, from.address.is_v6()), port};
    auto made = gateway_.connect(SOCK_STREAM, from, to);
    // EADDRINUSE: the client's last connection from that port is not forgotten yet.  Then it comes
    // from the gateway.
    if (!made)
        made = gateway_.connect(SOCK_STREAM, {}, to);
    return made ? made.take() : Fd();
}

// Nothing would come of asking again right away, over and over.
void TcpRelay::pause(TcpListener& listener)
{
    reactor_.forget(listener.file());
    listener.paused = true;
    wake_at(clock::steady_ms() + kPauseMs);
}

void TcpRelay::withdraw(const String& container)
{
    forget(container, nullptr);
    erase_if(listeners_, [&](TcpListener* listener) {
        if (listener->container != container)
            return false;
        reactor_.forget(listener->socket);  // others may have it, too
        listener->socket.close();
        reactor_.retire(listener);
        return true;
    });
}

void TcpRelay::forget(const String& container, const Guest* now)
{
    auto goes = [&](const TcpAccount& account) {
        if (account.container != container)
            return false;
        for (size_t i = 0; now && i < now->endpoints.size(); i++)
            if (now->endpoints[i].network == account.network)
                return false;
        return true;
    };
    for (size_t i = pending_.size(); i-- > 0;)
        if (goes(pending_[i]->account))
            remove(*pending_[i]);
    erase_if(accounts_, [&](auto& account) {
        if (!goes(*account))
            return false;
        flows_.reset(*account);
        return true;
    });
}

void TcpRelay::expire(int64_t now)
{
    if (now < due_)
        return;
    due_ = INT64_MAX;
    for (size_t i = pending_.size(); i-- > 0;)
        if (pending_[i]->due <= now)
            remove(*pending_[i]);
        else
            wake_at(pending_[i]->due);
    for (TcpListener* listener : listeners_)
        if (std::exchange(listener->paused, false))
            (void)reactor_.watch(listener->file(), EPOLLIN, *listener);
}

}  // namespace kist::network
