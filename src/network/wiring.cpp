// wiring.cpp - what connects one container with the networks it is on.

#include "network/wiring.h"

#include "base/fs.h"

namespace kist::network {

// Found beside the type (json.h), so not in the unnamed namespace.
static std::span<const json::Field> fields_of(const Wiring*);

namespace {

constexpr size_t kMaxFile = 1 << 20;
constexpr auto optional = json::optional;

// clang-format off
constexpr json::Field kEndpoint[] = {
    json::field<&Endpoint::network>   ("network"),
    json::field<&Endpoint::network_id>("networkId"),
    json::field<&Endpoint::bridge>    ("bridge"),
    json::field<&Endpoint::veth>      ("veth"),
    json::field<&Endpoint::interface> ("interface"),
    json::field<&Endpoint::mac>       ("mac"),
    json::field<&Endpoint::address>   ("address"),
    json::field<&Endpoint::gateway>   ("gateway", optional),
    json::field<&Endpoint::address6>  ("address6", optional),
    json::field<&Endpoint::gateway6>  ("gateway6", optional),
    json::field<&Endpoint::names>     ("names", optional),
    json::field<&Endpoint::resolves>  ("resolves", optional),
};

constexpr json::Field kPort[] = {
    json::field<&Port::host_address>  ("hostAddress", optional),
    json::field<&Port::host_port>     ("hostPort", optional),
    json::field<&Port::last_host_port>("lastHostPort", optional),
    json::field<&Port::container_port>("containerPort"),
    json::field<&Port::protocol>      ("protocol", optional),
};

constexpr json::Field kWiring[] = {
    json::field<&Wiring::version>  ("version"),
    json::field<&Wiring::container>("container"),
    json::field<&Wiring::endpoints>("endpoints"),
    json::field<&Wiring::ports>    ("ports", optional),
    json::field<&Wiring::relayed>  ("relayed", optional),
};
// clang-format on

}  // namespace

std::span<const json::Field> fields_of(const Endpoint*)
{
    return kEndpoint;
}
std::span<const json::Field> fields_of(const Port*)
{
    return kPort;
}
std::span<const json::Field> fields_of(const Wiring*)
{
    return kWiring;
}

const char* to_text(Protocol protocol)
{
    return protocol == Protocol::tcp ? "tcp" : "udp";
}

Result<Wiring> read_wiring(const Fd& directory)
{
    return json::parse<Wiring>(TRY(fs::read(directory, kWiringFile, kMaxFile)));
}

Result<void> write_wiring(const Fd& directory, const Wiring& wiring)
{
    return fs::replace(directory, kWiringFile, json::write(wiring) + "\n", 0600, fs::Durable::no);
}

Result<void> remove_wiring(const Fd& directory)
{
    return sys::unlink_at(directory, kWiringFile);
}

}  // namespace kist::network
