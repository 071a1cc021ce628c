// guests_test.cpp - network/guests.h: above all, what no container may reach.

#include "network/guests.h"

#include "namespaces.h"
#include "packets.h"

namespace kist::network {
namespace {

using test::address;

Guest guest(const char* id, const char* last)
{
    Guest made;
    made.container = id;
    Endpoint endpoint;
    endpoint.network = "web";
    endpoint.network_id = "n1";
    endpoint.bridge = "br-n1";
    endpoint.address = String("172.18.0.") + last + "/16";
    endpoint.gateway = "172.18.0.1";
    endpoint.address6 = String("fd00:18::") + last + "/64";
    endpoint.gateway6 = "fd00:18::1";
    made.endpoints = {endpoint};
    return made;
}

Guest internal_guest()
{
    Guest made = guest("cafe", "9");
    made.endpoints[0].address = "172.19.0.9/16";
    made.endpoints[0].gateway = "";
    made.endpoints[0].address6 = "fd00:19::9/64";
    made.endpoints[0].gateway6 = "";
    return made;
}

// Where what is sent there goes; "" is nowhere.
String goes(const Guests& guests, const char* from, const char* to, uint16_t port = 80,
            Protocol protocol = Protocol::tcp)
{
    auto found = guests.destination({{address(from), 40000}, {address(to), port}}, protocol);
    return found ? found->address.text() + " " + test::to_text(found->port) : String();
}

TEST(Guest, IsToldAsJson)
{
    Guest first = guest("c0ffee", "2");
    first.ports.push_back({"127.0.0.1", 8080, 80, 0, Protocol::udp});
    first.host_loopback = true;
    Guest second = MUST(Guest::parse(first.json()));
    EXPECT_EQ(second.json(), first.json());
    EXPECT_EQ(second.container, "c0ffee");
    EXPECT_EQ(second.endpoints[0].address6, "fd00:18::2/64");
    EXPECT_EQ(second.ports, first.ports);
    EXPECT_TRUE(second.host_loopback);
    EXPECT_EQ(address_of(second.endpoints[0], false), address("172.18.0.2"));
    EXPECT_EQ(address_of(second.endpoints[0], true), address("fd00:18::2"));
}

TEST(Guest, IsRefusedWhenItIsNotOne)
{
    void (*const kMistakes[])(Guest&) = {
        [](Guest& made) { made.version = 2; },
        [](Guest& made) { made.container = ""; },
        [](Guest& made) {
            made.ports = Vector<Port>(1025, {"", 80, 80, 0, Protocol::tcp});
        },
        [](Guest& made) { made.endpoints = Vector<Endpoint>(257, made.endpoints[0]); },
    };
    for (auto& mistake : kMistakes) {
        Guest wrong = guest("c0ffee", "2");
        mistake(wrong);
        EXPECT_ERROR(Guest::parse(wrong.json()), EBADMSG, "cannot serve a container")
            << &mistake - kMistakes;
    }
    for (const char* text : {"", "{}", "[]", "{\"version\": 1}", "{\"version\": \"1\"}"})
        EXPECT_ERROR(Guest::parse(text), EBADMSG, "") << text;
}

TEST(Guests, WhoseAddressesAreNoneAreNobody)
{
    Guests guests;
    Guest odd = guest("c0ffee", "2");
    odd.endpoints[0] = {.address = "172.18.0.2", .gateway = "nonsense", .address6 = "/64"};
    guests.add(MUST(Guest::parse(odd.json())));
    EXPECT_EQ(goes(guests, "172.18.0.2", "203.0.113.9"), "");
    EXPECT_EQ(address_of(odd.endpoints[0], true).size, 0);
    odd.endpoints[0].address = "172.18.0.2/4294967295";
    guests.add(odd);
    for (const char* client : {"172.18.0.9", "203.0.113.9", "2001:db8::9"})
        EXPECT_EQ(
            guests.owner(guests.seen_as({address(client), 1}, odd.endpoints[0]).address).guest,
            nullptr);
}

TEST(Guests, AreAddedReplacedAndRemoved)
{
    Guests guests;
    EXPECT_TRUE(guests.empty());
    guests.add(guest("c0ffee", "2"));
    guests.add(guest("decaf", "22"));
    EXPECT_EQ(guests.owner(address("172.18.0.2")).guest->container, "c0ffee");
    EXPECT_EQ(guests.owner(address("172.18.0.22")).guest->container, "decaf");
    EXPECT_EQ(guests.owner(address("fd00:18::22")).endpoint->network, "web");
    EXPECT_EQ(guests.owner(address("172.18.0.1")).guest, nullptr);
    EXPECT_EQ(guests.owner(Address()).guest, nullptr);
    guests.add(guest("c0ffee", "3"));
    EXPECT_EQ(guests.owner(address("172.18.0.2")).guest, nullptr);
    EXPECT_EQ(guests.find("c0ffee")->endpoints[0].address, "172.18.0.3/16");
    guests.remove("c0ffee");
    EXPECT_EQ(guests.find("c0ffee"), nullptr);
    EXPECT_FALSE(guests.empty());
    guests.remove("decaf");
    EXPECT_TRUE(guests.empty());
}

TEST(Guests, ReachWhatIsElsewhere)
{
    Guests guests;
    guests.add(guest("c0ffee", "2"));
    for (const char* to : {"203.0.113.9", "10.0.0.1", "192.168.1.255", "169.254.169.254", "1.0.0.1",
                           "126.255.255.255", "128.0.0.0", "223.255.255.255", "255.255.255.254"})
        EXPECT_EQ(goes(guests, "172.18.0.2", to), String(to) + " 80");
    for (const char* to : {"2001:db8::9", "fd00:99::1", "64:ff9b::102:304",
                           "0:0:0:0:0:1::", "fec0::1", "::fffe:102:304"})
        EXPECT_EQ(goes(guests, "fd00:18::2", to), address(to).text() + " 80");
}

TEST(Guests, NeverReachWhatDoesNotLeaveAMachine)
{
    Guests guests;
    Guest asks = guest("c0ffee", "2");
    asks.host_loopback = true;  // is the gateway's, and nothing else's
    asks.ports = {{"", 80, 80, 0, Protocol::tcp}, {"", 80, 80, 0, Protocol::udp}};
    guests.add(asks);
    for (Protocol protocol : {Protocol::tcp, Protocol::udp}) {
        for (const char* to :
             {"0.0.0.0", "0.0.0.1", "0.255.255.255", "127.0.0.1", "127.0.0.53", "127.255.255.254",
              "224.0.0.1", "239.255.255.250", "255.255.255.255"})
            EXPECT_EQ(goes(guests, "172.18.0.2", to, 80, protocol), "") << to;
        for (const char* to : {"::", "::1", "::127.0.0.1", "::10.0.0.1", "::ffff:127.0.0.1",
                               "::ffff:0.0.0.0", "::ffff:203.0.113.9", "::ffff:172.18.0.1",
                               "fe80::1", "febf:ffff::1", "ff02::1", "ff0e::1", "ff05::2"})
            EXPECT_EQ(goes(guests, "fd00:18::2", to, 80, protocol), "") << to;
    }
    EXPECT_FALSE(guests.destination({{address("172.18.0.2"), 1}, {Address(), 80}}, Protocol::tcp));
}

// What the rules let pass between them does not come to us.
TEST(Guests, DoNotReachNetworksOfOurs)
{
    Guests guests;
    guests.add(guest("c0ffee", "2"));
    guests.add(internal_guest());
    for (const char* to : {"172.18.0.3", "172.18.255.254", "172.19.0.9", "172.19.1.1"})
        EXPECT_EQ(goes(guests, "172.18.0.2", to), "") << to;
    for (const char* to : {"fd00:18::3", "fd00:19::9", "fd00:19::1"})
        EXPECT_EQ(goes(guests, "fd00:18::2", to), "") << to;
    EXPECT_EQ(goes(guests, "172.18.0.2", "172.20.0.1"), "172.20.0.1 80");
}

TEST(Guests, AreOnlyThoseThatWeKnowAndThatHaveAWayOut)
{
    Guests guests;
    guests.add(guest("c0ffee", "2"));
    guests.add(internal_guest());
    for (const char* from : {"172.18.0.3", "172.18.0.1", "172.18.0.20", "127.0.0.1", "0.0.0.0",
                             "203.0.113.1", "172.19.0.9"})
        EXPECT_EQ(goes(guests, from, "203.0.113.9"), "") << from;
    for (const char* from :
         {"fd00:18::3", "::ffff:172.18.0.2", "::172.18.0.2", "::1", "fe80::2", "fd00:19::9"})
        EXPECT_EQ(goes(guests, from, "2001:db8::9"), "") << from;
    // Nor in the other family.
    EXPECT_EQ(goes(guests, "172.18.0.2", "2001:db8::9"), "");
    EXPECT_EQ(goes(guests, "fd00:18::2", "203.0.113.9"), "");
    // Nor another network's gateway from where there is none.
    EXPECT_EQ(goes(guests, "172.19.0.9", "172.18.0.1"), "");
}

TEST(Guests, ReachThisMachineByTheirGatewayButNotItsLoopback)
{
    test::in_new_network([] {
        Guests guests;
        guests.add(guest("c0ffee", "2"));
        Guest other = guest("decaf", "3");
        other.endpoints[0].gateway = "172.20.0.1";
        other.endpoints[0].gateway6 = "fd00:20::1";
        guests.add(other);
        // A machine that reaches nobody has no such address.
        ASSERT_EQ(::system("ip link set lo up"), 0);
        EXPECT_EQ(goes(guests, "172.18.0.2", "172.18.0.1"), "");
        EXPECT_EQ(goes(guests, "fd00:18::2", "fd00:18::1"), "");
        // One whose way out is its loopback has none either.
        ASSERT_EQ(::system("ip route add default dev lo; ip -6 route add default dev lo"), 0);
        EXPECT_EQ(goes(guests, "172.18.0.2", "172.18.0.1"), "");
        EXPECT_EQ(goes(guests, "fd00:18::2", "fd00:18::1"), "");
        ASSERT_EQ(::system("ip route del default dev lo; ip -6 route del default dev lo;"
                           "ip link add up0 type veth peer name up1; "
                           "ip link set up0 up; ip link set up1 up; "
                           "ip addr add 198.51.100.7/24 dev up0; ip route add default dev up0; "
                           "ip addr add 2001:db8:7::7/64 dev up0 nodad; "
                           "ip -6 route add default dev up0"),
                  0);
        for (const char* then : {"true", "ip route del default; ip -6 route del default"}) {
            EXPECT_EQ(goes(guests, "172.18.0.2", "172.18.0.1"), "198.51.100.7 80");
            EXPECT_EQ(goes(guests, "fd00:18::2", "fd00:18::1"), "2001:db8:7::7 80");
            ASSERT_EQ(::system(then), 0);
        }
        // Another network's gateway is the same machine.
        EXPECT_EQ(goes(guests, "172.18.0.2", "172.20.0.1"), "198.51.100.7 80");
        EXPECT_EQ(goes(guests, "fd00:18::2", "fd00:20::1"), "2001:db8:7::7 80");
    });
}

TEST(Guests, ReachTheLoopbackByTheirGatewayWhereThatIsAllowed)
{
    Guests guests;
    Guest allowed = guest("c0ffee", "2");
    allowed.host_loopback = true;
    guests.add(allowed);
    EXPECT_EQ(goes(guests, "172.18.0.2", "172.18.0.1", 631), "127.0.0.1 631");
    EXPECT_EQ(goes(guests, "fd00:18::2", "fd00:18::1", 631), "::1 631");
    EXPECT_EQ(goes(guests, "172.18.0.2", "127.0.0.1", 631), "");
}

TEST(Guests, ReachPublishedPortsByTheirGateway)
{
    test::in_new_network([] {  // without an address of its own: what is not published is nowhere
        Guests guests;
        guests.add(guest("c0ffee", "2"));
        Guest serves = guest("decaf", "3");
        serves.ports = {
            {"", 8080, 80, 0, Protocol::tcp},          {"0.0.0.0", 8081, 80, 0, Protocol::tcp},
            {"::", 8082, 80, 0, Protocol::tcp},        {"", 8083, 80, 0, Protocol::udp},
            {"127.0.0.1", 8084, 80, 0, Protocol::tcp}, {"198.51.100.7", 8085, 80, 0, Protocol::tcp},
            {"::1", 8086, 80, 0, Protocol::tcp},
        };
        guests.add(serves);
        const struct {
            uint16_t port;
            Protocol protocol;
            bool four, six;
        } kRows[] = {
            {8080, Protocol::tcp, true, true},   {8080, Protocol::udp, false, false},
            {8081, Protocol::tcp, true, false},  {8082, Protocol::tcp, false, true},
            {8083, Protocol::udp, true, true},   {8083, Protocol::tcp, false, false},
            {8084, Protocol::tcp, false, false}, {8085, Protocol::tcp, false, false},
            {8086, Protocol::tcp, false, false}, {80, Protocol::tcp, false, false},
            {0, Protocol::udp, false, false},
        };
        for (auto& row : kRows) {
            String port = " " + test::to_text(row.port);
            EXPECT_EQ(goes(guests, "172.18.0.2", "172.18.0.1", row.port, row.protocol),
                      row.four ? "127.0.0.1" + port : String())
                << row.port;
            EXPECT_EQ(goes(guests, "fd00:18::2", "fd00:18::1", row.port, row.protocol),
                      row.six ? "::1" + port : String())
                << row.port;
            // The loopback itself stays where it is.
            EXPECT_EQ(goes(guests, "172.18.0.2", "127.0.0.1", row.port, row.protocol), "");
            EXPECT_EQ(goes(guests, "fd00:18::2", "::1", row.port, row.protocol), "");
        }
    });
}

TEST(Guests, SeeClientsAsTheyAreWhereAnswersComeBack)
{
    Guests guests;
    Endpoint both = guest("c0ffee", "2").endpoints[0];
    Endpoint four = both;
    four.address6 = four.gateway6 = "";
    Endpoint internal = internal_guest().endpoints[0];
    const struct {
        const char* client;
        const Endpoint& endpoint;
        const char* seen;
    } kRows[] = {
        {"203.0.113.9", both, "203.0.113.9"}, {"2001:db8::9", both, "2001:db8::9"},
        {"127.0.0.1", both, "172.18.0.1"},    {"::1", both, "fd00:18::1"},
        {"172.18.0.7", both, "172.18.0.1"},   {"172.18.0.2", both, "172.18.0.1"},
        {"172.17.0.7", both, "172.17.0.7"},   {"fd00:18::7", both, "fd00:18::1"},
        {"fe80::7", both, "fd00:18::1"},      {"2001:db8::9", four, "172.18.0.1"},
        {"::1", four, "172.18.0.1"},          {"203.0.113.9", four, "203.0.113.9"},
        {"203.0.113.9", internal, ""},        {"2001:db8::9", internal, ""},
    };
    for (auto& row : kRows) {
        SocketAddress seen = guests.seen_as({address(row.client), 5000}, row.endpoint);
        EXPECT_EQ(seen.address.text(), row.seen) << row.client;
        EXPECT_EQ(seen.port, String(row.seen) == row.client ? 5000 : 0) << row.client;
    }
}

}  // namespace
}  // namespace kist::network
