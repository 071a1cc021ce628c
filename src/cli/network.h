// network.h - what more than one command does with networks.

#pragma once

#include "base/json.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "cli/filter.h"
#include "cli/listing.h"
#include "network/network.h"
#include "service/networks.h"

namespace kist::cli {

using network::Network;

// What `network inspect` shows of it: JSON.  ENOENT.
Result<String> network_document(const service::Engine& engine, std::string_view name);
// docker's name for its kind.
const char* network_driver(const Network& network);
// All there are, by name, with "host" and "none", which have no bridge.
Result<Vector<Network>> all_networks(const service::Engine& engine);

struct SeenNetwork {
    const Network& network;
    bool used;  // by a container
};
// --filter KEY=VALUE; EINVAL names the keys there are.
Result<Conditions> parse_network_filters(const Vector<String>& words, FilterUse use);
bool match_network(const Conditions& conditions, const SeenNetwork& seen);

// Removes those that no container is on; their names.
Result<Vector<String>> prune_networks(const service::Engine& engine, const Vector<String>& filters);

// ---- a container's ---------------------------------------------------------------------------

// One line of `kist port`.
struct Binding {
    uint16_t port = 0;
    network::Protocol protocol = network::Protocol::tcp;
    String host_address;  // "0.0.0.0", "::"
    String host_port;     // "8080", of one that does not run also "8080-8090"
};
// Of one that runs: as they are.
Vector<Binding> bindings_of(const Listed& listed);
// "0.0.0.0:8080->80/tcp, 443/tcp" as ps shows.
String ports_text(const Listed& listed);
// The names of the networks that it is on.
Vector<String> network_names(const container::Spec& spec);

// For inspect: docker's HostConfig.PortBindings, Config.ExposedPorts and NetworkSettings.
void write_port_bindings(json::Text& out, const Listed& listed);
void write_exposed_ports(json::Text& out, const Listed& listed);
// The part NetworkSettings.Ports of it.
void write_ports(json::Text& out, const Listed& listed);
void write_network_settings(json::Text& out, const Listed& listed);

}  // namespace kist::cli
