// guests.cpp - whose packets are served, and where they may go.
//
// Connections of containers are made by a process in the machine's own namespaces, so nothing but
// what stands here keeps them off its loopback.

#include "network/guests.h"

#include <sys/socket.h>

#include <cstring>

#include "base/str.h"
#include "network/ports.h"
#include "network/route.h"

namespace kist::network {

// Found beside the type (json.h), so not in the unnamed namespace.
static std::span<const json::Field> fields_of(const Guest*);

namespace {

constexpr size_t kMaxEndpoints = 256;  // networks that a container is on
constexpr auto optional = json::optional;

// clang-format off
constexpr json::Field kGuest[] = {
    json::field<&Guest::version>      ("version"),
    json::field<&Guest::container>    ("container"),
    json::field<&Guest::endpoints>    ("endpoints", optional),
    json::field<&Guest::ports>        ("ports", optional),
    json::field<&Guest::host_loopback>("hostLoopback", optional),
};

// What never leaves a machine, or means another one on each link.
struct Forbidden {
    uint8_t size, bits;
    uint8_t base[12];
};
constexpr Forbidden kForbidden[] = {
    { 4,  8, {}},                                         // 0.0.0.0/8: "this machine"
    { 4,  8, {127}},                                      // 127.0.0.0/8
    { 4,  4, {224}},                                      // 224.0.0.0/4: groups
    { 4, 32, {255, 255, 255, 255}},                       // broadcast
    {16, 96, {}},                                         // ::, ::1, ::127.0.0.1
    {16, 96, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255}},   // ::ffff:127.0.0.1
    {16, 10, {0xfe, 0x80}},                               // link-local
    {16,  8, {0xff}},                                     // groups
};
// clang-format on

bool is_forbidden(const Address& address)
{
    for (const Forbidden& row : kForbidden) {
        Subnet subnet = {{}, row.bits};
        memcpy(subnet.base.bytes, row.base, sizeof row.base);
        subnet.base.size = row.size;
        if (subnet.contains(address))
            return true;
    }
    return !address.size;
}

Address loopback(bool six)
{
    Address address;
    address.size = six ? 16 : 4;
    address.bytes[address.size - 1] = 1;
    if (!six)
        address.bytes[0] = 127;
    return address;
}

Address parsed(const String& text)
{
    auto address = Address::parse(text);
    return address ? *address : Address();
}

// The address by which this machine reaches others: that of a socket connected to one that is in
// documents only (RFC 5737, 3849); nothing is sent.  Without a default route any of its addresses.
Address outward(bool six)
{
    SocketAddress there = {parsed(six ? "2001:db8::1" : "192.0.2.1"), 9};
    sockaddr_storage name;
    socklen_t size = there.write(name);
    Fd socket(::socket(name.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&name), size) < 0) {
        auto route = Netlink::open(NETLINK_ROUTE);
        auto all = route ? addresses(*route, 0) : std::move(route).error();
        if (all)
            for (const Subnet& each : *all)
                if (each.base.is_v6() == six && !is_forbidden(each.base))
                    return each.base;
        return {};
    }
    return SocketAddress::own(socket).address;
}

const String& gateway_of(const Endpoint& endpoint, bool six)
{
    return six ? endpoint.gateway6 : endpoint.gateway;
}

// On all addresses of a family.
bool is_published(const Guest& guest, bool six, uint16_t port, Protocol protocol)
{
    for (const Port& each : guest.ports)
        if (port && each.host_port == port && each.protocol == protocol &&
            (each.host_address.empty() || each.host_address == (six ? "::" : "0.0.0.0")))
            return true;
    return false;
}

}  // namespace

std::span<const json::Field> fields_of(const Guest*)
{
    return kGuest;
}

String Guest::json() const
{
    return json::write(*this);
}

Result<Guest> Guest::parse(String json)
{
    Guest guest = TRY(json::parse<Guest>(std::move(json)), "cannot read of a container");
    // An address that is none is nobody's, a gateway that is none leads nowhere.
    if (guest.version != 1 || guest.container.empty() || guest.endpoints.size() > kMaxEndpoints ||
        guest.ports.size() > kMaxPorts)
        return Error(EBADMSG, "cannot serve a container: it is none, or more than one can be");
    return guest;
}

Address address_of(const Endpoint& endpoint, bool six)
{
    auto place = Subnet::around(six ? endpoint.address6 : endpoint.address);
    return place ? place->base : Address();
}

bool is_near(const String& place, const Address& address)
{
    auto subnet = Subnet::around(place);
    return subnet && subnet->contains(address);
}

void Guests::add(Guest guest)
{
    for (Guest& known : guests_)
        if (known.container == guest.container) {
            known = std::move(guest);
            return;
        }
    guests_.push_back(std::move(guest));
}

void Guests::remove(const String& container)
{
    erase_if(guests_, [&](const Guest& guest) { return guest.container == container; });
}

const Guest* Guests::find(const String& container) const
{
    for (const Guest& guest : guests_)
        if (guest.container == container)
            return &guest;
    return nullptr;
}

Guests::Owner Guests::owner(const Address& address) const
{
    String text = address.text() + '/';
    if (address.size)
        for (const Guest& guest : guests_)
            for (const Endpoint& endpoint : guest.endpoints)
                if ((address.is_v6() ? endpoint.address6 : endpoint.address).starts_with(text))
                    return {&guest, &endpoint};
    return {};
}

std::optional<SocketAddress> Guests::destination(const FlowKey& key, Protocol protocol) const
{
    const Address& remote = key.remote.address;
    bool six = remote.is_v6();
    Owner from = owner(key.guest.address);
    if (!from.guest || key.guest.address.is_v6() != six || gateway_of(*from.endpoint, six).empty())
        return {};

    // Any gateway's: in the namespace where the bridges are, all of them are the same machine.
    String text = remote.text();
    bool gateway = false, published = false, inside = false;
    for (const Guest& guest : guests_) {
        for (const Endpoint& endpoint : guest.endpoints) {
            gateway |= gateway_of(endpoint, six) == text;
            inside |= is_near(six ? endpoint.address6 : endpoint.address, remote);
        }
        published |= is_published(guest, six, key.remote.port, protocol);
    }
    SocketAddress to = key.remote;
    if (gateway && (published || from.guest->host_loopback)) {
        to.address = loopback(six);
        return to;
    }
    if (gateway)
        to.address = outward(six);
    else if (inside)  // another of our networks: what the rules do not let pass goes nowhere
        return {};
    if (is_forbidden(to.address))
        return {};
    return to;
}

SocketAddress Guests::seen_as(const SocketAddress& client, const Endpoint& to) const
{
    bool six = client.address.is_v6() && !to.address6.empty();
    const String& gateway = gateway_of(to, six);
    if (six == client.address.is_v6() && !gateway.empty() && !is_forbidden(client.address) &&
        !is_near(six ? to.address6 : to.address, client.address))
        return client;
    return {parsed(gateway), 0};
}

}  // namespace kist::network
