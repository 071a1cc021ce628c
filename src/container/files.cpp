// files.cpp - /etc/hosts, /etc/resolv.conf and /etc/hostname of a container.

#include "container/files.h"

#include <unistd.h>

#include "base/fs.h"
#include "base/path.h"
#include "base/string.h"
#include "container/mount_api.h"
#include "container/mounts.h"
#include "container/target.h"

namespace kist::container {

namespace {

constexpr size_t kMaxHostFile = 4 << 20;
constexpr size_t kMaxHosts = 64 << 10;  // the container may have made it larger
constexpr const char* kHosts = "hosts";
constexpr const char* kZones = "/usr/share/zoneinfo/";

constexpr std::string_view kLoopbackHosts =
    "127.0.0.1\tlocalhost\n"
    "::1\tlocalhost ip6-localhost ip6-loopback\n"
    "fe00::\tip6-localnet\n"
    "ff02::1\tip6-allnodes\n"
    "ff02::2\tip6-allrouters\n";

void end_line(String& text)
{
    if (!text.empty() && !text.ends_with('\n'))
        text += '\n';
}

// The first word of a line: "nameserver", "search", ...
std::string_view keyword_of(std::string_view line)
{
    line = str::trim(line);
    return line.substr(0, line.find_first_of(" \t"));
}

// "172.18.0.2/16" or without the length; "" adds nothing.
void add_host(String& text, std::string_view address, std::string_view name)
{
    address = address.substr(0, address.find('/'));
    if (!address.empty())
        text.append(address).append("\t").append(name).append("\n");
}

void add_words(String& text, const char* keyword, const Vector<String>& words)
{
    text += keyword;
    for (const String& word : words)
        text += " " + word;
    text += '\n';
}

// Where names of neighbours are found, they are asked for before the host's search domains, as
// docker has it: "db" must not be db.example.com.
bool has_neighbours(const network::Wiring* wiring)
{
    bool found = false;
    for (size_t i = 0; wiring && i < wiring->endpoints.size(); i++)
        found = found || wiring->endpoints[i].resolves;
    return found;
}

String read_host(const char* path)
{
    auto text = fs::read_path(path, kMaxHostFile);
    return text ? std::move(*text) : String();
}

Result<void> bind_file(const FilesRequest& request, const char* name, const char* target,
                       std::string_view text)
{
    if (user_mounts_at(request.spec, target) || user_mounts_at(request.spec, "/etc"))
        return {};
    Fd file;
    if (request.shared)
        if (auto opened = sys::open_at(*request.shared, name, O_RDWR | O_NOFOLLOW))
            file = std::move(*opened);
    if (!file.is_open()) {
        file =
            TRY(sys::open_at(request.volatile_directory, name, O_RDWR | O_CREAT | O_TRUNC, 0644));
        TRY(sys::write_all(file, text), "%s", name);
    }
    Fd tree = TRY(clone_tree(file, "", Depth::one));
    Fd place = TRY(open_target(request.root, target, TargetKind::file));
    return attach(tree, place, target);
}

// As the host has it: "local", or a name below its zoneinfo directory.
Result<void> provide_timezone(const FilesRequest& request)
{
    const String& zone = request.spec.timezone;
    if (zone.empty())
        return {};
    String source = zone == "local" ? "/etc/localtime" : kZones + path::clean(zone);
    if (zone.starts_with('/'))
        return Error(EINVAL, "--tz %s: expected \"local\" or a name such as Europe/Oslo",
                     zone.c_str());
    auto text = fs::read_path(source, 1 << 20);
    if (!text)
        return std::move(text)
            .error()
            .context("--tz %s", zone.c_str())
            .with_hint(
                "this machine must have it in /usr/share/zoneinfo; an image that has time "
                "zones of its own takes \"-e TZ=NAME\"");
    return bind_file(request, "localtime", "/etc/localtime", *text);
}

}  // namespace

String hosts_text(const Spec& spec, std::string_view host, const network::Wiring* wiring)
{
    String text(spec.network == Namespace::host && !host.empty() ? host : kLoopbackHosts);
    end_line(text);
    std::string_view gateway = "127.0.0.1";
    if (wiring && !wiring->endpoints.empty()) {
        gateway = wiring->endpoints[0].gateway;
        for (const network::Endpoint& endpoint : wiring->endpoints) {
            add_host(text, endpoint.address, spec.hostname);
            add_host(text, endpoint.address6, spec.hostname);
        }
    } else if (spec.network != Namespace::host) {
        add_host(text, "127.0.1.1", spec.hostname);
    }
    for (const String& entry : spec.hosts) {
        std::string_view address = entry;
        std::string_view name = str::cut(address, ':');
        add_host(text, address == kHostGateway ? gateway : address, name);
    }
    return text;
}

String resolver_text(const Spec& spec, std::string_view host, const network::Wiring* wiring)
{
    String text;
    if (wiring)
        text = "nameserver 127.0.0.11\n";
    else
        for (const String& server : spec.dns)
            text += "nameserver " + server + "\n";
    // "." asks for no search at all.
    if (!spec.dns_search.empty() && spec.dns_search[0] != ".")
        add_words(text, "search", spec.dns_search);
    if (!spec.dns_options.empty())
        add_words(text, "options", spec.dns_options);
    if (spec.network != Namespace::host && !wiring)
        return text;
    bool as_is = has_neighbours(wiring);
    for (const String& option : spec.dns_options)
        as_is = as_is && !option.starts_with("ndots:");
    while (!host.empty()) {
        std::string_view line = str::cut(host, '\n');
        std::string_view word = keyword_of(line);
        bool replaced = (word == "nameserver" && (wiring || !spec.dns.empty())) ||
                        ((word == "search" || word == "domain") && !spec.dns_search.empty()) ||
                        (word == "options" && !spec.dns_options.empty()) ||
                        (wiring && (word.empty() || word[0] == '#' || word[0] == ';'));
        if (!replaced)
            text.append(line).append("\n");
    }
    // A line of its own and the last: it wins over the host's, with glibc as with musl.
    return as_is ? text + "options ndots:0\n" : text;
}

Result<void> provide_files(const FilesRequest& request)
{
    TRY(bind_file(request, kHosts, "/etc/hosts",
                  hosts_text(request.spec, read_host("/etc/hosts"), request.wiring)));
    TRY(bind_file(request, "resolv.conf", "/etc/resolv.conf",
                  resolver_text(request.spec, read_host("/etc/resolv.conf"), request.wiring)));
    TRY(bind_file(request, "hostname", "/etc/hostname", request.spec.hostname + "\n"));
    return provide_timezone(request);
}

void change_hosts(const Fd& volatile_directory, const network::Endpoint& endpoint,
                  std::string_view hostname, bool add)
{
    auto file = sys::open_at(volatile_directory, kHosts, O_RDWR | O_NOFOLLOW);
    auto before = file ? sys::read_all(*file, kMaxHosts) : std::move(file).error();
    if (!before)
        return;
    String text = "\n" + *before;
    end_line(text);
    for (const String* address : {&endpoint.address, &endpoint.address6}) {
        String line;
        add_host(line, *address, hostname);
        size_t at = text.find("\n" + line);
        if (!line.empty() && at != String::npos)
            text.erase(at + 1, line.size());
        if (add)
            text += line;
    }
    std::string_view rest = std::string_view(text).substr(1);
    if (::pwrite(file->get(), rest.data(), rest.size(), 0) == ssize_t(rest.size()))
        (void)::ftruncate(file->get(), off_t(rest.size()));
}

}  // namespace kist::container
