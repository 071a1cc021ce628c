// rewire.cpp - networks that a container is connected with, or taken from, after it was made.
//
// The Spec says what holds from its next start on.  Of one that runs the wiring is changed, too,
// under the lock of the leases, which its monitor takes before it undoes the wiring at its end; the
// resolver finds its new neighbours by reading that file.  Where links are the agent's, what is
// done to them is done in its gateway, and the monitor tells it of the change.

#include <poll.h>

#include "base/sys.h"
#include "container/files.h"
#include "network/bridge.h"
#include "network/firewall.h"
#include "network/netlink.h"
#include "network/route.h"
#include "network/unwire.h"
#include "service/client.h"
#include "service/networks.h"
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
    network::Leases leases;  // locked
    // Of one that runs.
    Fd directory;
    std::optional<Fd> network_namespace;
    Wiring wiring;
    std::optional<Agent> agent;  // whose the links are
};

// What is done to links.
struct Task {
    const network::Network* network;
    const Endpoint& endpoint;
    const Fd& network_namespace;  // the container's
    bool leads;
    network::Place place;
    const Change& change;
};

Result<void> lead(void* context)
{
    const Endpoint& endpoint = *static_cast<const Endpoint*>(context);
    auto route = TRY(network::Netlink::open(NETLINK_ROUTE));
    int link = TRY(network::find_link(route, endpoint.interface));
    for (const String* text : {&endpoint.gateway, &endpoint.gateway6}) {
        if (text->empty())
            continue;
        auto gateway = TRY(network::Address::parse(*text));
        TRY(network::add_default_route(route, link, gateway));
    }
    return {};
}

void change_hosts(const Task& task, bool add)
{
    container::change_hosts(task.change.directory, task.endpoint, task.change.spec.hostname, add);
}

Result<void> plug_one(void* context, Vector<Fd>&)
{
    const Task& task = *static_cast<const Task*>(context);
    TRY(network::raise(*task.network, task.place));
    TRY(network::plug(*task.network, task.endpoint, task.network_namespace, task.leads,
                      task.place));
    change_hosts(task, true);
    return {};
}

Result<void> unplug_one(void* context, Vector<Fd>&)
{
    const Task& task = *static_cast<const Task*>(context);
    change_hosts(task, false);
    if (task.endpoint.veth.empty())  // it got no further than its first word
        return {};
    return network::unplug(task.endpoint);
}

Result<void> lead_by_one(void* context, Vector<Fd>&)
{
    const Task& task = *static_cast<const Task*>(context);
    Endpoint endpoint = task.endpoint;
    return network::in_namespace(task.network_namespace, lead, &endpoint);
}

Result<void> act(const Change& change, Work action, const network::Network* network,
                 const Endpoint& endpoint, bool leads = false)
{
    auto place = change.agent ? network::Place::gateway : network::Place::machine;
    Task task = {network, endpoint, *change.network_namespace, leads, place, change};
    Vector<Fd> none;
    if (!change.agent)
        return action(&task, none);
    TRY(change.agent->in_gateway(action, &task));
    return {};
}

Result<void> publish(const Change& change)
{
    const Wiring& wiring = change.wiring;
    if (wiring.ports.empty() || change.agent)
        return {};
    auto published = network::publish(wiring.endpoints.front(), wiring.ports);
    if (!published && (published.error().is(ENOTSUP) || published.error().is(ENOENT)))
        return {};  // without rules the monitor's agent relays them
    return published;
}

// Takes endpoint `index` away, and lets another lead when it was the first.
Result<void> unplug_at(Change& change, size_t index)
{
    Vector<Endpoint>& endpoints = change.wiring.endpoints;
    TRY(act(change, unplug_one, nullptr, endpoints[index]));
    TRY(network::unwire(change.leases, change.wiring, endpoints[index]));
    endpoints.erase(endpoints.begin() + index);
    if (index == 0)
        for (Endpoint& each : endpoints)
            if (endpoints[0].gateway.empty() && !each.gateway.empty())
                std::swap(endpoints[0], each);
    TRY(network::write_wiring(change.directory, change.wiring));
    if (index > 0 || endpoints.empty())
        return {};
    TRY(act(change, lead_by_one, nullptr, endpoints[0]));
    return publish(change);
}

// A monitor that has the container's lock, but not yet its process, or not any more.
Result<bool> is_passing(const Engine& engine, const container::State& state, const String& id)
{
    return state.status != container::Status::restarting && TRY(engine.directories.is_locked(id));
}

Result<Change> begin(const Engine& engine, const container::Summary& container)
{
    const String& id = container.spec.id;
    Fd held = TRY(engine.directories.hold(id));
    Spec spec = TRY(engine.directories.read_spec(id));
    if (spec.network == Namespace::host || spec.network_none || !spec.network_of.empty())
        return Error(EINVAL, "container \"%s\" has no networks of its own", spec.name.c_str())
            .with_hint("it was made with --network host, none or container:NAME");
    auto leases = TRY(network::Leases::lock(engine.places.state));
    Fd record = TRY(engine.directories.open_container(id));
    container::State state = TRY(container::read_state(record));
    auto network_namespace = TRY(network_namespace_of(state));
    if (!network_namespace && TRY(is_passing(engine, state, id)))
        return Error(EAGAIN, "container \"%s\" is being started or stopped", spec.name.c_str())
            .with_hint("try again in a moment");
    Change change = {engine, std::move(held), std::move(spec), std::move(leases), {}, {}, {}, {}};
    if (!network_namespace)
        return change;
    change.directory = TRY(sys::open_at(engine.directories.volatiles, id, O_RDONLY | O_DIRECTORY));
    change.wiring = TRY(network::read_wiring(change.directory));
    change.network_namespace = std::move(network_namespace);
    if (change.wiring.relayed)
        change.agent = TRY(Agent::find(engine));
    // One that was being connected by a command that was killed.
    for (size_t i = change.wiring.endpoints.size(); i-- > 0;) {
        bool known = false;
        for (const container::Attachment& each : change.spec.attachments)
            known |= each.network == change.wiring.endpoints[i].network;
        if (!known)
            TRY(unplug_at(change, i));
    }
    return change;
}

// The monitor may have the container between two states for some seconds.
Result<Change> begin_in_time(const Engine& engine, const container::Summary& container)
{
    constexpr int kTries = 50;
    for (int tries = kTries;; tries--) {
        auto change = begin(engine, container);
        if (change || !change.error().is(EAGAIN) || tries == 0)
            return change;
        ::poll(nullptr, 0, 100);
    }
}

// What is on record is so from the next start on, and the monitor hears of it.
Result<void> commit(Change& change)
{
    TRY(change.engine.directories.rewrite(change.spec));
    change.leases.close();
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
    TRY(act(change, plug_one, &network, last, leads));
    if (!leads)
        return {};
    if (&first != &last && !wiring.ports.empty() && !change.agent)
        TRY(network::unpublish(first, wiring.ports));
    std::swap(first, last);
    TRY(network::write_wiring(change.directory, wiring));
    return publish(change);
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
    Change change = TRY(begin_in_time(engine, container));
    auto network = TRY(find_network(engine, change.spec, name));
    for (const container::Attachment& each : change.spec.attachments)
        if (each.network == network.name)
            return Error(EEXIST, "container \"%s\" is on the network \"%s\" already",
                         change.spec.name.c_str(), network.name.c_str());
    container::Attachment attachment = {network.name, wish.address, wish.address6, wish.mac,
                                        wish.names};
    Result<void> done;
    TRY(check_attachment(attachment, network), "cannot connect container \"%s\"",
        change.spec.name.c_str());
    if (change.network_namespace) {
        Wiring& wiring = change.wiring;
        done = take_endpoint(change.leases, network, change.spec, attachment, wiring,
                             change.directory);
        if (done)
            done = plug_last(change, network);
        size_t index = place_of(wiring.endpoints, network.name);
        if (!done && index < wiring.endpoints.size())
            (void)unplug_at(change, index);
    } else if (!wish.address.empty() || !wish.address6.empty()) {
        done = change.leases.check(network, change.spec.id, wish);
    }
    TRY(std::move(done), "cannot connect container \"%s\"", change.spec.name.c_str());
    change.spec.attachments.push_back(std::move(attachment));
    return commit(change);
}

Result<void> disconnect(const Engine& engine, const container::Summary& container,
                        const String& name)
{
    Change change = TRY(begin_in_time(engine, container));
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
