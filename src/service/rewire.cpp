// rewire.cpp - networks that a container is connected with, or taken from, after it was made.
//
// The Spec says what holds from its next start on.  Of one that runs the wiring is changed, too,
// under the lock of the leases, which its monitor takes before it undoes the wiring at its end; the
// resolver finds its new neighbours by reading that file.

#include "base/sys.h"
#include "network/bridge.h"
#include "network/firewall.h"
#include "network/unwire.h"
#include "service/client.h"
#include "service/wiring.h"

namespace kist::service {

namespace {

using container::Namespace;
using container::Spec;
using network::Endpoint;
using network::Wiring;

struct Change {
    const Engine& engine;
    Fd held;  // of Directories::hold()
    Spec spec;
    network::Leases leases;
    Fd lock;
    // Of one that runs.
    Fd directory;
    std::optional<Fd> network_namespace;
    Wiring wiring;
};

Result<Change> begin(const Engine& engine, const container::Summary& container)
{
    const String& id = container.spec.id;
    Fd held = TRY(engine.directories.hold(id));
    Spec spec = TRY(engine.directories.read_spec(id));
    if (spec.network == Namespace::host || spec.network_none || !spec.network_of.empty())
        return Error(EINVAL, "container \"%s\" has no networks of its own", spec.name.c_str())
            .with_hint("it was made with --network host, none or container:NAME");
    auto leases = TRY(network::Leases::open(engine.places.state));
    Fd lock = TRY(leases.lock());
    Change change = {
        engine, std::move(held), std::move(spec), std::move(leases), std::move(lock), {}, {}, {}};
    auto directory = sys::open_at(engine.directories.volatiles, id, O_RDONLY | O_DIRECTORY);
    auto wiring = directory ? network::read_wiring(*directory) : std::move(directory).error();
    if (!wiring)
        return wiring.error().is(ENOENT) ? Result<Change>(std::move(change))
                                         : std::move(wiring).error();
    Fd record = TRY(engine.directories.open_container(id));
    container::State state = TRY(container::read_state(record));
    change.network_namespace = TRY(network_namespace_of(state));
    change.directory = std::move(*directory);
    change.wiring = std::move(*wiring);
    return change;
}

// What is on record is so from the next start on, and the monitor hears of it.
Result<void> commit(Change& change)
{
    TRY(change.engine.directories.rewrite(change.spec));
    change.lock.close();
    change.held.close();
    auto monitor = Client::connect(change.engine.directories, change.spec.id, {.until_exit = true});
    if (monitor)
        (void)monitor->reload();
    return {};
}

// The first endpoint has the default route and the ports.
Result<void> plug_last(Change& change, const network::Network& network)
{
    Wiring& wiring = change.wiring;
    Endpoint &first = wiring.endpoints.front(), &last = wiring.endpoints.back();
    bool leads = &first == &last || (first.gateway.empty() && !last.gateway.empty());
    TRY(network::plug(network, last, *change.network_namespace, leads));
    if (!leads)
        return {};
    if (&first != &last && !wiring.ports.empty())
        TRY(network::unpublish(first, wiring.ports));
    std::swap(first, last);
    TRY(network::write_wiring(change.directory, wiring));
    return wiring.ports.empty() ? Result<void>() : network::publish(first, wiring.ports);
}

// Takes endpoint `index` away, and lets another lead when it was the first.
Result<void> unplug_at(Change& change, size_t index)
{
    Vector<Endpoint>& endpoints = change.wiring.endpoints;
    TRY(network::unwire(change.leases, change.wiring, endpoints[index]));
    endpoints.erase(endpoints.begin() + index);
    TRY(network::write_wiring(change.directory, change.wiring));
    if (index > 0 || endpoints.empty())
        return {};
    for (Endpoint& each : endpoints)
        if (endpoints[0].gateway.empty() && !each.gateway.empty())
            std::swap(endpoints[0], each);
    TRY(network::write_wiring(change.directory, change.wiring));
    auto network = TRY(find_network(change.engine, change.spec, endpoints[0].network));
    TRY(network::unplug(endpoints[0]));
    TRY(network::plug(network, endpoints[0], *change.network_namespace, true));
    return change.wiring.ports.empty() ? Result<void>()
                                       : network::publish(endpoints[0], change.wiring.ports);
}

// In the order of the attachments, or at the end.
size_t place_of(const Vector<Endpoint>& endpoints, const String& network)
{
    size_t index = 0;
    while (index < endpoints.size() && endpoints[index].network != network)
        index++;
    return index;
}

}  // namespace

Result<void> connect(const Engine& engine, const container::Summary& container, const String& name,
                     const network::Wish& wish)
{
    Change change = TRY(begin(engine, container));
    auto network = TRY(find_network(engine, change.spec, name));
    for (const container::Attachment& each : change.spec.attachments)
        if (each.network == network.name)
            return Error(EEXIST, "container \"%s\" is on the network \"%s\" already",
                         change.spec.name.c_str(), network.name.c_str());
    container::Attachment attachment = {network.name, wish.address, wish.address6, wish.mac,
                                        wish.names};
    if (change.network_namespace) {
        Wiring& wiring = change.wiring;
        auto plugged = take_endpoint(change.leases, network, change.spec, attachment, wiring,
                                     change.directory);
        if (plugged)
            plugged = plug_last(change, network);
        if (!plugged) {
            size_t index = place_of(wiring.endpoints, network.name);
            if (index < wiring.endpoints.size())
                (void)unplug_at(change, index);
            return std::move(plugged).error().context("cannot connect container \"%s\"",
                                                      change.spec.name.c_str());
        }
    }
    change.spec.attachments.push_back(std::move(attachment));
    return commit(change);
}

Result<void> disconnect(const Engine& engine, const container::Summary& container,
                        const String& name)
{
    Change change = TRY(begin(engine, container));
    auto networks = TRY(network::Networks::open(engine.directories.store));
    auto network = networks.find(name);
    const String& known = network ? network->name : name;  // it may have gone
    Vector<container::Attachment>& all = change.spec.attachments;
    size_t index = 0;
    while (index < all.size() && all[index].network != known)
        index++;
    if (index == all.size())
        return Error(ENOENT, "container \"%s\" is not on the network \"%s\"",
                     change.spec.name.c_str(), known.c_str());
    size_t endpoint = place_of(change.wiring.endpoints, known);
    if (change.network_namespace && endpoint < change.wiring.endpoints.size())
        TRY(unplug_at(change, endpoint), "cannot disconnect container \"%s\"",
            change.spec.name.c_str());
    all.erase(all.begin() + index);
    return commit(change);
}

}  // namespace kist::service
