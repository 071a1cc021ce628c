// leases_test.cpp - network/leases.h.

#include "network/leases.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/str.h"
#include "check.h"
#include "temporary.h"

namespace kist::network {
namespace {

Network a_network(const char* subnet = "10.1.0.0/24", const char* range = "")
{
    Network network;
    network.name = "web";
    network.id = "abcdef";
    network.link = "br-abcdef";
    network.pools.push_back({subnet, "10.1.0.1", range});
    return network;
}

String given(const Leases& leases, const Network& network, const char* container,
             const Wish& wish = {})
{
    auto endpoint = leases.take(network, container, wish);
    return endpoint ? endpoint->address : endpoint.error().message();
}

TEST(Leases, GiveOutOneAddressAfterTheOther)
{
    test::TemporaryDirectory state;
    Leases leases = MUST(Leases::lock(state.path()));
    Network network = a_network();
    Endpoint endpoint = MUST(leases.take(network, "a", {.names = {"one", "uno"}}));
    EXPECT_EQ(endpoint.address, "10.1.0.2/24");
    EXPECT_EQ(endpoint.gateway, "10.1.0.1");
    EXPECT_EQ(endpoint.mac, "02:42:0a:01:00:02");
    EXPECT_EQ(endpoint.bridge, "br-abcdef");
    EXPECT_EQ(endpoint.network_id, "abcdef");
    EXPECT_EQ(endpoint.names[1], "uno");
    EXPECT_TRUE(endpoint.resolves);
    EXPECT_EQ(endpoint.address6, "");
    EXPECT_EQ(given(leases, network, "b"), "10.1.0.3/24");
    // Not at once to another, but to the one that had it.
    MUST(leases.release("abcdef", "a"));
    EXPECT_EQ(given(leases, network, "c"), "10.1.0.4/24");
    EXPECT_EQ(given(leases, network, "a"), "10.1.0.2/24");
    MUST(leases.release("abcdef", "never"));

    Vector<Lease> all = MUST(leases.list("abcdef"));
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[2].container, "a");
    EXPECT_TRUE(all[2].names.empty());
    MUST(leases.remove("abcdef"));
    MUST(leases.remove("abcdef"));
    EXPECT_TRUE(MUST(leases.list("abcdef")).empty());
}

TEST(Leases, WhoIsThereStaysAndGetsItsNewNames)
{
    test::TemporaryDirectory state;
    Leases leases = MUST(Leases::open(state.path()));
    Network network = a_network();
    MUST(leases.take(network, "a", {.names = {"one"}}));
    EXPECT_EQ(given(leases, network, "a", {.names = {"two"}}), "10.1.0.2/24");
    EXPECT_EQ(given(leases, network, "a", {.address = "10.1.0.77"}), "10.1.0.77/24");
    Vector<Lease> all = MUST(leases.list("abcdef"));
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].address, "10.1.0.77");
}

// A container that has an address on record.
void record(const String& state, const char* id, const char* address)
{
    Wiring wiring;
    wiring.container = id;
    Endpoint& endpoint = wiring.endpoints.emplace_back();
    endpoint.network_id = "abcdef";
    endpoint.address = address;
    endpoint.names = {String(id) + "-name"};
    wiring.endpoints.emplace_back().network_id = "abcdef";  // never finished
    Fd directory = MUST(fs::make_directories(state + "/run/" + id, 0700));
    MUST(write_wiring(directory, wiring));
}

TEST(Leases, AFileThatIsNotWholeIsMadeAnewFromWhatContainersHaveOnRecord)
{
    Network network = a_network();
    for (const char* damage : {"", "{", "fifo", "link", "huge", "missing"}) {
        SCOPED_TRACE(damage);
        test::TemporaryDirectory state;
        Leases leases = MUST(Leases::lock(state.path()));
        Fd place = MUST(sys::open(state.path() + "/network", O_RDONLY | O_DIRECTORY));
        record(state.path(), "one", "10.1.0.2/24");
        record(state.path(), "two", "10.1.0.4/24");
        Fd lost = MUST(fs::make_directories(state.path() + "/run/lost", 0700));
        MUST(fs::replace(lost, kWiringFile, "{"));
        String path = state.path() + "/network/abcdef.json";
        std::string_view kind = damage;
        if (kind == "fifo") {
            ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
        } else if (kind == "link") {
            ASSERT_EQ(::symlink("abcdef.json", path.c_str()), 0);
        } else if (kind == "huge") {
            Fd file = MUST(sys::open(path, O_WRONLY | O_CREAT, 0600));
            ASSERT_EQ(::ftruncate(file.get(), 1 << 30), 0);
        } else if (kind != "missing") {
            MUST(fs::replace(place, "abcdef.json", damage));
        }
        EXPECT_EQ(MUST(leases.list("abcdef")).size(), 2U);
        EXPECT_EQ(given(leases, network, "new"), "10.1.0.3/24");
        EXPECT_EQ(given(leases, network, "newer"), "10.1.0.5/24");
        EXPECT_EQ(given(leases, network, "two"), "10.1.0.4/24");
        Vector<Lease> all = MUST(leases.list("abcdef"));
        ASSERT_EQ(all.size(), 4U);
        EXPECT_EQ(all[0].names[0], all[0].container + "-name");
    }
}

TEST(Leases, WhoLeavesIsNotKeptByAFileThatIsNotWhole)
{
    test::TemporaryDirectory state;
    Leases leases = MUST(Leases::open(state.path()));
    record(state.path(), "one", "10.1.0.2/24");
    Fd place = MUST(sys::open(state.path() + "/network", O_RDONLY | O_DIRECTORY));
    MUST(fs::replace(place, "abcdef.json", "{"));
    MUST(leases.release("abcdef", "one"));
    EXPECT_TRUE(MUST(leases.list("abcdef")).empty());
}

TEST(Leases, AreCheckedWithoutBeingTaken)
{
    test::TemporaryDirectory state;
    Leases leases = MUST(Leases::open(state.path()));
    Network network = a_network();
    EXPECT_OK(leases.check(network, "a", {.address = "10.1.0.9"}));
    EXPECT_TRUE(MUST(leases.list("abcdef")).empty());
    MUST(leases.take(network, "b", {.address = "10.1.0.9"}));
    auto taken = leases.check(network, "a", {.address = "10.1.0.9"});
    EXPECT_TRUE(!taken && taken.error().is(EADDRINUSE));
}

TEST(Leases, AreLockedByOneAtATime)
{
    test::TemporaryDirectory state;
    Leases leases = MUST(Leases::lock(state.path(), false));
    auto second = Leases::lock(state.path(), false);
    EXPECT_TRUE(!second && second.error().is(EAGAIN));
    leases.close();
    EXPECT_TRUE(Leases::lock(state.path(), false));
}

TEST(Leases, WishesAreGrantedOrRefusedWithAReason)
{
    test::TemporaryDirectory state;
    Leases leases = MUST(Leases::open(state.path()));
    Network network = a_network("10.1.0.0/24", "10.1.0.128/25");
    EXPECT_EQ(given(leases, network, "a"), "10.1.0.128/24");
    // What is asked for may be outside of the range.
    EXPECT_EQ(given(leases, network, "b", {.address = "10.1.0.9"}), "10.1.0.9/24");
    Endpoint endpoint = MUST(leases.take(network, "m", {.mac = "02:00:00:00:00:01"}));
    EXPECT_EQ(endpoint.mac, "02:00:00:00:00:01");

    struct {
        const char *address, *address6;
        int code;
        const char* message;
    } rows[] = {
        {"10.1.0.9", "", EADDRINUSE, "is taken by container b"},
        {"10.1.0.1", "", EADDRINUSE, "is taken by its gateway"},
        {"10.1.0.0", "", EINVAL, "is no address for a container in 10.1.0.0/24"},
        {"10.1.0.255", "", EINVAL, "is no address for a container"},
        {"10.1.1.1", "", EINVAL, "is no address for a container"},
        {"", "fd00::9", EINVAL, "has no IPv6"},
    };
    for (auto& row : rows) {
        EXPECT_ERROR(leases.take(network, "c", {.address = row.address, .address6 = row.address6}),
                     row.code, row.message);
    }
    EXPECT_EQ(MUST(leases.list("abcdef")).size(), 3U);
}

TEST(Leases, AFullSubnetSaysSoAndGoesOnWhenOneIsFree)
{
    test::TemporaryDirectory state;
    Leases leases = MUST(Leases::open(state.path()));
    Network network = a_network("10.1.0.0/29");
    for (int i = 2; i < 7; i++)
        EXPECT_EQ(given(leases, network, str::format("c%d", i).c_str()),
                  str::format("10.1.0.%d/29", i));
    EXPECT_ERROR(leases.take(network, "more", {}), ENOSPC, "\"web\" has no free address");
    MUST(leases.release("abcdef", "c4"));
    EXPECT_EQ(given(leases, network, "more"), "10.1.0.4/29");
    EXPECT_ERROR(leases.take(network, "c4", {}), ENOSPC, "no free address");
    // Its former one is another's now.
    MUST(leases.release("abcdef", "c2"));
    EXPECT_EQ(given(leases, network, "c4"), "10.1.0.2/29");
}

TEST(Leases, HaveIPv6BesideIPv4)
{
    test::TemporaryDirectory state;
    Leases leases = MUST(Leases::open(state.path()));
    Network network = a_network();
    network.pools.push_back({"fd00:1::/64", "fd00:1::1", ""});
    network.name = "bridge";
    Endpoint first = MUST(leases.take(network, "a", {}));
    EXPECT_EQ(first.address6, "fd00:1::2/64");
    EXPECT_EQ(first.gateway6, "fd00:1::1");
    EXPECT_FALSE(first.resolves);
    network.internal = true;
    Endpoint second = MUST(leases.take(network, "b", {.address6 = "fd00:1::ff:1"}));
    EXPECT_EQ(second.address6, "fd00:1::ff:1/64");
    EXPECT_EQ(second.gateway, "");
    EXPECT_EQ(second.gateway6, "");
    EXPECT_ERROR(leases.take(network, "c", {.address6 = "fd00:1:0:0:0::ff:1"}), EADDRINUSE,
                 "container b");
}

TEST(Leases, AreNeverGivenTwiceByProcessesAtOnce)
{
    constexpr int kProcesses = 4, kEach = 25;
    test::TemporaryDirectory state;
    Leases book = MUST(Leases::open(state.path()));
    Network network = a_network();
    pid_t children[kProcesses];
    for (int p = 0; p < kProcesses; p++)
        if (children[p] = ::fork(); children[p] == 0) {
            for (int i = 0; i < kEach; i++) {
                auto leases = Leases::lock(state.path());
                if (!leases || !leases->take(network, str::format("c%d-%d", p, i), {}))
                    ::_exit(1);
                if (i % 5 == 4 && !leases->release("abcdef", str::format("c%d-%d", p, i)))
                    ::_exit(1);
            }
            ::_exit(0);
        }
    for (pid_t child : children) {
        int status = -1;
        ::waitpid(child, &status, 0);
        EXPECT_EQ(status, 0);
    }
    Vector<Lease> all = MUST(book.list("abcdef"));
    EXPECT_EQ(all.size(), size_t(kProcesses * kEach * 4 / 5));
    for (size_t i = 0; i < all.size(); i++)
        for (size_t j = 0; j < i; j++)
            EXPECT_NE(all[i].address, all[j].address);
}

}  // namespace
}  // namespace kist::network
