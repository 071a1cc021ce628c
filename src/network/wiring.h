// wiring.h - what connects one container with the networks it is on: kept while it runs.
//
//     STATE/run/CONTAINER/network.json   its Wiring
//
// It is written before anything is done in the kernel and removed when all of it is undone, so that
// whoever finds it after a kill knows what to undo.  Links go by themselves, with the container's
// network namespace.

#pragma once

#include <cstdint>

#include "base/fd.h"
#include "base/json.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::network {

inline constexpr const char* kWiringFile = "network.json";

// The container's end on one network.
struct Endpoint {
    String network, network_id;
    String bridge;              // the link that it hangs on
    String veth;                // our end of the pair
    String interface;           // theirs: "eth0"
    String mac;                 // "02:42:ac:12:00:02"
    String address, gateway;    // "172.18.0.2/16", "172.18.0.1"; no gateway: there is no way out
    String address6, gateway6;  // "" without IPv6
    Vector<String> names;       // what others call it there: its name, short id, aliases
    bool resolves = false;      // names of others are found there: not on the default network
};

enum class Protocol : uint8_t { tcp, udp };
const char* to_text(Protocol protocol);  // "tcp"

// A port that is published.
struct Port {
    String host_address;                         // "": all of this machine's
    uint16_t host_port = 0, container_port = 0;  // host: 0: any that is free
    uint16_t last_host_port = 0;                 // not 0: the first free one up to here
    Protocol protocol = Protocol::tcp;

    bool operator==(const Port& other) const = default;
};
std::span<const json::Field> fields_of(const Endpoint*);
std::span<const json::Field> fields_of(const Port*);

struct Wiring {
    int version = 1;
    String container;            // its id
    Vector<Endpoint> endpoints;  // the first has the default route and gets the published ports
    Vector<Port> ports;          // with the host's ports settled
    bool relayed = false;        // links and ports are the agent's (agent.h), and go with it
};

// `directory` is STATE/run/CONTAINER.  ENOENT: it has none.
Result<Wiring> read_wiring(const Fd& directory);
Result<void> write_wiring(const Fd& directory, const Wiring& wiring);
Result<void> remove_wiring(const Fd& directory);

}  // namespace kist::network
