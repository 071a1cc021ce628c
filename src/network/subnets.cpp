// subnets.cpp - the subnets that networks get.

#include "network/subnets.h"

#include "base/random.h"
#include "network/route.h"

namespace kist::network {

namespace {

constexpr unsigned kMinBits = 8;
constexpr unsigned kMaxBits4 = 30;  // room for a gateway and a container
constexpr unsigned kMaxBits6 = 126;

// clang-format off
// Where subnets are looked for that nobody asked for: `count` from `first` on.  The first row is
// the default network's.
constexpr struct { const char* first; unsigned bits, count; } kCandidates[] = {
    {"10.88.0.0",     16, 1},
    {"10.89.0.0",     24, 7 * 256},
    {"172.31.0.0",    24, 256},
    {"192.168.128.0", 24, 128},
};
// clang-format on

Result<Vector<Subnet>> subnets_of(const Vector<Network>& networks)
{
    Vector<Subnet> all;
    for (const Network& network : networks)
        for (const Pool& pool : network.pools)
            all.push_back(TRY(Subnet::parse(pool.subnet), "network \"%s\"", network.name.c_str()));
    return all;
}

bool overlaps_any(const Subnet& subnet, const Vector<Subnet>& others)
{
    for (const Subnet& other : others)
        if (subnet.overlaps(other))
            return true;
    return false;
}

Result<Pool> free_pool(bool is_default, const Vector<Subnet>& others)
{
    Vector<Subnet> routes = TRY(used_subnets(), "cannot look for a subnet that is free");
    for (auto& row : kCandidates) {
        if (!is_default && &row == kCandidates)
            continue;
        Subnet subnet = {TRY(Address::parse(row.first)), row.bits};
        for (unsigned i = 0; i < row.count; i++) {
            if (!overlaps_any(subnet, others) && !overlaps_any(subnet, routes))
                return Pool{.subnet = subnet.text()};
            subnet.base = subnet.base.next(uint64_t(1) << (32 - row.bits));
        }
    }
    return Error(ENOSPC, "no subnet is free: this machine has routes to all of them")
        .with_hint("choose one with --subnet");
}

// A unique local one: fd, 40 bits by chance, and 16 of the subnet (RFC 4193, section 3.1).
Pool local_pool()
{
    Subnet subnet;
    subnet.base.size = 16;
    subnet.bits = 64;
    random::fill(subnet.base.bytes, 8);
    subnet.base.bytes[0] = 0xfd;
    return {.subnet = subnet.text()};
}

// What no container can have an address of: this net, loopback, groups.
bool is_special(const Subnet& subnet)
{
    uint8_t first = subnet.base.bytes[0];
    return subnet.base.is_v6() ? first == 0 || first == 0xff
                               : first == 0 || first == 127 || first >= 224;
}

Result<void> complete(Pool& pool, Vector<Subnet>& others)
{
    Subnet subnet = TRY(Subnet::parse(pool.subnet), "--subnet");
    if (subnet.bits < kMinBits || subnet.bits > (subnet.base.is_v6() ? kMaxBits6 : kMaxBits4) ||
        is_special(subnet))
        return Error(EINVAL, "--subnet %s: containers cannot have its addresses",
                     pool.subnet.c_str())
            .with_hint("for example 10.20.0.0/24");
    pool.subnet = subnet.text();
    if (overlaps_any(subnet, others))
        return Error(EADDRINUSE, "--subnet %s overlaps that of another network",
                     pool.subnet.c_str())
            .with_hint("\"kist network inspect\" shows theirs");
    others.push_back(subnet);
    if (!pool.range.empty()) {
        Subnet range = TRY(Subnet::parse(pool.range), "--ip-range");
        if (range.bits < subnet.bits || !subnet.contains(range.base))
            return Error(EINVAL, "--ip-range %s is not in --subnet %s", pool.range.c_str(),
                         pool.subnet.c_str());
        pool.range = range.text();
    }
    Address gateway = subnet.base.next();
    if (!pool.gateway.empty())
        gateway = TRY(Address::parse(pool.gateway), "--gateway");
    if (!subnet.contains(gateway) || gateway == subnet.base ||
        (!gateway.is_v6() && gateway == subnet.last()))
        return Error(EINVAL, "--gateway %s is no address in --subnet %s", pool.gateway.c_str(),
                     pool.subnet.c_str());
    pool.gateway = gateway.text();
    return {};
}

}  // namespace

Result<void> settle_pools(Network& network, const Vector<Network>& others)
{
    Vector<Subnet> taken = TRY(subnets_of(others));
    for (Pool& pool : network.pools)
        TRY(complete(pool, taken));
    if (network.pools.size() > 2 ||
        (network.pools.size() == 2 && (!network.pool(false) || !network.pool(true))))
        return Error(EINVAL, "--subnet: a network has one of IPv4 and one of IPv6");
    if (!network.pool(false)) {
        Pool pool = TRY(free_pool(network.name == kDefaultNetwork, taken));
        TRY(complete(pool, taken));
        network.pools.insert(network.pools.begin(), std::move(pool));
    }
    if (network.ipv6 && !network.pool(true)) {
        Pool pool = local_pool();
        TRY(complete(pool, taken));
        network.pools.push_back(std::move(pool));
    }
    network.ipv6 = network.pool(true) != nullptr;
    return {};
}

}  // namespace kist::network
