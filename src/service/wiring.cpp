// wiring.cpp - the networks of a container, as its monitor deals with them.

#include "service/wiring.h"

#include <algorithm>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "base/sys.h"
#include "container/sweep.h"
#include "network/bridge.h"
#include "network/firewall.h"
#include "network/netlink.h"
#include "network/ports.h"
#include "network/route.h"
#include "network/unwire.h"

namespace kist::service {

namespace {

using container::Namespace;
using container::Spec;
using network::Endpoint;

constexpr size_t kShortId = 12;
constexpr uint16_t kDns = 53;
constexpr int kMaxShared = 8;  // containers that share the network of one that shares...

Vector<String> names_of(const Spec& spec, const container::Attachment& attachment)
{
    Vector<String> names = {spec.name, spec.id.substr(0, kShortId)};
    if (spec.hostname != names[1])
        names.push_back(spec.hostname);
    for (const String& alias : attachment.aliases)
        names.push_back(alias);
    return names;
}

// The first that is free: of a running container one may have been taken away.
String free_interface(const network::Wiring& wiring)
{
    for (unsigned number = 0;; number++) {
        String name = str::format("eth%u", number);
        bool taken = false;
        for (const Endpoint& endpoint : wiring.endpoints)
            taken |= endpoint.interface == name;
        if (!taken)
            return name;
    }
}

void warn_of_obstacles(const Engine& engine, const network::Network& network)
{
    // What to do about one names the bridge.
    if (!image::first_time(engine.places.state, ("firewall-" + network.link).c_str()))
        return;
    if (auto obstacles = network::find_obstacles(network))
        for (const network::Obstacle& obstacle : *obstacles)
            log::warn("another firewall (%s) may keep containers from the network: %s",
                      obstacle.chain.c_str(), obstacle.remedy.c_str());
}

}  // namespace

Result<network::Network> find_network(const Engine& engine, const Spec& spec, const String& name)
{
    auto networks = TRY(network::Networks::open(engine.directories.store));
    auto network = networks.find(name);
    if (!network && network.error().is(ENOENT))
        return std::move(network)
            .error()
            .context("container \"%s\"", spec.name.c_str())
            .with_hint(str::format("\"kist network create %s\" makes it; \"kist network disconnect "
                                   "%s %s\" does without",
                                   name.c_str(), name.c_str(), spec.name.c_str()));
    return network;
}

// In the container's network namespace.
Result<void> open_resolver(void* context)
{
    auto route = TRY(network::Netlink::open(NETLINK_ROUTE));
    TRY(network::bring_up(route, "lo"));
    auto& [servers, sockets] = *static_cast<ResolverRequest*>(context);
    sockets = TRY(network::ResolverSockets::open());
    auto redirected = network::redirect_resolver(sockets.port);
    if (!redirected && redirected.error().is(ENOTSUP)) {
        sockets = TRY(network::ResolverSockets::open(kDns));
        redirected = {};
    }
    sockets.open_askers(servers);
    return redirected;
}

Result<std::optional<Fd>> network_namespace_of(const container::State& state)
{
    std::optional<Fd> process = TRY(container::find_process(state));
    if (!process)
        return std::optional<Fd>();
    auto opened = sys::open(str::format("/proc/%d/ns/net", state.pid), O_RDONLY);
    // Still that process: the number was not given to another before it was opened.
    if (!opened || !sys::pidfd_send_signal(*process, 0))
        return std::optional<Fd>();
    return std::optional<Fd>(std::move(*opened));
}

Result<void> take_endpoint(const network::Leases& leases, const network::Network& network,
                           const Spec& spec, const container::Attachment& attachment,
                           network::Wiring& wiring, const Fd& directory)
{
    String interface = free_interface(wiring);
    Endpoint first_word;
    first_word.network = network.name;
    first_word.network_id = network.id;
    wiring.endpoints.push_back(std::move(first_word));
    TRY(network::write_wiring(directory, wiring));
    if (!wiring.relayed)
        TRY(network::raise(network), "cannot make the network \"%s\"", network.name.c_str());
    network::Wish wish = {attachment.address, attachment.address6, attachment.mac,
                          names_of(spec, attachment)};
    Endpoint& endpoint = wiring.endpoints.back();
    endpoint = TRY(leases.take(network, spec.id, wish));
    endpoint.interface = std::move(interface);
    endpoint.veth = str::format("kv%.9s%s", spec.id.c_str(), endpoint.interface.c_str() + 3);
    return network::write_wiring(directory, wiring);
}

// The other may itself share a third one's: whose the files are.
Result<void> Wire::share()
{
    String id = spec_.network_of;
    for (int left = kMaxShared; left > 0 && !id.empty(); left--) {
        Spec other =
            TRY(engine_.directories.read_spec(id), "--network container:%.12s", id.c_str());
        if (!shared_network_) {
            Fd directory = TRY(engine_.directories.open_container(id));
            container::State state = TRY(container::read_state(directory));
            shared_network_ = TRY(network_namespace_of(state));
            if (!shared_network_)
                return Error(EINVAL,
                             "container \"%s\", whose network is to be shared, is not running",
                             other.name.c_str())
                    .with_hint(str::format("\"kist start %s\" starts it", other.name.c_str()));
        }
        if (auto files = sys::open_at(engine_.directories.volatiles, id, O_RDONLY | O_DIRECTORY))
            shared_files_ = std::move(*files);
        spec_.hostname = other.hostname;
        id = std::move(other.network_of);
    }
    return {};
}

Result<void> Wire::take_ports()
{
    TRY(network::check_room(wiring_.ports.size()));
    std::string_view usual;
    if (!networks_.empty())
        usual = networks_[0].text_option("com.docker.network.bridge.host_binding_ipv4");
    for (network::Port& port : wiring_.ports) {
        if (port.host_address.empty())
            port.host_address = usual;
        bool relayed = agent_ && (wiring_.relayed || !ruled_ ||
                                  network::is_beyond_rules(wiring_.endpoints[0], port));
        auto hold = relayed ? network::Hold::listens : network::Hold::bound;
        Fd held = TRY(network::reserve(port, hold));
        (relayed ? relayed_ports_ : ports_).push_back(std::move(held));
        if (relayed)
            relayed_.push_back(port);
    }
    if (agent_ && !wiring_.relayed && relayed_.empty())
        agent_.reset();
    return {};
}

Result<void> Wire::take()
{
    // What the last run could not undo is not to be forgotten.
    TRY(network::unwire(engine_.places.state, directory_));
    auto leases = TRY(network::Leases::lock(engine_.places.state));
    wiring_.container = spec_.id;
    wiring_.ports = spec_.published;
    wiring_.relayed = is_relayed();
    TRY(network::write_wiring(directory_, wiring_));
    for (const container::Attachment& attachment : spec_.attachments) {
        networks_.push_back(TRY(find_network(engine_, spec_, attachment.network)));
        TRY(take_endpoint(leases, networks_.back(), spec_, attachment, wiring_, directory_));
        // The way out is by the first one.
        Endpoint& first = wiring_.endpoints.front();
        if (first.gateway.empty() && !wiring_.endpoints.back().gateway.empty()) {
            std::swap(first, wiring_.endpoints.back());
            std::swap(networks_.front(), networks_.back());
        }
    }
    TRY(take_ports());
    return network::write_wiring(directory_, wiring_);
}

bool Wire::has_networks() const
{
    return spec_.network != Namespace::host && !spec_.network_none && spec_.network_of.empty();
}

Result<void> Wire::prepare(container::LaunchOptions& options)
{
    if (!spec_.network_of.empty()) {
        TRY(share());
        options.shared_network = &*shared_network_;
        options.shared_files = shared_files_ ? &*shared_files_ : nullptr;
        return {};
    }
    if (!has_networks())
        return {};
    TRY(take());
    for (const network::Network& network : networks_)
        if (!wiring_.relayed)
            warn_of_obstacles(engine_, network);
    for (const String& host : spec_.hosts)
        if (host.ends_with(String(":") + container::kHostGateway) &&
            (wiring_.endpoints.empty() || wiring_.endpoints[0].gateway.empty()))
            return Error(EINVAL, "--add-host %s: there is no gateway on an internal network",
                         host.c_str())
                .with_hint("give an address in its place, or another network");
    options.wiring = &wiring_;
    options.connector = this;
    return {};
}

Result<void> Wire::plug(const Fd& network_namespace)
{
    auto leases = TRY(network::Leases::lock(engine_.places.state));
    for (size_t i = 0; i < networks_.size(); i++)
        TRY(network::plug(networks_[i], wiring_.endpoints[i], network_namespace, i == 0),
            "cannot connect with the network \"%s\"", networks_[i].name.c_str());
    if (!networks_.empty() && !wiring_.ports.empty() && ruled_)
        TRY(network::publish(wiring_.endpoints[0], wiring_.ports), "cannot publish ports");
    networks_.clear();
    return {};
}

Result<void> Wire::connect(const Fd& network_namespace)
{
    if (wiring_.relayed) {
        network_namespace_ = TRY(sys::duplicate(network_namespace));
    } else {
        TRY(plug(network_namespace));
        ResolverRequest request = {spec_.dns, {}};
        TRY(network::in_namespace(network_namespace, open_resolver, &request), kNoResolver);
        resolve(std::move(request.sockets));
    }
    if (!agent_)
        return {};
    auto leases = TRY(network::Leases::lock(engine_.places.state));
    auto joined = join(false, std::move(leases));
    if (joined || !joined.error().is(EPIPE))
        return joined;
    agent_ = TRY(Agent::find(engine_));  // it was killed meanwhile
    leases = TRY(network::Leases::lock(engine_.places.state));
    return join(true, std::move(leases));
}

void Wire::resolve(network::ResolverSockets sockets)
{
    resolver_.emplace(std::move(sockets), network::ResolverOptions{.state = engine_.places.state,
                                                                   .container = spec_.id,
                                                                   .servers = spec_.dns});
}

void Wire::forget()
{
    ports_.clear();
    relayed_ports_.clear();
    relayed_.clear();
    networks_.clear();
    resolver_.reset();
    shared_network_.reset();
    shared_files_.reset();
    wiring_ = {};
    network_namespace_ = {};
    if (agent_)
        agent_->part();
    agent_.reset();
    rejoin_at_ = rename_at_ = INT64_MAX;
}

Result<void> Wire::let_go()
{
    auto undone = network::unwire(engine_.places.state, directory_);
    forget();
    return undone;
}

// Who has an address already keeps it, and gets the names.
void Wire::rename()
{
    rename_at_ = INT64_MAX;
    auto leases = network::Leases::lock(engine_.places.state, false);
    if (!leases && leases.error().is(EAGAIN))
        rename_at_ = clock::steady_ms() + kLockedMs;
    for (size_t i = 0; leases && resolver_ && i < spec_.attachments.size(); i++) {
        const container::Attachment& attachment = spec_.attachments[i];
        if (auto network = find_network(engine_, spec_, attachment.network))
            (void)leases->take(*network, spec_.id, {.names = names_of(spec_, attachment)});
    }
}

void Wire::wish(Vector<pollfd>& waits) const
{
    waits.push_back({agent_ ? agent_->connection().get() : -1, POLLIN, 0});
    if (resolver_)
        resolver_->wish(waits);
}

void Wire::act(std::span<const pollfd> waits)
{
    if (waits[0].revents)
        lose_agent();
    if (clock::steady_ms() >= rejoin_at_)
        rejoin();
    if (clock::steady_ms() >= rename_at_)
        rename();
    if (resolver_)
        resolver_->act(waits.subspan(1));
}

int64_t Wire::due() const
{
    int64_t due = std::min(rejoin_at_, rename_at_);
    return resolver_ ? std::min(resolver_->due(), due) : due;
}

}  // namespace kist::service
