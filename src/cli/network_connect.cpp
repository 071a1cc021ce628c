// network_connect.cpp - network connect and disconnect.

#include "cli/command.h"
#include "cli/network.h"
#include "container/spec_network.h"
#include "service/wiring.h"

namespace kist::cli {

namespace {

using container::Attachment;

struct ConnectFlags {
    String ip, ip6, mac;
    Vector<String> aliases;
};

// clang-format off
constexpr Flag kConnectFlags[] = {
    flag<&ConnectFlags::aliases>(0, "alias",       "NAME",    "Be found by this name, too"_help),
    flag<&ConnectFlags::ip>     (0, "ip",          "ADDRESS", "Have this IPv4 address"_help),
    flag<&ConnectFlags::ip6>    (0, "ip6",         "ADDRESS", "Have this IPv6 address"_help),
    flag<&ConnectFlags::mac>    (0, "mac-address", "ADDRESS", "Have this hardware address"_help),
};
// clang-format on

Result<int> connect(const ConnectFlags& flags, const service::Engine& engine, Arguments operands)
{
    if (operands[0] == "host" || operands[0] == "none")
        return Error(EINVAL, "the network \"%s\" is for containers that are made for it",
                     String(operands[0]).c_str())
            .with_hint("say --network when you make one");
    Attachment asked;
    const std::pair<const char*, const String&> kOptions[] = {
        {"ip", flags.ip}, {"ip6", flags.ip6}, {"mac", flags.mac}};
    for (auto& [key, value] : kOptions)
        if (!value.empty())
            TRY(container::set_option(asked, key, value), "--%s", key);
    for (const String& alias : flags.aliases)
        TRY(container::set_option(asked, "alias", alias), "--alias");
    auto networks = TRY(network::Networks::open(engine.directories.store));
    Network network = TRY(networks.find(operands[0]));
    container::Summary container = TRY(container::find(engine.directories, operands[1]));
    network::Wish wish = {asked.address, asked.address6, asked.mac, asked.aliases};
    TRY(service::connect(engine, container, network.name, wish));
    service::tell_network(engine, "connect", network, container.spec.id);
    return 0;
}

struct DisconnectFlags {
    bool force = false;
};

constexpr Flag kDisconnectFlags[] = {
    flag<&DisconnectFlags::force>('f', "force", nullptr, "One that is not on it is no error"_help),
};

Result<int> disconnect(const DisconnectFlags& flags, const service::Engine& engine,
                       Arguments operands)
{
    container::Summary container = TRY(container::find(engine.directories, operands[1]));
    auto done = service::disconnect(engine, container, String(operands[0]));
    if (!done)
        return flags.force && done.error().is(ENOENT) ? Result<int>(0) : std::move(done).error();
    auto networks = TRY(network::Networks::open(engine.directories.store));
    if (auto network = networks.find(operands[0]))
        service::tell_network(engine, "disconnect", *network, container.spec.id);
    return 0;
}

}  // namespace

extern const Command kNetworkConnect = {
    .name = "network connect",
    .operands = "NETWORK CONTAINER",
    .summary = "Put a container on one more network, at once when it runs"_help,
    .flags = kConnectFlags,
    .offer = Offer::networks,
    .run = with_engine<ConnectFlags, connect>,
};

extern const Command kNetworkDisconnect = {
    .name = "network disconnect",
    .operands = "NETWORK CONTAINER",
    .summary = "Take a container off a network"_help,
    .flags = kDisconnectFlags,
    .offer = Offer::networks,
    .run = with_engine<DisconnectFlags, disconnect>,
};

}  // namespace kist::cli
