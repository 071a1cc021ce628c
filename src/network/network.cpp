// network.cpp - networks' records, and the subnets that they get.

#include "network/network.h"

#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/random.h"
#include "network/subnets.h"

namespace kist::network {

// Found beside the types (json.h), so not in the unnamed namespace.
static std::span<const json::Field> fields_of(const Pool*);
static std::span<const json::Field> fields_of(const Network*);

namespace {

constexpr size_t kIdDigits = 64;
constexpr size_t kLinkDigits = 12;
constexpr const char* kDefaultLink = "kist0";
constexpr size_t kMaxRecord = 1 << 20;
constexpr size_t kMaxNetworks = 1024;
constexpr std::string_view kRecord = ".json";
constexpr const char* kReserved[] = {kDefaultNetwork, "host", "none", "default"};

// clang-format off
constexpr json::Field kPool[] = {
    json::field<&Pool::subnet> ("subnet"),
    json::field<&Pool::gateway>("gateway"),
    json::field<&Pool::range>  ("range", json::optional),
};
constexpr json::Field kNetwork[] = {
    json::field<&Network::version> ("version"),
    json::field<&Network::name>    ("name"),
    json::field<&Network::id>      ("id"),
    json::field<&Network::created> ("created"),
    json::field<&Network::link>    ("link"),
    json::field<&Network::internal>("internal", json::optional),
    json::field<&Network::ipv6>    ("ipv6", json::optional),
    json::field<&Network::pools>   ("pools"),
    json::field<&Network::labels>  ("labels", json::optional),
    json::field<&Network::options> ("options", json::optional),
};

enum class Kind : uint8_t { boolean, number, address };
constexpr const char* kValues[] = {"give true or false", "give 68 to 65535", "give an IPv4 address"};
constexpr struct { const char* name; Kind kind; } kOptions[] = {
    {"com.docker.network.bridge.enable_icc",           Kind::boolean},
    {"com.docker.network.bridge.enable_ip_masquerade", Kind::boolean},
    {"com.docker.network.bridge.host_binding_ipv4",    Kind::address},
    {"com.docker.network.driver.mtu",                  Kind::number},
};
// clang-format on

bool fits(Kind kind, const String& value)
{
    bool truth;
    if (kind == Kind::boolean)
        return str::read_boolean(value, truth);
    if (kind == Kind::address) {
        auto address = Address::parse(value);
        return address && !address->is_v6();
    }
    auto number = str::to_integer(value);
    return number && *number >= kMinMtu && *number <= kMaxMtu;
}

Result<void> check_options(const Network& network)
{
    for (auto& [name, value] : network.options) {
        bool known = false;
        for (auto& row : kOptions) {
            if (name != row.name)
                continue;
            known = true;
            if (!fits(row.kind, value))
                return Error(EINVAL, "--opt %s: \"%s\" is no value for it", name.c_str(),
                             str::printable(value, 64).c_str())
                    .with_hint(kValues[size_t(row.kind)]);
        }
        if (known)
            continue;
        String all;
        for (auto& row : kOptions)
            all += all.empty() ? row.name : String(", ") + row.name;
        return Error(EINVAL, "--opt %s is not supported", str::printable(name, 128).c_str())
            .with_hint("there are " + all);
    }
    return {};
}

// Never one that is there: what kist makes it also takes away.  Another store's default network may
// have the usual name.  if_nametoindex(3) would have the kernel look for a module of that name.
String link_of(const Network& network)
{
    String there = String("/proc/sys/net/ipv4/conf/") + kDefaultLink;
    if (network.name == kDefaultNetwork && ::access(there.c_str(), F_OK) != 0)
        return kDefaultLink;
    return "br-" + network.id.substr(0, kLinkDigits);
}

int by_name(const void* left, const void* right)
{
    return strcmp((*static_cast<Network* const*>(left))->name.c_str(),
                  (*static_cast<Network* const*>(right))->name.c_str());
}

const Network* named(const Vector<Network>& networks, std::string_view name)
{
    for (const Network& network : networks)
        if (network.name == name)
            return &network;
    return nullptr;
}

Result<Network> read_record(const Fd& directory, const String& file)
{
    String text = TRY(fs::read(directory, file, kMaxRecord));
    Network network = TRY(json::parse<Network>(std::move(text)));
    if (network.version > Network().version)
        return Error(ENOTSUP, "it is of a newer kist (format %d)", network.version);
    return network;
}

}  // namespace

std::span<const json::Field> fields_of(const Pool*)
{
    return kPool;
}
std::span<const json::Field> fields_of(const Network*)
{
    return kNetwork;
}

std::string_view Network::text_option(std::string_view option_name) const
{
    for (auto& [key, value] : options)
        if (key == option_name)
            return value;
    return {};
}

bool Network::option(std::string_view option_name, bool otherwise) const
{
    (void)str::read_boolean(text_option(option_name), otherwise);
    return otherwise;
}

const Pool* Network::pool(bool six) const
{
    for (const Pool& each : pools)
        if ((each.subnet.find(':') != each.subnet.npos) == six)
            return &each;
    return nullptr;
}

bool is_reserved(std::string_view name)
{
    for (const char* each : kReserved)
        if (name == each)
            return true;
    return false;
}

Result<Networks> Networks::open(const Fd& root)
{
    return Networks(TRY(fs::make_directory(root, "networks", 0700)));
}

Result<Vector<Network>> Networks::read_all() const
{
    Vector<Network> found, sorted;
    Vector<Network*> order;
    for (const String& file : TRY(fs::list(directory_))) {
        if (file.starts_with('.') || !file.ends_with(kRecord))
            continue;
        auto network = read_record(directory_, file);
        if (network)
            found.push_back(network.take());
        else if (!network.error().is(ENOENT)) {
            auto path = sys::path_of(directory_);
            log::warn("the record of a network, %s/%s: %s; remove that file and make it anew",
                      path ? path->c_str() : "", file.c_str(), network.error().message().c_str());
        }
    }
    for (Network& network : found)
        order.push_back(&network);
    if (!order.empty())
        ::qsort(order.data(), order.size(), sizeof(Network*), by_name);
    for (Network* network : order)
        sorted.push_back(std::move(*network));
    return sorted;
}

Result<Vector<Network>> Networks::list() const
{
    Vector<Network> all = TRY(read_all());
    if (named(all, kDefaultNetwork))
        return all;
    auto added = add({.name = kDefaultNetwork});
    if (!added && !added.error().is(EEXIST))  // somebody else was faster
        return std::move(added).error();
    return read_all();
}

Result<Network> Networks::find(std::string_view name) const
{
    Vector<Network> all = TRY(list());
    Network* found = nullptr;
    bool several = false;
    for (Network& network : all) {
        if (network.name == name)
            return std::move(network);
        if (name.empty() || !network.id.starts_with(name))
            continue;
        several = found;
        found = &network;
    }
    if (several)
        return Error(EINVAL, "several networks' ids begin with %s",
                     str::printable(name, kIdDigits).c_str())
            .with_hint("give more digits, or the name");
    if (!found)
        return Error(ENOENT, "no network \"%s\"", str::printable(name, 128).c_str())
            .with_hint("\"kist network ls\" lists them, \"kist network create\" makes one");
    return std::move(*found);
}

Result<Network> Networks::make(Network network) const
{
    if (is_reserved(network.name))
        return Error(EEXIST, "network \"%s\" is there always", network.name.c_str())
            .with_hint("choose another name");
    return add(std::move(network));
}

Result<Network> Networks::add(Network network) const
{
    // Its own opening, so that it can be locked: not a file in it, which remove_temporaries()
    // takes.
    Fd lock = TRY(sys::open_at(directory_, ".", O_RDONLY | O_DIRECTORY));
    TRY(sys::lock(lock, sys::Lock::exclusive));
    fs::remove_temporaries(directory_);
    Vector<Network> others = TRY(read_all());
    if (named(others, network.name))
        return Error(EEXIST, "there is a network \"%s\" already", network.name.c_str())
            .with_hint("\"kist network rm\" removes it, or choose another name");
    if (others.size() >= kMaxNetworks)
        return Error(E2BIG, "there are %zu networks, the most there can be", kMaxNetworks)
            .with_hint("\"kist network prune\" removes those that are not used");
    TRY(check_options(network));
    network.id = random::hex(kIdDigits);
    network.created = clock::now_text();
    network.link = link_of(network);
    TRY(settle_pools(network, others));
    String text = json::write(network, json::Layout::pretty) + "\n";
    if (text.size() > kMaxRecord)
        return Error(E2BIG, "--label, --opt: more than a megabyte of them");
    TRY(fs::replace(directory_, network.id + kRecord, text));
    return network;
}

Result<void> Networks::remove(const Network& network) const
{
    auto removed = sys::unlink_at(directory_, network.id + kRecord);
    if (!removed && removed.error().is(ENOENT))
        return {};
    TRY(std::move(removed));
    return sys::fsync(directory_);
}

}  // namespace kist::network
