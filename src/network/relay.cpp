// relay.cpp - the taps, and who is served.

#include "network/relay.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace kist::network {

namespace {

constexpr int kBatch = 32;  // of packets in one turn

char g_packet[64 << 10];  // the largest that there are

}  // namespace

// What comes in through one bridge.
class Tap : public Handler {
public:
    Tap(Relay& relay, const String& bridge, Fd socket)
        : relay(relay), bridge(bridge), socket(std::move(socket))
    {
    }
    void ready(uint32_t) override
    {
        for (int i = 0; i < kBatch; i++) {
            ssize_t size = ::recv(socket.get(), g_packet, sizeof g_packet, MSG_TRUNC);
            if (size < 0 && errno != EAGAIN && errno != EINTR)
                socket.close();  // ENETDOWN: serve() opens it again
            if (size < 0)
                return;
            if (size_t(size) <= sizeof g_packet)
                dispatch({g_packet, size_t(size)});
        }
    }
    // Word that it is not may be on its way still.
    bool is_alive() const
    {
        int error = 0;
        socklen_t size = sizeof error;
        return ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && !error;
    }

    Relay& relay;
    String bridge;
    Fd socket;

private:
    void dispatch(std::string_view bytes)
    {
        auto packet = Packet::read(bytes);
        if (!packet)
            return;
        // Nobody passes for who is on another network: that may lead elsewhere than one's own.
        auto owner = relay.guests_.owner(packet->key.guest.address);
        if (owner.endpoint && owner.endpoint->bridge != bridge)
            return;
        if (packet->kind == Packet::Kind::syn)
            relay.tcp_.begin(*packet);
        else
            relay.echo_.ask(*packet);
    }
};

Relay::Relay(Reactor& reactor, const Gateway& gateway)
    : reactor_(reactor),
      gateway_(gateway),
      tcp_(reactor, gateway, guests_),
      udp_(reactor, gateway, guests_),
      echo_(reactor, gateway, guests_)
{
}

Relay::~Relay()
{
    for (Tap* tap : taps_) {
        tap->socket.close();
        reactor_.retire(tap);
    }
}

Result<void> Relay::tap(const String& bridge)
{
    Tap* found = nullptr;
    for (Tap* each : taps_)
        if (each->bridge == bridge)
            found = each;
    if (found && found->is_alive())
        return {};
    Fd socket = TRY(gateway_.tap(bridge));
    if (!found) {
        found = new Tap(*this, bridge, Fd());
        taps_.push_back(found);
    }
    found->socket = std::move(socket);
    return reactor_.watch(found->socket, EPOLLIN, *found);
}

Result<void> Relay::connect(const String& container, Vector<Fd> ports)
{
    const Guest& guest = *guests_.find(container);
    if (gateway_.process())  // not Gateway::here()
        for (const Endpoint& endpoint : guest.endpoints)
            TRY(tap(endpoint.bridge));
    for (size_t i = 0; i < ports.size(); i++)
        TRY(guest.ports[i].protocol == Protocol::tcp
                ? tcp_.publish(std::move(ports[i]), container, i)
                : udp_.publish(std::move(ports[i]), container, i),
            "cannot publish port %u", unsigned{guest.ports[i].host_port});
    return {};
}

Result<void> Relay::serve(Guest guest, Vector<Fd> ports)
{
    String container = guest.container;
    bool known = guests_.find(container);
    if (ports.size() != (known ? 0 : guest.ports.size()))
        return Error(EINVAL, "%zu sockets for %zu ports", ports.size(), guest.ports.size());
    // What is under way may be from where it is no more, or to where it may not go any more.
    tcp_.forget(container, &guest);
    udp_.forget(container);
    echo_.withdraw(container);
    guests_.add(std::move(guest));
    auto connected = connect(container, std::move(ports));
    if (!connected && !known)
        dismiss(container);
    return connected;
}

void Relay::dismiss(const String& container)
{
    tcp_.withdraw(container);
    udp_.withdraw(container);
    echo_.withdraw(container);
    guests_.remove(container);
}

int64_t Relay::due() const
{
    return std::min({tcp_.due(), udp_.due(), echo_.due()});
}

void Relay::expire(int64_t now)
{
    tcp_.expire(now);
    udp_.expire(now);
    echo_.expire(now);
}

}  // namespace kist::network
