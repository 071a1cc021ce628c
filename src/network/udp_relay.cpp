// udp_relay.cpp - pairs of sockets, and what makes and ends them.
//
// The first datagram of a pair comes to a socket that all share: the gateway's, to which the rules
// hand what nobody else has, or a published port's.  What a container sends from then on comes to
// the pair's own socket, since that is connected; a published port's clients stay with the shared
// one.

#include "network/udp_relay.h"

#include <sys/epoll.h>

#include <algorithm>

#include "base/clock.h"
#include "network/socket_errors.h"

namespace kist::network {

namespace {

constexpr size_t kMaxPairs = 1024;
constexpr size_t kFilesPerPair = 8;  // that we may have: of which pairs take a quarter
constexpr size_t kMaxPairsOfOne = 256;
constexpr int64_t kSilentMs = 30'000;     // RFC 4787, 4.3, asks for more, but only where it is
constexpr int64_t kAnsweredMs = 180'000;  // answered can there be a conversation
constexpr int64_t kNamesMs = 10'000;      // a question has one answer
constexpr uint16_t kNamesPort = 53;
constexpr int64_t kRestMs = 1000;  // after which memory for datagrams is given back
constexpr int kBuffer = 1 << 20;   // bytes that may wait in a socket; less is given (socket(7))
constexpr int kMaxErrors = 16;     // that are heard of in one turn

void enlarge(const Fd& socket)
{
    (void)::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &kBuffer, sizeof kBuffer);
}

// On this machine's side; where it cannot get, errno says why.
Fd open_outside(const SocketAddress& to)
{
    sockaddr_storage name;
    socklen_t size = to.write(name);
    Fd made(::socket(name.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!made.is_open())
        return made;
    keep_errors(made, to.address.is_v6());
    if (::connect(made.get(), reinterpret_cast<sockaddr*>(&name), size) < 0)
        made.close();
    return made;
}

}  // namespace

// A socket that all share.
class UdpRelay::Source : public Handler {
public:
    explicit Source(UdpRelay& relay) : relay_(relay) {}
    void ready(uint32_t events) override;
    const Fd& socket() const { return borrowed ? *borrowed : own; }

    const Fd* borrowed = nullptr;  // the gateway's
    Fd own;                        // of a published port
    String container;              // whose that is
    size_t index = 0;              // which of its ports
    uint16_t port = 0;             // of this machine
    bool six = false;              // the socket is of IPv6, and maybe of both

private:
    UdpRelay& relay_;
};

struct UdpRelay::Pair {
    Source& source;
    FlowKey key;  // of a published port the client is the guest, and what it sent to the remote
    FlowKey inside_key;                          // as the container sees it
    Half *inside = nullptr, *outside = nullptr;  // outside: null for a published port
    UdpRoute route = {};                         // to the client of one
    int64_t last = 0;                            // when something came
    bool asked = false, answered = false;        // by whom has begun, and by the other
    bool outside_last = false;                   // who goes on gets no answer

    int64_t due() const
    {
        bool names = !source.own.is_open() && key.remote.port == kNamesPort;
        return last + (!answered ? kSilentMs : names ? kNamesMs : kAnsweredMs);
    }
};

// One end of a pair: what comes to it goes to the other.
class UdpRelay::Half : public Handler {
public:
    Half(UdpRelay& relay, Pair& pair, Fd socket)
        : socket_(std::move(socket)), relay_(relay), pair_(pair)
    {
    }
    void ready(uint32_t events) override;
    const Fd& socket() const { return socket_; }
    void close() { socket_.close(); }

private:
    Fd socket_;
    UdpRelay& relay_;
    Pair& pair_;
};

void UdpRelay::Source::ready(uint32_t)
{
    UdpBatch& batch = relay_.batch_;
    int count = batch.receive(socket(), true);
    Pair* pair = nullptr;
    int first = 0;
    auto flush = [&](int last) {
        if (pair && own.is_open())
            (void)batch.send(pair->inside->socket(), first, last, nullptr);
        else if (pair && pair->outside)
            if (int code = batch.send(pair->outside->socket(), first, last, nullptr))
                relay_.failed(*pair, code);
        first = last;
    };
    for (int i = 0; i < count; i++) {
        FlowKey key = {batch.from(i), batch.to(i)};
        if (own.is_open())
            key.remote.port = port;
        Pair* next = pair && pair->key == key ? pair : relay_.find(*this, key);
        if (!next || next != pair)
            flush(i);
        // This may end the pair of before.
        pair = next ? next : relay_.open(*this, key, i);
        if (pair)
            relay_.came(*pair, own.is_open());
    }
    flush(std::max(count, 0));
}

void UdpRelay::Half::ready(uint32_t events)
{
    bool outside = this == pair_.outside;
    if (events & EPOLLERR && outside)
        relay_.failed(pair_, 0);
    int count = relay_.batch_.receive(socket_, false);
    if (count <= 0)
        return;
    relay_.came(pair_, outside);
    if (!pair_.outside) {
        (void)relay_.batch_.send(pair_.source.socket(), 0, count, &pair_.route);
        return;
    }
    const Half& other = outside ? *pair_.inside : *pair_.outside;
    int code = relay_.batch_.send(other.socket(), 0, count, nullptr);
    if (code && !outside)
        relay_.failed(pair_, code);
}

UdpRelay::UdpRelay(Reactor& reactor, const Gateway& gateway, const Guests& guests)
    : reactor_(reactor), gateway_(gateway), guests_(guests)
{
    most_ = std::min(kMaxPairs, max_files() / kFilesPerPair);
    for (bool six : {false, true}) {
        const Fd& socket = gateway.family(six).datagrams;
        auto* source = new Source(*this);
        source->borrowed = &socket;
        source->six = six;
        sources_.push_back(source);
        if (socket.is_open())
            (void)reactor.watch(socket, EPOLLIN, *source);
    }
}

UdpRelay::~UdpRelay()
{
    while (!pairs_.empty())
        end(pairs_.back().pair);
    for (Source* source : sources_) {
        reactor_.forget(source->socket());
        reactor_.retire(source);
    }
}

Result<void> UdpRelay::publish(Fd socket, const String& container, size_t index)
{
    sockaddr_storage name;
    socklen_t size = sizeof name;
    if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&name), &size) < 0)
        return os_error("cannot use a port");
    bool six = name.ss_family == AF_INET6;
    UdpBatch::keep_addresses(socket, six);
    enlarge(socket);
    auto* source = new Source(*this);
    source->own = std::move(socket);
    source->container = container;
    source->index = index;
    source->port = SocketAddress::of(name).port;
    source->six = six;
    sources_.push_back(source);
    return reactor_.watch(source->own, EPOLLIN, *source);
}

void UdpRelay::forget(const String& container)
{
    uint64_t whose = hash_of(container);
    for (size_t i = pairs_.size(); i-- > 0;)
        if (pairs_[i].container == whose)
            end(pairs_[i].pair);
}

void UdpRelay::withdraw(const String& container)
{
    forget(container);
    erase_if(sources_, [&](Source* source) {
        bool theirs = source->own.is_open() && source->container == container;
        if (theirs) {
            reactor_.forget(source->own);  // others may have it, too
            source->own.close();
            reactor_.retire(source);
        }
        return theirs;
    });
}

UdpRelay::Pair* UdpRelay::find(const Source& source, const FlowKey& key) const
{
    uint64_t wanted = key.hash();
    for (const Row& row : pairs_)
        if (row.key == wanted && row.pair->key == key && &row.pair->source == &source)
            return row.pair;
    return nullptr;
}

// As whom, and where, the container sees a client of its port.
FlowKey UdpRelay::inside_of(const Source& source, const FlowKey& key, const Guest& guest)
{
    const Endpoint& endpoint = guest.endpoints.front();
    FlowKey seen;
    seen.remote = guests_.seen_as(key.guest, endpoint);
    seen.guest = {address_of(endpoint, seen.remote.address.is_v6()),
                  guest.ports[source.index].container_port};
    for (size_t i = pairs_.size(); i-- > 0;) {
        Pair* pair = pairs_[i].pair;
        if (pair->inside_key != seen)
            continue;
        if (!pair->outside) {
            seen.remote.port = 0;  // two ports of this machine can lead to the same one of it
            break;
        }
        end(pair);  // the container has spoken to who is a client now
    }
    return seen;
}

// For a datagram that is of no pair yet.  Nothing when there can be none; the container is told.
UdpRelay::Pair* UdpRelay::open(Source& source, const FlowKey& key, int index)
{
    std::string_view payload = batch_.payload(index);
    // An address of IPv6 can stand for one of IPv4.
    if (!key.guest.port || !key.remote.port || key.guest.address.size != key.remote.address.size)
        return nullptr;
    bool published = source.own.is_open();
    const Guest* guest =
        published ? guests_.find(source.container) : guests_.owner(key.guest.address).guest;
    if (!guest)
        return nullptr;
    uint64_t whose = hash_of(guest->container);
    if (published) {
        if (guest->endpoints.empty() || source.index >= guest->ports.size())
            return nullptr;
        make_room(source, whose);
        FlowKey seen = inside_of(source, key, *guest);
        auto inside = gateway_.connect(SOCK_DGRAM, seen.remote, seen.guest);
        Pair* made = inside ? add(source, key, whose, inside.take(), Fd()) : nullptr;
        if (!made)
            return nullptr;
        made->inside_key = seen;
        made->route = batch_.back(index, source.six);
        return made;
    }
    auto to = guests_.destination(key, Protocol::udp);
    if (!to) {
        tell(key, payload, EACCES);
        return nullptr;
    }
    make_room(source, whose);
    Fd outside = open_outside(*to);
    if (!outside.is_open()) {
        tell(key, payload, errno);
        return nullptr;
    }
    auto inside = gateway_.connect(SOCK_DGRAM, key.remote, key.guest);
    if (!inside) {
        tell(key, payload, inside.error().code());
        return nullptr;
    }
    return add(source, key, whose, inside.take(), std::move(outside));
}

UdpRelay::Pair* UdpRelay::add(Source& source, const FlowKey& key, uint64_t container, Fd inside,
                              Fd outside)
{
    auto* pair = new Pair{.source = source, .key = key, .inside_key = key};
    enlarge(inside);
    pair->inside = new Half(*this, *pair, std::move(inside));
    if (outside.is_open()) {
        enlarge(outside);
        pair->outside = new Half(*this, *pair, std::move(outside));
    }
    pairs_.push_back({key.hash(), container, pair});
    for (Half* half : {pair->inside, pair->outside})
        if (half && !reactor_.watch(half->socket(), EPOLLIN, *half)) {
            end(pair);
            return nullptr;
        }
    return pair;
}

// The one that has been silent for longest goes: first of those of who wants more than its share,
// and of the same source, as clients can claim to be many.
void UdpRelay::make_room(const Source& source, uint64_t container)
{
    size_t theirs = 0;
    for (const Row& row : pairs_)
        theirs += row.container == container;
    bool greedy = theirs >= std::min(kMaxPairsOfOne, most_ / 2);
    if (!greedy && pairs_.size() < most_)
        return;
    Pair* oldest = nullptr;
    for (bool any = false; !oldest; any = true)
        for (const Row& row : pairs_)
            if ((!greedy || row.container == container) && (any || &row.pair->source == &source) &&
                (!oldest || row.pair->last < oldest->last))
                oldest = row.pair;
    end(oldest);
}

void UdpRelay::end(Pair* pair)
{
    for (Half* half : {pair->inside, pair->outside})
        if (half) {
            half->close();
            reactor_.retire(half);
        }
    erase_if(pairs_, [&](const Row& row) { return row.pair == pair; });
    delete pair;
}

// Something has come for a pair from outside or inside.
void UdpRelay::came(Pair& pair, bool outside)
{
    int64_t now = clock::steady_ms();
    pair.last = used_ = now;
    bool& known = outside == pair.source.own.is_open() ? pair.asked : pair.answered;
    if (!std::exchange(known, true))
        wake_at(pair.due());
    if (std::exchange(batch_rests_, false))
        wake_at(now + kRestMs);
    if (std::exchange(pair.outside_last, outside) != outside)
        reactor_.expect_answer();
}

// Tells the container what has become of what it has sent; `code` of send(2) is told only when
// there is no error on record, of which it is the echo.
void UdpRelay::failed(const Pair& pair, int code)
{
    for (int i = 0; i < kMaxErrors; i++) {
        auto error = take_error(pair.outside->socket());
        if (!error)
            break;
        tell(pair.key, {}, error->code);
        code = 0;
    }
    tell(pair.key, {}, code);
}

void UdpRelay::tell(const FlowKey& key, std::string_view payload, int code)
{
    auto reason = reason_of(code);
    if (!reason)
        return;
    String packet = unreachable(datagram(key.guest, key.remote, payload), *reason);
    gateway_.inject(packet, key.guest.address, false);
}

void UdpRelay::expire(int64_t now)
{
    if (now < due_)
        return;
    due_ = INT64_MAX;
    for (size_t i = pairs_.size(); i-- > 0;) {
        Pair* pair = pairs_[i].pair;
        if (pair->due() <= now)
            end(pair);
        else
            wake_at(pair->due());
    }
    if (batch_rests_)
        return;
    if (used_ + kRestMs > now)
        return wake_at(used_ + kRestMs);
    batch_.rest();
    batch_rests_ = true;
}

}  // namespace kist::network
