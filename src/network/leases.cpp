// leases.cpp - which container has which address on a network.

#include "network/leases.h"
#include "network/route.h"

#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"

namespace kist::network {

// The file.
struct LeaseBook {
    int version = 1;
    String last, last6;      // given to who asked for none
    Vector<Lease> leases;    // of those who are on the network
    Vector<Lease> returned;  // the newest last: theirs again when they are free
};

// Found beside the types (json.h), so not in the unnamed namespace.
static std::span<const json::Field> fields_of(const Lease*);
static std::span<const json::Field> fields_of(const LeaseBook*);

namespace {

constexpr size_t kMaxReturned = 64;

// clang-format off
constexpr json::Field kLease[] = {
    json::field<&Lease::container>("container"),
    json::field<&Lease::address>  ("address"),
    json::field<&Lease::address6> ("address6", json::optional),
    json::field<&Lease::names>    ("names", json::optional),
};
constexpr json::Field kBook[] = {
    json::field<&LeaseBook::version> ("version"),
    json::field<&LeaseBook::last>    ("last", json::optional),
    json::field<&LeaseBook::last6>   ("last6", json::optional),
    json::field<&LeaseBook::leases>  ("leases", json::optional),
    json::field<&LeaseBook::returned>("returned", json::optional),
};
// clang-format on

String file_of(const String& network_id)
{
    return network_id + ".json";
}

Result<void> write_book(const Fd& directory, const String& network_id, const LeaseBook& book)
{
    return fs::replace(directory, file_of(network_id), json::write(book) + "\n", 0600,
                       fs::Durable::no);
}

// What containers have on record (wiring.h): all that is not lost with the file.
Result<LeaseBook> rebuild_book(const Fd& directory, const String& network_id)
{
    LeaseBook book;
    Fd run = TRY(fs::make_directory(directory, "../run", 0711));
    for (const String& id : TRY(fs::list(run))) {
        auto container = sys::open_at(run, id, O_RDONLY | O_DIRECTORY);
        auto wiring = container ? read_wiring(*container) : std::move(container).error();
        if (!wiring && (wiring.error().is(ENOENT) || wiring.error().is(EBADMSG)))
            continue;
        for (Endpoint& endpoint : TRY(std::move(wiring)).endpoints) {
            if (endpoint.network_id != network_id || endpoint.address.empty())
                continue;
            Lease& lease = book.leases.emplace_back();
            lease.container = id;
            lease.address = endpoint.address.substr(0, endpoint.address.find('/'));
            lease.address6 = endpoint.address6.substr(0, endpoint.address6.find('/'));
            lease.names = std::move(endpoint.names);
        }
    }
    return book;
}

Result<LeaseBook> read_book(const Fd& directory, const String& network_id)
{
    auto text = fs::read(directory, file_of(network_id), json::kMaxBytes);
    auto book = text ? json::parse<LeaseBook>(text.take()) : std::move(text).error();
    if (book)
        return book;
    if (!book.error().is(ENOENT)) {
        auto path = sys::path_of(directory);
        log::warn("%s/%s: %s; it is made anew from what running containers have on record",
                  path ? path->c_str() : "", file_of(network_id).c_str(),
                  book.error().message().c_str());
    }
    return rebuild_book(directory, network_id);
}

// Takes the container's lease out of `leases`; an empty one when there is none.
Lease take_out(Vector<Lease>& leases, const String& container)
{
    for (size_t i = 0; i < leases.size(); i++)
        if (leases[i].container == container) {
            Lease lease = std::move(leases[i]);
            leases.erase(leases.begin() + i);
            return lease;
        }
    return {};
}

// The addresses of one family.
class Room {
public:
    static Result<Room> open(const Network& network, const Pool& pool, const Vector<Lease>& leases)
    {
        Subnet subnet = TRY(Subnet::parse(pool.subnet));
        Subnet range = pool.range.empty() ? subnet : TRY(Subnet::parse(pool.range));
        return Room(network, subnet, range, TRY(Address::parse(pool.gateway)), leases);
    }

    // `before`: what it had last; `last`: what somebody was given last, which is replaced.
    Result<String> choose(const String& wished, const String& before, String& last) const
    {
        if (!wished.empty())
            return grant(TRY(Address::parse(wished)));
        auto earlier = Address::parse(before);
        if (earlier && subnet_.contains(*earlier) && is_free(*earlier))
            return earlier->text();
        auto latest = Address::parse(last);
        Address candidate = latest ? latest->next() : range_.base;
        // Of so many, one is nobody's; when they are fewer in all, each is tried.
        for (size_t tries = leases_.size() + kOwnAddresses + 1; tries--;) {
            if (!range_.contains(candidate))
                candidate = range_.base;
            if (is_free(candidate)) {
                last = candidate.text();
                return last;
            }
            candidate = candidate.next();
        }
        return Error(ENOSPC, "network \"%s\" has no free address in %s", network_.name.c_str(),
                     range_.text().c_str())
            .with_hint("stop a container that is on it, or make a network with a larger --subnet");
    }

private:
    static constexpr size_t kOwnAddresses = 3;  // the subnet's, the gateway's, broadcast

    Room(const Network& network, const Subnet& subnet, const Subnet& range, const Address& gateway,
         const Vector<Lease>& leases)
        : network_(network), leases_(leases), subnet_(subnet), range_(range), gateway_(gateway)
    {
    }

    bool is_own(const Address& address) const
    {
        return address == subnet_.base || (!address.is_v6() && address == subnet_.last());
    }
    const Lease* holder(const Address& address) const
    {
        String text = address.text();
        for (const Lease& lease : leases_)
            if (text == (address.is_v6() ? lease.address6 : lease.address))
                return &lease;
        return nullptr;
    }
    bool is_free(const Address& address) const
    {
        return !is_own(address) && address != gateway_ && !holder(address);
    }
    Result<String> grant(const Address& address) const
    {
        String text = address.text();
        if (!subnet_.contains(address) || is_own(address))
            return Error(EINVAL, "%s is no address for a container in %s of network \"%s\"",
                         text.c_str(), subnet_.text().c_str(), network_.name.c_str());
        const Lease* other = holder(address);
        if (other || address == gateway_)
            return Error(EADDRINUSE, "%s on network \"%s\" is taken by %s%.12s", text.c_str(),
                         network_.name.c_str(), other ? "container " : "its gateway",
                         other ? other->container.c_str() : "");
        return text;
    }

    const Network& network_;
    const Vector<Lease>& leases_;
    Subnet subnet_, range_;
    Address gateway_;
};

String with_prefix(const String& address, const Pool& pool)
{
    return address + pool.subnet.substr(pool.subnet.find('/'));
}

}  // namespace

std::span<const json::Field> fields_of(const Lease*)
{
    return kLease;
}
std::span<const json::Field> fields_of(const LeaseBook*)
{
    return kBook;
}

Result<Leases> Leases::open(const String& state)
{
    return Leases(TRY(fs::make_directories(state + "/network", 0700)));
}

Result<Leases> Leases::lock(const String& state, bool wait)
{
    Leases leases = TRY(open(state));
    const Fd& directory = leases.directory_;
    if (wait)
        TRY(sys::lock(directory, sys::Lock::exclusive));
    else if (!TRY(sys::try_lock(directory, sys::Lock::exclusive)))
        return Error(EAGAIN, "networks are being changed");
    fs::remove_temporaries(directory);  // nobody else writes now: they are of one who was killed
    return leases;
}

Result<Endpoint> Leases::take(const Network& network, const String& container, const Wish& wish,
                              bool keep) const
{
    LeaseBook book = TRY(read_book(directory_, network.id));
    Lease lease = take_out(book.leases, container);
    Lease returned = take_out(book.returned, container);
    if (lease.container.empty())
        lease = std::move(returned);

    Endpoint endpoint;
    const Pool* pool = network.pool(false);
    if (!pool)
        return Error(EINVAL, "network \"%s\" has no addresses", network.name.c_str());
    Room room = TRY(Room::open(network, *pool, book.leases));
    lease.address = TRY(room.choose(wish.address, lease.address, book.last));
    endpoint.address = with_prefix(lease.address, *pool);
    endpoint.gateway = network.internal ? "" : pool->gateway;
    if (const Pool* six = network.pool(true)) {
        Room room6 = TRY(Room::open(network, *six, book.leases));
        lease.address6 = TRY(room6.choose(wish.address6, lease.address6, book.last6));
        endpoint.address6 = with_prefix(lease.address6, *six);
        endpoint.gateway6 = network.internal ? "" : six->gateway;
    } else if (!wish.address6.empty()) {
        return Error(EINVAL, "%s: network \"%s\" has no IPv6", wish.address6.c_str(),
                     network.name.c_str())
            .with_hint("make one with \"kist network create --ipv6\"");
    }
    lease.container = container;
    lease.names = wish.names;

    endpoint.network = network.name;
    endpoint.network_id = network.id;
    endpoint.bridge = network.link;
    endpoint.mac = wish.mac.empty() ? Mac::of(TRY(Address::parse(lease.address))).text() : wish.mac;
    endpoint.names = wish.names;
    endpoint.resolves = network.name != kDefaultNetwork;
    book.leases.push_back(std::move(lease));
    if (keep)
        TRY(write_book(directory_, network.id, book));
    return endpoint;
}

Result<Endpoint> Leases::take(const Network& network, const String& container,
                              const Wish& wish) const
{
    return take(network, container, wish, true);
}

Result<void> Leases::check(const Network& network, const String& container, const Wish& wish) const
{
    auto tried = take(network, container, wish, false);
    return tried ? Result<void>() : std::move(tried).error();
}

Result<void> Leases::release(const String& network_id, const String& container) const
{
    LeaseBook book = TRY(read_book(directory_, network_id));
    Lease lease = take_out(book.leases, container);
    if (lease.container.empty())
        return {};
    lease.names.clear();
    if (book.returned.size() >= kMaxReturned)
        book.returned.erase(book.returned.begin());
    book.returned.push_back(std::move(lease));
    return write_book(directory_, network_id, book);
}

Result<void> Leases::remove(const String& network_id) const
{
    return fs::remove_tree(directory_, file_of(network_id));
}

Result<Vector<Lease>> Leases::list(const String& network_id) const
{
    return TRY(read_book(directory_, network_id)).leases;
}

}  // namespace kist::network
