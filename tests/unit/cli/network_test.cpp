// network_test.cpp - cli/network.h: what ps, port, inspect and network ls show.

#include "cli/network.h"

#include "check.h"

namespace kist::cli {
namespace {

using network::Protocol;

Listed on_web()
{
    Listed listed;
    listed.spec.id = String(64, 'c');
    listed.spec.network = container::Namespace::own;
    listed.spec.attachments.push_back({"web", "10.1.0.9", "", "", {"www"}});
    listed.spec.exposed = {"80/tcp", "9000-9001/udp"};
    listed.spec.published = {{"", 8080, 80, 0, Protocol::tcp}, {"", 0, 53, 0, Protocol::udp}};
    return listed;
}

Listed running()
{
    Listed listed = on_web();
    network::Endpoint endpoint = {.network = "web", .network_id = "abc"};
    endpoint.address = "10.1.0.9/24";
    endpoint.gateway = "10.1.0.1";
    endpoint.mac = "02:42:0a:01:00:09";
    listed.wiring.endpoints.push_back(endpoint);
    listed.wiring.ports = {{"", 8080, 80, 0, Protocol::tcp},
                           {"127.0.0.1", 7000, 70, 0, Protocol::udp},
                           {"127.0.0.1", 7001, 71, 0, Protocol::udp},
                           {"127.0.0.1", 7002, 72, 0, Protocol::udp},
                           {"::1", 7003, 73, 0, Protocol::udp}};
    return listed;
}

TEST(PortsText, IsDockersWithRangesAndWhatIsOnlyExposed)
{
    EXPECT_EQ(ports_text(running()),
              "0.0.0.0:8080->80/tcp, 127.0.0.1:7000-7002->70-72/udp, [::1]:7003->73/udp, "
              "9000/udp, 9001/udp");
    Listed six = running();
    six.wiring.endpoints[0].address6 = "fd00::9/64";
    EXPECT_TRUE(ports_text(six).starts_with("0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, "));
    EXPECT_EQ(ports_text(on_web()), "");  // it does not run
    EXPECT_EQ(ports_text(Listed()), "");
}

String text_of(void (*write)(json::Text& out, const Listed& listed), const Listed& listed)
{
    json::Text out;
    write(out, listed);
    return std::move(out).take();
}

TEST(PortsDocument, HasEachPortOnceWithAllItsPlaces)
{
    Listed listed = running();
    listed.wiring.ports = {{"", 8080, 80, 0, Protocol::tcp},
                           {"127.0.0.1", 53, 53, 0, Protocol::udp},
                           {"127.0.0.1", 81, 80, 0, Protocol::tcp}};
    listed.spec.exposed = {"80/tcp", "80/udp"};
    EXPECT_EQ(text_of(write_ports, listed),
              R"({"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"8080"},)"
              R"({"HostIp":"127.0.0.1","HostPort":"81"}],)"
              R"("53/udp":[{"HostIp":"127.0.0.1","HostPort":"53"}],"80/udp":null})");
    EXPECT_EQ(text_of(write_ports, on_web()), "{}");
    EXPECT_EQ(text_of(write_port_bindings, on_web()),
              R"({"80/tcp":[{"HostIp":"","HostPort":"8080"}],)"
              R"("53/udp":[{"HostIp":"","HostPort":""}]})");
    EXPECT_EQ(text_of(write_exposed_ports, on_web()),
              R"({"80/tcp":{},"9000/udp":{},"9001/udp":{}})");
}

TEST(NetworkSettings, AreThoseOfWhatRunsAndWhatWasAskedFor)
{
    String text = text_of(write_network_settings, running());
    for (const char* part :
         {R"("Gateway":"10.1.0.1","IPAddress":"10.1.0.9","IPPrefixLen":24,)",
          R"("web":{"IPAMConfig":{"IPv4Address":"10.1.0.9"},"Aliases":["www"],)",
          R"("NetworkID":"abc","EndpointID":")", R"("MacAddress":"02:42:0a:01:00:09")"})
        EXPECT_NE(text.find(part), String::npos) << part << text;
    text = text_of(write_network_settings, on_web());
    EXPECT_NE(text.find(R"("IPAddress":"","IPPrefixLen":0)"), String::npos);
    EXPECT_NE(text_of(write_network_settings, Listed()).find(R"("Networks":{"host":{)"),
              String::npos);
}

TEST(NetworkNames, AreThoseOfTheSpec)
{
    Listed listed = on_web();
    EXPECT_EQ(joined(network_names(listed.spec), " "), "web");
    EXPECT_EQ(service::network_mode(listed.spec), "web");
    container::Spec spec;
    EXPECT_EQ(joined(network_names(spec), " "), "host");
    spec.network = container::Namespace::own;
    EXPECT_EQ(service::network_mode(spec), "none");  // taken off its last one
    spec.network_of = "abc";
    EXPECT_EQ(service::network_mode(spec), "container:abc");
    EXPECT_TRUE(network_names(spec).empty());
}

// Which of these the filters let through: front (labelled), bridge, host.
String filtered(const Vector<String>& words, FilterUse use = FilterUse::list)
{
    auto conditions = parse_network_filters(words, use);
    if (!conditions)
        return conditions.error().message();
    Network front = {.name = "front", .id = "f1", .created = "2026-01-02T00:00:00Z", .link = "br"};
    front.labels = {{"tier", "web"}, {"plain", ""}};
    Network bridge = {.name = "bridge", .id = "b1", .created = "2026-01-02T00:00:00Z"};
    bridge.link = "kist0";
    Network host = {.name = "host", .id = "a1"};
    String names;
    for (const Network* each : {&front, &bridge, &host})
        if (match_network(*conditions, {*each, each == &bridge}))
            names += " " + each->name;
    return names;
}

TEST(NetworkFilters, AreDockers)
{
    struct {
        Vector<String> words;
        const char* names;
    } rows[] = {
        {{}, " front bridge host"},
        {{"name=r"}, " front bridge"},
        {{"name=^host$"}, " host"},
        {{"name=^ridge"}, ""},
        {{"name=front", "name=host"}, " front host"},
        {{"id=b"}, " bridge"},
        {{"label=tier"}, " front"},
        {{"label=tier=web", "label=plain"}, " front"},
        {{"label=tier=db"}, ""},
        {{"label!=tier"}, " bridge host"},
        {{"driver=host"}, " host"},
        {{"type=custom"}, " front"},
        {{"type=builtin"}, " bridge host"},
        {{"dangling=true"}, " front"},
        {{"scope=local"}, " front bridge host"},
        {{"until=2026-01-03"}, " front bridge"},
        {{"until=2026-01-01"}, ""},
        {{"colour=red"}, "--filter: \"colour\" is not known"},
        {{"until=never"}, "--filter until=never"},
    };
    for (auto& row : rows)
        EXPECT_TRUE(filtered(row.words).starts_with(row.names) &&
                    (*row.names || filtered(row.words).empty()))
            << joined(row.words, " ") << filtered(row.words);
    EXPECT_EQ(filtered({"name=x"}, FilterUse::prune), "--filter: \"name\" is not known");
    EXPECT_EQ(filtered({"label=tier"}, FilterUse::prune), " front");
}

}  // namespace
}  // namespace kist::cli
