// neighbours.cpp - names from leases.

#include "network/neighbours.h"

#include <cstring>

#include "base/dns_message.h"
#include "base/fs.h"
#include "base/str.h"
#include "base/sys.h"
#include "network/guests.h"
#include "network/wiring.h"

namespace kist::network {

namespace {

bool is_called(const Lease& lease, std::string_view name)
{
    for (const String& each : lease.names)
        if (str::same_name(each, name))
            return true;
    return false;
}

// `name` without ".NETWORK" at its end; as it is when it has none.
std::string_view without_network(std::string_view name, const String& network)
{
    size_t size = network.size() + 1;
    if (name.size() <= size || name[name.size() - size] != '.' ||
        !str::same_name(name.substr(name.size() - network.size()), network))
        return name;
    return name.substr(0, name.size() - size);
}

// "2.0.18.172.in-addr.arpa" (RFC 1035, 3.5), or in ip6.arpa (RFC 3596, 2.5).
String reverse_name(const Address& address)
{
    String name;
    for (size_t i = address.size; i-- > 0;) {
        unsigned byte = address.bytes[i];
        name += address.is_v6() ? str::format("%x.%x.", byte & 15, byte >> 4)
                                : str::format("%u.", byte);
    }
    return name + (address.is_v6() ? "ip6.arpa" : "in-addr.arpa");
}

}  // namespace

void Neighbours::read_circles(const String& directory)
{
    circles_.clear();
    places_.erase();
    lead_out_ = false;
    auto opened = sys::open(directory, O_RDONLY | O_DIRECTORY);
    if (!opened)
        return;
    auto wiring = read_wiring(*opened);
    if (!wiring)
        return;
    for (Endpoint& endpoint : wiring->endpoints) {
        lead_out_ |= !endpoint.gateway.empty() || !endpoint.gateway6.empty();
        places_ += endpoint.address + " " + endpoint.address6 + " ";
        if (endpoint.resolves)
            circles_.push_back({std::move(endpoint.network), std::move(endpoint.network_id)});
    }
}

void Neighbours::refresh(const String& state, const String& container)
{
    String directory = state + "/run/" + container;
    uint64_t stamp = fs::stamp_of(directory + "/" + kWiringFile);
    if (stamp != stamp_) {
        read_circles(directory);
        stamp_ = stamp;
    }
    for (Circle& circle : circles_) {
        stamp = fs::stamp_of(state + "/network/" + circle.id + ".json");
        if (stamp == circle.stamp)
            continue;
        circle.stamp = stamp;
        circle.leases.clear();
        auto leases = Leases::open(state);
        if (!leases)
            continue;
        if (auto list = leases->list(circle.id))
            circle.leases = list.take();
    }
}

bool Neighbours::are_near(const SocketName& name) const
{
    sockaddr_storage at = {};
    memcpy(&at, name.get(), name.size);
    Address address = SocketAddress::of(at).address;
    for (std::string_view rest = places_; !rest.empty();)
        if (is_near(String(str::cut(rest, ' ')), address))
            return true;
    return false;
}

Vector<Address> Neighbours::find(std::string_view name, String& owner) const
{
    Vector<Address> found;
    bool reverse = name.size() > 5 && str::same_name(name.substr(name.size() - 5), ".arpa");
    for (const Circle& circle : circles_) {
        std::string_view bare = without_network(name, circle.network);
        for (const Lease& lease : circle.leases) {
            bool called = is_called(lease, name) || is_called(lease, bare);
            for (const String* text : {&lease.address, &lease.address6}) {
                if (!called && !reverse)
                    continue;
                auto address = Address::parse(*text);
                if (!address)
                    continue;
                if (called)
                    found.push_back(*address);
                else if (!lease.names.empty() && str::same_name(reverse_name(*address), name))
                    owner = lease.names[0] + "." + circle.network;
            }
        }
        if (!found.empty() || !owner.empty())
            break;
    }
    return found;
}

}  // namespace kist::network
