// spec_network.cpp - the chapter of the Spec that says which networks a container is on.

#include "container/spec_network.h"

#include "base/log.h"
#include "base/str.h"
#include "container/names.h"
#include "network/address.h"
#include "network/network.h"
#include "network/ports.h"
#include "network/route.h"

namespace kist::container {

namespace {

using network::Address;

constexpr std::string_view kOther = "container:";
constexpr size_t kMaxAttachments = 32;
constexpr size_t kMaxAliases = 64;

Result<void> check_address(const String& text, bool six)
{
    if (TRY(Address::parse(text)).is_v6() != six)
        return Error(EINVAL, "%s is an address of IPv%d", text.c_str(), six ? 4 : 6);
    return {};
}

// A name in the DNS: one label or several.
Result<void> check_host(std::string_view name)
{
    constexpr size_t kMaxName = 253;
    bool good = !name.empty() && name.size() <= kMaxName && name[0] != '-' && name[0] != '.';
    for (char c : name)
        good = good && ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
                        c == '_' || c == '-' || c == '.');
    if (!good)
        return Error(EINVAL, "\"%s\" cannot be a host's name", str::printable(name, 64).c_str());
    return {};
}

}  // namespace

Result<void> set_option(Attachment& attachment, std::string_view key, std::string_view value)
{
    String text(value);
    if (key == "ip") {
        TRY(check_address(text, false));
        attachment.address = std::move(text);
    } else if (key == "ip6") {
        TRY(check_address(text, true));
        attachment.address6 = std::move(text);
    } else if (key == "mac" || key == "mac-address") {
        network::Mac mac = TRY(network::Mac::parse(text));
        bool group = mac.bytes[0] & 1;
        if (group || mac.view() == network::Mac().view())
            return Error(EINVAL, "%s is %s", text.c_str(),
                         group ? "the address of a group" : "nobody's address")
                .with_hint("02:00:00:00:00:01 and the like are free to use");
        attachment.mac = std::move(text);
    } else if (key == "alias") {
        TRY(check_host(value));
        if (attachment.aliases.size() >= kMaxAliases)
            return Error(E2BIG, "more than %zu names on one network", kMaxAliases);
        attachment.aliases.push_back(std::move(text));
    } else if (key == "name") {
        attachment.network = value;
    } else {
        return Error(EINVAL, "unknown option \"%s\"", str::printable(key, 32).c_str())
            .with_hint("there are ip, ip6, alias and mac");
    }
    return {};
}

namespace {

// What needs a network of the container's own, or hosts and names of its own.
struct Use {
    const char* flag;
    bool given;
    bool needs_attachment;
};

Result<void> check_uses(const Spec& spec, const RunOptions& o, const String& mode)
{
    const Use uses[] = {
        {"--ip", !o.ip.empty(), true},
        {"--ip6", !o.ip6.empty(), true},
        {"--mac-address", !o.mac_address.empty(), true},
        {"--network-alias", !o.network_aliases.empty(), true},
        {"--allow-host-loopback", o.allow_host_loopback, true},
        {"--publish", !o.publish.empty() && mode != "host" && mode != "none", true},
        {"--publish-all", o.publish_all && mode != "host" && mode != "none", true},
        {"--hostname", !o.hostname.empty(), false},
        {"--add-host", !o.hosts.empty(), false},
        {"--dns", !o.dns.empty(), false},
        {"--dns-search", !o.dns_search.empty(), false},
        {"--dns-option", !o.dns_options.empty(), false},
        {"--expose", !o.expose.empty(), false},
    };
    for (const Use& use : uses)
        if (use.given && spec.attachments.empty() &&
            (use.needs_attachment || !spec.network_of.empty()))
            return Error(EINVAL, "%s cannot be used with --network %s", use.flag, mode.c_str())
                .with_hint(spec.network_of.empty()
                               ? "\"--network bridge\" gives the container a network of its own"
                               : "say it for the container whose network it is");
    if ((!o.publish.empty() || o.publish_all) && spec.attachments.empty())
        log::warn("--publish changes nothing with --network %s", mode.c_str());
    return {};
}

Result<void> settle_mode(Spec& spec, const RunOptions& options, String& mode)
{
    const Vector<String> usual = {network::kDefaultNetwork};
    for (const String& asked : options.networks.empty() ? usual : options.networks) {
        bool other = asked.starts_with(kOther);
        if (!other && asked != "host" && asked != "none") {
            const String& name = asked == "default" ? usual[0] : asked;
            Attachment attachment = TRY(parse_attachment(name), "--network %s", asked.c_str());
            for (const Attachment& earlier : spec.attachments)
                if (earlier.network == attachment.network)
                    return Error(EINVAL, "--network %s is given twice", earlier.network.c_str());
            spec.attachments.push_back(std::move(attachment));
            continue;
        }
        if (options.networks.size() > 1)
            return Error(EINVAL, "--network %s cannot be combined with other networks",
                         asked.c_str());
        if (other)
            spec.network_of = asked.substr(kOther.size());
        if (other && spec.network_of.empty())
            return Error(EINVAL, "--network %s: expected a container's name", asked.c_str());
        spec.network_none = asked == "none";
        mode = asked;
    }
    if (spec.attachments.size() > kMaxAttachments)
        return Error(E2BIG, "--network: more than %zu networks", kMaxAttachments);
    if (!spec.attachments.empty() || spec.network_none || !spec.network_of.empty())
        spec.network = Namespace::own;
    return {};
}

// --ip and the like are for the first network.
Result<void> settle_first(Spec& spec, const RunOptions& options)
{
    if (spec.attachments.empty())
        return {};
    Attachment& first = spec.attachments[0];
    if (!options.ip.empty())
        TRY(set_option(first, "ip", options.ip), "--ip");
    if (!options.ip6.empty())
        TRY(set_option(first, "ip6", options.ip6), "--ip6");
    if (!options.mac_address.empty())
        TRY(set_option(first, "mac", options.mac_address), "--mac-address");
    for (const String& alias : options.network_aliases)
        TRY(set_option(first, "alias", alias), "--network-alias");
    return {};
}

Result<void> settle_ports(Spec& spec, const RunOptions& options, const image::Execution& image)
{
    Vector<network::Port> exposed;
    auto expose = [&](const String& text) -> Result<void> {
        TRY(network::add_exposed(exposed, text));
        String word = text.find('/') == text.npos ? text + "/tcp" : text;
        for (const String& earlier : spec.exposed)
            if (earlier == word)
                return {};
        spec.exposed.push_back(std::move(word));
        return {};
    };
    for (const String& text : image.exposed_ports)
        if (auto read = expose(text); !read)
            log::warn("the image exposes a port that is none: %s", read.error().message().c_str());
    for (const String& text : options.expose)
        TRY(expose(text), "--expose %s", text.c_str());
    if (spec.attachments.empty())
        return {};
    for (const String& text : options.publish)
        TRY(network::add_published(spec.published, text), "--publish %s", text.c_str());
    if (!options.publish_all)
        return {};
    for (const network::Port& port : exposed) {
        bool there = false;
        for (const network::Port& published : spec.published)
            there = there || (published.container_port == port.container_port &&
                              published.protocol == port.protocol);
        if (!there)
            spec.published.push_back(port);
    }
    return {};
}

Result<void> settle_names(Spec& spec, const RunOptions& options)
{
    for (const String& host : options.hosts) {
        std::string_view address = host;
        std::string_view name = str::cut(address, ':');
        if (name.empty() || address.empty())
            return Error(EINVAL, "--add-host %s: expected NAME:ADDRESS", host.c_str());
        TRY(check_host(name), "--add-host");
        bool gateway = address == kHostGateway;
        if (!gateway)
            TRY(Address::parse(String(address)), "--add-host %s", host.c_str());
        if (gateway && spec.network_none)
            return Error(EINVAL, "--add-host %s: there is no host-gateway in --network none",
                         host.c_str());
        spec.hosts.push_back(gateway && spec.attachments.empty() ? String(name) + ":127.0.0.1"
                                                                 : host);
    }
    for (const String& server : options.dns)
        TRY(network::Address::parse(server.substr(0, server.find('%'))), "--dns");
    spec.dns = options.dns;
    spec.dns_search = options.dns_search;
    spec.dns_options = options.dns_options;
    return {};
}

}  // namespace

Result<Attachment> parse_attachment(std::string_view text)
{
    Attachment attachment;
    if (!text.starts_with("name="))
        attachment.network = str::cut(text, ':');
    while (!text.empty()) {
        std::string_view value = str::cut(text, ',');
        std::string_view key = str::cut(value, '=');
        TRY(set_option(attachment, key, value));
    }
    TRY(check_name(attachment.network, "network", 1));
    return attachment;
}

Result<void> settle_network(Spec& spec, const RunOptions& options, const image::Execution& image)
{
    String mode;
    TRY(settle_mode(spec, options, mode));
    TRY(check_uses(spec, options, mode));
    TRY(settle_first(spec, options));
    TRY(settle_ports(spec, options, image));
    spec.allow_host_loopback = options.allow_host_loopback;
    return settle_names(spec, options);
}

}  // namespace kist::container
