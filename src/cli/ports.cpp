// ports.cpp - the ports of a container that are published, as port, ps and inspect show them.

#include "network/ports.h"
#include "cli/command.h"
#include "cli/network.h"
#include "cli/say.h"

namespace kist::cli {

namespace {

using network::Port;
using network::Protocol;

bool is_same(const Binding& binding, const Port& port)
{
    return binding.port == port.container_port && binding.protocol == port.protocol;
}

// All that it says it listens on.
Vector<Port> exposed_by(const container::Spec& spec)
{
    Vector<Port> ports;
    for (const String& word : spec.exposed)
        (void)network::add_exposed(ports, word);
    return ports;
}

String with_port(const String& address, const String& port)
{
    bool six = address.find(':') != String::npos;
    return (six ? "[" + address + "]" : address) + ":" + port;
}

// Of this machine: where it is reached.
Vector<String> addresses_of(const Listed& listed, const Port& port)
{
    if (!port.host_address.empty())
        return {port.host_address};
    Vector<String> all = {"0.0.0.0"};
    const auto& endpoints = listed.wiring.endpoints;
    if (!endpoints.empty() && !endpoints[0].address6.empty())
        all.push_back("::");
    return all;
}

// Whether it is the next of a range, `distance` behind its first.
bool follows(const Port& port, const Port& first, size_t distance)
{
    return port.host_port == first.host_port + distance &&
           port.container_port == first.container_port + distance &&
           port.protocol == first.protocol && port.host_address == first.host_address;
}

String range_of(unsigned first, size_t count)
{
    return count > 1 ? str::format("%u-%zu", first, first + count - 1) : str::format("%u", first);
}

String name_of(uint16_t port, Protocol protocol)
{
    return str::format("%u/%s", port, network::to_text(protocol));
}

void write_bindings(json::Text& out, const Vector<Binding>& bindings, const Vector<Port>& exposed)
{
    out.begin('{');
    for (size_t i = 0; i < bindings.size(); i++) {
        Port port = {.container_port = bindings[i].port, .protocol = bindings[i].protocol};
        bool written = false;
        for (size_t j = 0; j < i; j++)
            written = written || is_same(bindings[j], port);
        if (written)
            continue;
        out.name(name_of(port.container_port, port.protocol));
        out.begin('[');
        for (size_t j = i; j < bindings.size(); j++)
            if (is_same(bindings[j], port))
                out.object(json::Map{{"HostIp", bindings[j].host_address},
                                     {"HostPort", bindings[j].host_port}});
        out.end(']');
    }
    for (const Port& port : exposed) {
        bool written = false;
        for (const Binding& binding : bindings)
            written = written || is_same(binding, port);
        if (written)
            continue;
        out.name(name_of(port.container_port, port.protocol));
        out.null();
    }
    out.end('}');
}

struct PortFlags {};

Result<int> port(const PortFlags&, const service::Engine& engine, Arguments operands)
{
    Listed listed = TRY(find_container(engine, operands[0]));
    Vector<Port> asked;
    if (operands.size() > 1)
        TRY(network::add_exposed(asked, operands[1]));
    size_t printed = 0;
    for (const Binding& binding : bindings_of(listed)) {
        if (!asked.empty() && !is_same(binding, asked[0]))
            continue;
        printed++;
        if (asked.empty())
            say("%s -> ", name_of(binding.port, binding.protocol).c_str());
        say_line(with_port(binding.host_address, binding.host_port));
    }
    if (!asked.empty() && printed == 0)
        return Error(ENOENT, "port %s of container \"%s\" is not published",
                     name_of(asked[0].container_port, asked[0].protocol).c_str(),
                     listed.spec.name.c_str());
    if (listed.spec.network == container::Namespace::host)
        tell(Where::errors,
             "kist: \"%s\" has the host's network: its ports are those of the host\n",
             listed.spec.name.c_str());
    return 0;
}

}  // namespace

Vector<Binding> bindings_of(const Listed& listed)
{
    Vector<Binding> all;
    for (const Port& each : listed.wiring.ports)
        for (const String& address : addresses_of(listed, each))
            all.push_back(
                {each.container_port, each.protocol, address, str::format("%u", each.host_port)});
    return all;
}

String ports_text(const Listed& listed)
{
    const network::Wiring& wiring = listed.wiring;
    if (wiring.endpoints.empty())
        return "";
    Vector<String> words;
    for (size_t i = 0, count = 1; i < wiring.ports.size(); i += count) {
        const Port& first = wiring.ports[i];
        for (count = 1; i + count < wiring.ports.size(); count++)
            if (!follows(wiring.ports[i + count], first, count))
                break;
        for (const String& address : addresses_of(listed, first))
            words.push_back(with_port(address, range_of(first.host_port, count)) + "->" +
                            range_of(first.container_port, count) + "/" +
                            network::to_text(first.protocol));
    }
    for (const Port& each : exposed_by(listed.spec)) {
        bool published = false;
        for (const Port& other : wiring.ports)
            published = published || (other.container_port == each.container_port &&
                                      other.protocol == each.protocol);
        if (!published)
            words.push_back(name_of(each.container_port, each.protocol));
    }
    return joined(words, ", ");
}

void write_ports(json::Text& out, const Listed& listed)
{
    bool connected = !listed.wiring.endpoints.empty();
    write_bindings(out, bindings_of(listed), connected ? exposed_by(listed.spec) : Vector<Port>());
}

void write_port_bindings(json::Text& out, const Listed& listed)
{
    Vector<Binding> all;
    for (const Port& each : listed.spec.published) {
        String number = each.host_port ? str::format("%u", each.host_port) : String();
        if (each.last_host_port)
            number += str::format("-%u", each.last_host_port);
        all.push_back({each.container_port, each.protocol, each.host_address, std::move(number)});
    }
    write_bindings(out, all, {});
}

void write_exposed_ports(json::Text& out, const Listed& listed)
{
    out.begin('{');
    for (const Port& each : exposed_by(listed.spec)) {
        out.name(name_of(each.container_port, each.protocol));
        out.raw("{}");
    }
    out.end('}');
}

extern const Command kPort = {
    .name = "port",
    .operands = "CONTAINER [PORT[/udp]]",
    .summary = "List the ports of a container that are published"_help,
    .details =
        "With --network host none are: what listens in the container listens on the host.\n"_help,
    .offer = Offer::containers,
    .run = with_engine<PortFlags, port>,
};

}  // namespace kist::cli
