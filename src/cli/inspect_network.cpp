// inspect_network.cpp - networks, and a container's, as docker's JSON documents show them.

#include "base/digest.h"
#include "cli/network.h"

namespace kist::cli {

namespace {

using container::Attachment;
using network::Endpoint;

void write_text(json::Text& out, const char* name, std::string_view value)
{
    out.name(name);
    out.text(value);
}

void write_flag(json::Text& out, const char* name, bool value)
{
    out.name(name);
    out.boolean(value);
}

// "172.18.0.2/16" in its two parts.
void write_address(json::Text& out, const char* name, const char* length_name,
                   const String& address)
{
    std::string_view length = address;
    write_text(out, name, str::cut(length, '/'));
    auto number = str::to_integer(length);
    out.name(length_name);
    out.integer(number ? *number : 0);
}

String endpoint_id(const Listed& listed, const Endpoint& endpoint)
{
    if (endpoint.network_id.empty())
        return "";
    return Digest::of(listed.spec.id + endpoint.network_id).hex();
}

void write_endpoint(json::Text& out, const Listed& listed, const Endpoint& endpoint)
{
    write_text(out, "EndpointID", endpoint_id(listed, endpoint));
    write_text(out, "Gateway", endpoint.gateway);
    write_address(out, "IPAddress", "IPPrefixLen", endpoint.address);
    write_text(out, "IPv6Gateway", endpoint.gateway6);
    write_address(out, "GlobalIPv6Address", "GlobalIPv6PrefixLen", endpoint.address6);
    write_text(out, "MacAddress", endpoint.mac);
}

void write_attachment(json::Text& out, const Listed& listed, const Attachment& attachment)
{
    const Endpoint nothing;
    const Endpoint* endpoint = &nothing;
    for (const Endpoint& each : listed.wiring.endpoints)
        if (each.network == attachment.network)
            endpoint = &each;
    json::Map wished;
    if (!attachment.address.empty())
        wished.push_back({"IPv4Address", attachment.address});
    if (!attachment.address6.empty())
        wished.push_back({"IPv6Address", attachment.address6});
    out.name(attachment.network);
    out.begin('{');
    out.name("IPAMConfig");
    out.object(wished);
    out.name("Aliases");
    out.object(attachment.aliases);
    out.name("DNSNames");
    out.object(endpoint->names);
    write_text(out, "NetworkID", endpoint->network_id);
    write_endpoint(out, listed, *endpoint);
    out.end('}');
}

void write_pools(json::Text& out, const Network& network)
{
    out.name("IPAM");
    out.begin('{');
    write_text(out, "Driver", "default");
    out.name("Options");
    out.raw("{}");
    out.name("Config");
    out.begin('[');
    for (const network::Pool& pool : network.pools) {
        json::Map words = {{"Subnet", pool.subnet}};
        if (!pool.range.empty())
            words.push_back({"IPRange", pool.range});
        words.push_back({"Gateway", pool.gateway});
        out.object(words);
    }
    out.end(']');
    out.end('}');
}

// Those that run.
Result<void> write_containers(json::Text& out, const service::Engine& engine,
                              const Network& network)
{
    out.name("Containers");
    out.begin('{');
    for (const Listed& listed : TRY(list_containers(engine)))
        for (const Endpoint& endpoint : listed.wiring.endpoints)
            if (endpoint.network_id == network.id) {
                out.name(listed.spec.id);
                out.object(json::Map{{"Name", listed.spec.name},
                                     {"EndpointID", endpoint_id(listed, endpoint)},
                                     {"MacAddress", endpoint.mac},
                                     {"IPv4Address", endpoint.address},
                                     {"IPv6Address", endpoint.address6}});
            }
    out.end('}');
    return {};
}

}  // namespace

Vector<String> network_names(const container::Spec& spec)
{
    Vector<String> names;
    for (const Attachment& attachment : spec.attachments)
        names.push_back(attachment.network);
    if (names.empty() && spec.network_of.empty())
        names.push_back(service::network_mode(spec));
    return names;
}

void write_network_settings(json::Text& out, const Listed& listed)
{
    const Endpoint nothing;
    const auto& endpoints = listed.wiring.endpoints;
    out.begin('{');
    write_endpoint(out, listed, endpoints.empty() ? nothing : endpoints[0]);
    out.name("Ports");
    write_ports(out, listed);
    out.name("Networks");
    out.begin('{');
    for (const Attachment& attachment : listed.spec.attachments)
        write_attachment(out, listed, attachment);
    if (listed.spec.attachments.empty() && listed.spec.network_of.empty())
        write_attachment(out, listed, {.network = service::network_mode(listed.spec)});
    out.end('}');
    out.end('}');
}

Result<String> network_document(const service::Engine& engine, std::string_view name)
{
    const Network* found = nullptr;
    Vector<Network> all = TRY(all_networks(engine));
    for (const Network& each : all)
        if (each.link.empty() && each.name == name)
            found = &each;
    Network other;
    if (!found) {
        auto networks = TRY(network::Networks::open(engine.directories.store));
        other = TRY(networks.find(name));
        found = &other;
    }
    json::Text out;
    out.begin('{');
    write_text(out, "Name", found->name);
    write_text(out, "Id", found->id);
    write_text(out, "Created", found->created);
    write_text(out, "Scope", "local");
    write_text(out, "Driver", network_driver(*found));
    write_flag(out, "EnableIPv6", found->ipv6);
    write_pools(out, *found);
    write_flag(out, "Internal", found->internal);
    TRY(write_containers(out, engine, *found));
    out.name("Options");
    out.object(found->options);
    out.name("Labels");
    out.object(found->labels);
    out.end('}');
    return std::move(out).take();
}

}  // namespace kist::cli
