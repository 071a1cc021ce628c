// spec_network_test.cpp - container/spec_network.h.

#include "container/spec_network.h"

#include "check.h"

namespace kist::container {
namespace {

Result<Spec> made(const RunOptions& options)
{
    image::Image image;
    image.config.execution.cmd = {"serve"};
    image.config.execution.exposed_ports = {"80/tcp", "53/udp", "odd"};
    return make_spec(options, "app", &image, {});
}

TEST(SpecNetwork, IsABridgeUnlessSaid)
{
    RunOptions options;
    for (const char* word : {"", "bridge", "default"}) {
        if (*word)
            options.networks = {word};
        Spec spec = MUST(made(options));
        EXPECT_EQ(spec.network, Namespace::own);
        EXPECT_FALSE(spec.network_none);
        ASSERT_EQ(spec.attachments.size(), 1u);
        EXPECT_EQ(spec.attachments[0].network, "bridge");
    }
    options.networks = {"host"};
    EXPECT_EQ(MUST(made(options)).network, Namespace::host);
    EXPECT_TRUE(MUST(made(options)).attachments.empty());
    options.networks = {"none"};
    EXPECT_TRUE(MUST(made(options)).network_none);
    options.networks = {"container:web"};
    Spec spec = MUST(made(options));
    EXPECT_EQ(spec.network_of, "web");
    EXPECT_EQ(spec.network, Namespace::own);
    EXPECT_FALSE(spec.network_none);
}

TEST(SpecNetwork, AttachmentsAreReadInBothForms)
{
    for (const char* text : {"web:ip=10.0.0.5,ip6=fd00::5,alias=a,alias=b,mac=02:00:00:00:00:05",
                             "name=web,alias=a,ip6=fd00::5,mac-address=02:00:00:00:00:05,alias=b,"
                             "ip=10.0.0.5"}) {
        Attachment read = MUST(parse_attachment(text));
        EXPECT_EQ(read.network, "web");
        EXPECT_EQ(read.address, "10.0.0.5");
        EXPECT_EQ(read.address6, "fd00::5");
        EXPECT_EQ(read.mac, "02:00:00:00:00:05");
        EXPECT_EQ(read.aliases, (Vector<String>{"a", "b"}));
    }
    EXPECT_EQ(MUST(parse_attachment("web")).network, "web");
    EXPECT_EQ(MUST(parse_attachment("x:alias=a")).network, "x");
    struct {
        const char *text, *message;
    } rows[] = {
        {"", "cannot be a network's name"},
        {"a b", "cannot be a network's name"},
        {"web:colour=red", "unknown option \"colour\""},
        {"web:ip=fd00::1", "is an address of IPv6"},
        {"web:ip6=10.0.0.1", "is an address of IPv4"},
        {"web:ip=", "is no IP address"},
        {"web:mac=1", "is no address of a network card"},
        {"web:mac=03:42:ac:12:00:02", "is the address of a group"},
        {"web:mac=00:00:00:00:00:00", "is nobody's address"},
        {"web:alias=-x", "cannot be a host's name"},
    };
    for (auto& row : rows)
        EXPECT_ERROR(parse_attachment(row.text), EINVAL, row.message);
}

TEST(SpecNetwork, FlagsOfOneNetworkAreForTheFirst)
{
    RunOptions options;
    options.networks = {"front", "back:ip=10.1.0.9"};
    options.ip = "10.0.0.9";
    options.mac_address = "02:00:00:00:00:09";
    options.network_aliases = {"www"};
    options.dns_options = {"ndots:2"};
    options.hosts = {"box:host-gateway", "other:1.2.3.4"};
    Spec spec = MUST(made(options));
    Spec back = MUST(spec_from_json(to_json(spec)));
    ASSERT_EQ(back.attachments.size(), 2U);
    EXPECT_EQ(back.attachments[0].network, "front");
    EXPECT_EQ(back.attachments[0].address, "10.0.0.9");
    EXPECT_EQ(back.attachments[0].mac, "02:00:00:00:00:09");
    EXPECT_EQ(back.attachments[0].aliases, Vector<String>{"www"});
    EXPECT_EQ(back.attachments[1].address, "10.1.0.9");
    EXPECT_EQ(back.network, Namespace::own);
    EXPECT_EQ(back.dns_options, Vector<String>{"ndots:2"});
    EXPECT_EQ(back.hosts, (Vector<String>{"box:host-gateway", "other:1.2.3.4"}));
}

TEST(SpecNetwork, PortsAreThoseAskedForAndWithPublishAllTheExposed)
{
    RunOptions options;
    options.networks = {"bridge"};
    options.publish = {"127.0.0.1:8080:80", "7000-7001:7000-7001"};
    options.expose = {"9000-9001/udp"};
    Spec spec = MUST(made(options));
    EXPECT_EQ(spec.published.size(), 3U);
    EXPECT_EQ(spec.exposed, (Vector<String>{"80/tcp", "53/udp", "9000-9001/udp"}));
    options.publish_all = true;
    spec = MUST(made(options));
    Spec back = MUST(spec_from_json(to_json(spec)));
    ASSERT_EQ(back.published.size(), 6U);  // 80 is published already
    EXPECT_EQ(back.published[0].host_address, "127.0.0.1");
    EXPECT_EQ(back.published[3].container_port, 53);
    EXPECT_EQ(back.published[3].protocol, network::Protocol::udp);
    EXPECT_EQ(back.published[3].host_port, 0);
}

TEST(SpecNetwork, CombinationsThatMeanNothingAreRefused)
{
    using O = RunOptions;
    struct {
        void (*ask)(O& options);
        const char* message;
    } rows[] = {
        {[](O& o) {
             o.networks = {"web", "host"};
         },
         "host cannot be combined"},
        {[](O& o) {
             o.networks = {"none", "web"};
         },
         "none cannot be combined"},
        {[](O& o) {
             o.networks = {"web", "web:alias=x"};
         },
         "web is given twice"},
        {[](O& o) { o.networks = {"container:"}; }, "expected a container's name"},
        {[](O& o) { o.networks = {"a/b"}; }, "cannot be a network's name"},
        {[](O& o) { o.networks = {"host"}, o.ip = "1.2.3.4"; },
         "--ip cannot be used with --network host"},
        {[](O& o) { o.networks = {"none"}, o.allow_host_loopback = true; },
         "--allow-host-loopback cannot"},
        {[](O& o) { o.networks = {"none"}, o.ip6 = "::1"; }, "--ip6 cannot be used"},
        {[](O& o) { o.networks = {"host"}, o.network_aliases = {"x"}; }, "--network-alias cannot"},
        {[](O& o) { o.networks = {"container:x"}, o.publish_all = true; }, "--publish-all cannot"},
        {[](O& o) { o.networks = {"container:x"}, o.hostname = "h"; }, "--hostname cannot be used"},
        {[](O& o) { o.networks = {"container:x"}, o.hosts = {"a:1.2.3.4"}; }, "--add-host cannot"},
        {[](O& o) { o.hosts = {"a:b"}; }, "--add-host a:b"},
        {[](O& o) { o.hosts = {"a b:1.2.3.4"}; }, "\"a b\" cannot be a host's name"},
        {[](O& o) { o.hosts = {"a\n1.1.1.1\tb:1.2.3.4"}; }, "--add-host: \"a"},
        {[](O& o) { o.networks = {"container:x"}, o.dns = {"1.2.3.4"}; }, "--dns cannot be used"},
        {[](O& o) { o.networks = {"container:x"}, o.expose = {"80"}; }, "--expose cannot be used"},
        {[](O& o) { o.networks = {"web"}, o.ip = "1.2.3"; }, "--ip: \"1.2.3\" is no IP address"},
        {[](O& o) { o.networks = {"web"}, o.mac_address = "x"; }, "--mac-address: \"x\""},
        {[](O& o) { o.networks = {"web"}, o.publish = {"80/x"}; }, "--publish 80/x: protocol"},
        {[](O& o) { o.networks = {"web"}, o.expose = {"x"}; }, "--expose x: \"x\" is no port"},
        {[](O& o) { o.networks = {"none"}, o.hosts = {"a:host-gateway"}; }, "no host-gateway"},
    };
    for (auto& row : rows) {
        RunOptions options;
        row.ask(options);
        EXPECT_ERROR(made(options), EINVAL, row.message);
    }
    RunOptions host;
    host.networks = {"host"};
    host.publish = {"80"};
    Spec spec = MUST(made(host));  // with a warning, as docker
    EXPECT_TRUE(spec.published.empty());
}

}  // namespace
}  // namespace kist::container
