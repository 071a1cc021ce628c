// echo_relay.cpp - a ping socket for each that a container asks, with each identifier.
//
// The kernel puts an identifier of its own into what goes out of a ping socket, and gives us what
// comes back with it; numbers and payload are the container's all the way.

#include "network/echo_relay.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/clock.h"
#include "network/socket_errors.h"

namespace kist::network {

namespace {

constexpr size_t kMaxFlows = 128;
constexpr size_t kMaxFlowsOfOne = 32;
constexpr int64_t kSilentMs = 10'000;
constexpr size_t kHeader = 8;   // RFC 792, RFC 4443: of an echo
constexpr int kMaxErrors = 16;  // that are heard of in one turn

uint16_t number_in(const char* header)
{
    return static_cast<uint16_t>(static_cast<uint8_t>(header[6]) << 8 |
                                 static_cast<uint8_t>(header[7]));
}

}  // namespace

class EchoRelay::Flow : public Handler {
public:
    Flow(EchoRelay& relay, const FlowKey& flow) : key(flow), relay_(relay) {}
    void ready(uint32_t events) override;

    FlowKey key;
    Fd socket;
    uint64_t container = 0;  // a hash
    int64_t due = 0;
    size_t room = 0;      // the longest that was asked, which is the longest of an answer
    uint16_t number = 0;  // of the last request

private:
    void answer();
    EchoRelay& relay_;
};

void EchoRelay::Flow::ready(uint32_t events)
{
    answer();  // also the error that is in nobody's queue
    for (int i = 0; events & EPOLLERR && i < kMaxErrors; i++) {
        auto error = take_error(socket);
        if (!error)
            break;
        if (error->size >= kHeader)
            number = number_in(error->head);
        relay_.tell(key, number, error->code);
    }
}

void EchoRelay::Flow::answer()
{
    String bytes(room, '\0');
    ssize_t got = ::recv(socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got < static_cast<ssize_t>(kHeader))
        return;
    Packet echo{Packet::Kind::echo, key, number_in(bytes.data()), {}, {}};
    echo.payload = std::string_view(bytes).substr(kHeader, static_cast<size_t>(got) - kHeader);
    relay_.gateway_.inject(echo_reply(echo), key.guest.address, false);
}

EchoRelay::EchoRelay(Reactor& reactor, const Gateway& gateway, const Guests& guests)
    : reactor_(reactor), gateway_(gateway), guests_(guests)
{
}

EchoRelay::~EchoRelay()
{
    while (!flows_.empty())
        end(flows_.back());
}

void EchoRelay::tell(const FlowKey& key, uint16_t number, int code) const
{
    if (auto reason = reason_of(code))
        gateway_.inject(unreachable(echo_request(key, number), *reason), key.guest.address, false);
}

EchoRelay::Flow* EchoRelay::find(const FlowKey& key) const
{
    for (Flow* flow : flows_)
        if (flow->key == key)
            return flow;
    return nullptr;
}

// The one that has been silent for longest goes: first of those of who wants more than its share.
void EchoRelay::make_room(uint64_t container)
{
    size_t theirs = 0;
    for (const Flow* flow : flows_)
        theirs += flow->container == container;
    bool greedy = theirs >= kMaxFlowsOfOne;
    if (!greedy && flows_.size() < kMaxFlows)
        return;
    Flow* oldest = nullptr;
    for (Flow* flow : flows_)
        if ((!greedy || flow->container == container) && (!oldest || flow->due < oldest->due))
            oldest = flow;
    end(oldest);
}

// Null when it cannot be; errno says why.
EchoRelay::Flow* EchoRelay::open(const FlowKey& key, uint64_t container)
{
    auto to = guests_.destination(key, Protocol::udp);
    if (!to) {
        errno = EACCES;
        return nullptr;
    }
    make_room(container);
    bool six = to->address.is_v6();
    sockaddr_storage name;
    socklen_t size = to->write(name);
    int protocol = six ? static_cast<int>(IPPROTO_ICMPV6) : static_cast<int>(IPPROTO_ICMP);
    Fd socket(::socket(name.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
    if (!socket.is_open())
        return nullptr;
    keep_errors(socket, six);
    if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&name), size) < 0)
        return nullptr;
    auto* flow = new Flow(*this, key);
    flow->socket = std::move(socket);
    flow->container = container;
    flows_.push_back(flow);
    if (reactor_.watch(flow->socket, EPOLLIN, *flow))
        return flow;
    end(flow);
    return nullptr;
}

void EchoRelay::ask(const Packet& echo)
{
    const FlowKey& key = echo.key;
    Guests::Owner from = guests_.owner(key.guest.address);
    if (!from.guest)
        return;
    bool six = key.remote.address.is_v6();
    if ((six ? from.endpoint->gateway6 : from.endpoint->gateway) == key.remote.address.text())
        return gateway_.inject(echo_reply(echo), key.guest.address, false);
    auto number = static_cast<uint16_t>(echo.sequence);
    Flow* flow = find(key);
    if (!flow)
        flow = open(key, hash_of(from.guest->container));
    if (!flow)
        return tell(key, number, errno);

    flow->number = number;
    flow->room = std::max(flow->room, kHeader + echo.payload.size());
    flow->due = clock::steady_ms() + kSilentMs;
    due_ = std::min(due_, flow->due);
    String request;
    request += static_cast<char>(six ? 128 : 8);
    request.resize(kHeader);
    request[6] = static_cast<char>(number >> 8);
    request[7] = static_cast<char>(number);
    request += echo.payload;
    // An error of the one before, which is on record, comes in place of sending.
    for (int tries = 2; tries--;)
        if (::send(flow->socket.get(), request.data(), request.size(), MSG_DONTWAIT) >= 0)
            return;
    tell(key, number, errno);
}

void EchoRelay::withdraw(const String& container)
{
    uint64_t whose = hash_of(container);
    for (size_t i = flows_.size(); i-- > 0;)
        if (flows_[i]->container == whose)
            end(flows_[i]);
}

void EchoRelay::end(Flow* flow)
{
    flow->socket.close();
    erase_if(flows_, [&](const Flow* each) { return each == flow; });
    reactor_.retire(flow);
}

void EchoRelay::expire(int64_t now)
{
    if (now < due_)
        return;
    due_ = INT64_MAX;
    for (size_t i = flows_.size(); i-- > 0;) {
        if (flows_[i]->due <= now)
            end(flows_[i]);
        else
            due_ = std::min(due_, flows_[i]->due);
    }
}

}  // namespace kist::network
