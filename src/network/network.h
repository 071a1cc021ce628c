// network.h - networks that containers are on, and their records.
//
//     ROOT/networks/ID.json   one record each, made and removed atomically
//     ROOT/networks           is itself locked (flock) by who makes one
//
// A record says what the network is to be like; whether its bridge exists is asked of the kernel,
// and a bridge is made when the first container comes (bridge.h).  The networks "bridge", "host"
// and "none" are always there; only "bridge" has a record, made at its first use.

#pragma once

#include <string_view>

#include "base/fd.h"
#include "base/json.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "network/address.h"

namespace kist::network {

inline constexpr const char* kDefaultNetwork = "bridge";
inline constexpr int kMinMtu = 68, kMaxMtu = 65535;  // RFC 791; what a veth can have

// docker's IPAM.Config; texts as Address and Subnet read them.
struct Pool {
    String subnet, gateway;
    String range;  // "": all of the subnet is given out
};

struct Network {
    int version = 1;
    String name;
    String id;       // 64 hex digits
    String created;  // RFC 3339
    String link;     // the bridge: "kist0" of the default network, or "br-" and 12 digits of the id
    bool internal = false;  // no way out
    bool ipv6 = false;
    Vector<Pool> pools;  // one of IPv4, at most one of IPv6
    json::Map labels;
    // com.docker.network.bridge.enable_icc, .enable_ip_masquerade, .host_binding_ipv4,
    // com.docker.network.driver.mtu.
    json::Map options;

    bool option(std::string_view name, bool otherwise) const;
    std::string_view text_option(std::string_view name) const;  // "": not given
    // The pool of one family; null without.
    const Pool* pool(bool six) const;
};

// "bridge", "host", "none" and "default": nobody's to make or remove.
bool is_reserved(std::string_view name);

class Networks {
public:
    // Makes ROOT/networks where missing.  `root` is the store's directory, borrowed for the call.
    static Result<Networks> open(const Fd& root);

    // Those with records, by name, the default one included (made when missing).
    Result<Vector<Network>> list() const;
    // By name, id or unique prefix of an id.  ENOENT; EINVAL: the prefix is ambiguous.
    Result<Network> find(std::string_view name) const;
    // Completes what is empty: id, created, link, pools (subnets that overlap neither another
    // network's nor a route of this machine), gateways.  The name has been checked.  EEXIST: it is
    // taken; EADDRINUSE: the subnet is; EINVAL names the flag.
    Result<Network> make(Network network) const;
    Result<void> remove(const Network& network) const;

private:
    explicit Networks(Fd directory) : directory_(std::move(directory)) {}
    Result<Vector<Network>> read_all() const;
    Result<Network> add(Network network) const;
    Fd directory_;
};

}  // namespace kist::network
