// ports.cpp - the grammar of --publish and --expose, and the host's ports that are taken.

#include "network/ports.h"

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/str.h"
#include "network/socket_address.h"

namespace kist::network {

namespace {

struct Range {
    uint16_t first = 0, last = 0;
    unsigned size() const { return last - first + 1u; }
};

// "80" or "8000-8010".
Result<Range> parse_range(std::string_view text, const char* whose)
{
    std::string_view rest = text;
    std::string_view first = str::cut(rest, '-');
    auto low = str::to_integer(first);
    auto high = rest.data() ? str::to_integer(rest) : str::to_integer(first);
    if (!low || !high || *low < 1 || *high > UINT16_MAX || *low > *high)
        return Error(EINVAL, "\"%s\" is no port of the %s, nor a range of them",
                     str::printable(text, 32).c_str(), whose)
            .with_hint("ports are 1 to 65535, a range is 8000-8010");
    return Range{static_cast<uint16_t>(*low), static_cast<uint16_t>(*high)};
}

// Cuts "/udp" off.
Result<Protocol> cut_protocol(std::string_view& text)
{
    size_t slash = text.rfind('/');
    if (slash == text.npos)
        return Protocol::tcp;
    std::string_view name = text.substr(slash + 1);
    text = text.substr(0, slash);
    if (name == "tcp" || name == "TCP")
        return Protocol::tcp;
    if (name == "udp" || name == "UDP")
        return Protocol::udp;
    return Error(EINVAL, "protocol \"%s\": there are tcp and udp",
                 str::printable(name, 16).c_str());
}

// What stands behind the last colon, which is cut off too.
std::string_view cut_last(std::string_view& text)
{
    size_t colon = text.rfind(':');
    std::string_view last = colon == text.npos ? text : text.substr(colon + 1);
    text = colon == text.npos ? std::string_view() : text.substr(0, colon);
    return last;
}

Result<String> parse_host_address(std::string_view text)
{
    if (text.empty())
        return String();
    if (text.starts_with('[') && text.ends_with(']'))
        text = text.substr(1, text.size() - 2);
    return TRY(Address::parse(String(text))).text();
}

Result<void> add(Vector<Port>& ports, Port port)
{
    for (const Port& earlier : ports) {
        if (earlier == port)
            return {};
        if (port.host_port && port.host_port == earlier.host_port &&
            port.protocol == earlier.protocol && port.host_address == earlier.host_address &&
            !port.last_host_port && !earlier.last_host_port)
            return Error(EINVAL, "port %u/%s of this machine is port %u of the container already",
                         unsigned(port.host_port), to_text(port.protocol),
                         unsigned(earlier.container_port))
                .with_hint("publish each with one of its own");
    }
    if (ports.size() >= kMaxPorts)
        return Error(E2BIG, "more than %zu ports", kMaxPorts)
            .with_hint("with --network host all ports are open");
    ports.push_back(std::move(port));
    return {};
}

Result<void> add_range(Vector<Port>& ports, const Range& inner, const Range& outer,
                       const Port& other)
{
    if (outer.first && inner.size() > 1 && inner.size() != outer.size())
        return Error(EINVAL, "%u ports of the host for %u of the container", outer.size(),
                     inner.size())
            .with_hint("make both ranges the same length");
    for (unsigned i = 0; i < inner.size(); i++) {
        Port port = other;
        port.container_port = static_cast<uint16_t>(inner.first + i);
        port.host_port = static_cast<uint16_t>(outer.first ? outer.first + i : 0);
        if (inner.size() == 1 && outer.size() > 1)
            port.last_host_port = outer.last;
        TRY(add(ports, std::move(port)));
    }
    return {};
}

Error cannot_reserve(const Port& port, uint16_t number)
{
    int code = errno;
    String what = str::format("port %u/%s", number, to_text(port.protocol));
    if (!port.host_address.empty())
        what += " of " + port.host_address;
    if (code == EADDRINUSE)
        return Error(code, "%s of this machine is taken", what.c_str())
            .with_hint("publish another, or end who has it; \"ss -lnp\" tells");
    if (code == EACCES)
        return Error(code, "%s: this user may not take ports that low", what.c_str())
            .with_hint(str::format(
                "publish one above 1023, or as root: sysctl net.ipv4.ip_unprivileged_port_start=%u",
                number));
    if (code == EADDRNOTAVAIL)
        return Error(code, "%s is no address of this machine", port.host_address.c_str())
            .with_hint("leave it out to publish on all");
    errno = code;
    return os_error("%s", what.c_str());
}

// SO_REUSEADDR for who listens, so that connections of before, which linger (TIME_WAIT), are not in
// the way.  Others do without: two that have it could both be bound, as neither listens.
Result<Fd> bind_to(const Port& port, const Address& address, uint16_t number, bool both, Hold hold)
{
    constexpr int kBacklog = 1024;
    int type = port.protocol == Protocol::tcp ? SOCK_STREAM : SOCK_DGRAM;
    Fd socket(
        ::socket(address.is_v6() ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (socket.get() < 0)
        return os_error("socket");
    int only = !both, on = 1;
    bool listens = hold == Hold::listens && type == SOCK_STREAM;
    if (address.is_v6())
        (void)::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
    if (listens)
        (void)::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_storage name;
    socklen_t size = SocketAddress{address, number}.write(name);
    if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&name), size) < 0 ||
        (listens && ::listen(socket.get(), kBacklog) < 0))
        return cannot_reserve(port, number);
    return socket;
}

}  // namespace

Result<void> add_published(Vector<Port>& ports, std::string_view text)
{
    Port port;
    std::string_view rest = text;
    port.protocol = TRY(cut_protocol(rest));
    Range inner = TRY(parse_range(cut_last(rest), "container"));
    Range outer;
    bool addressed = rest.find(':') != rest.npos;
    std::string_view host = cut_last(rest);
    if (!host.empty() && host != "0")
        outer = TRY(parse_range(host, "host"));
    if (addressed)
        port.host_address = TRY(parse_host_address(rest));
    return add_range(ports, inner, outer, port);
}

Result<void> add_exposed(Vector<Port>& ports, std::string_view text)
{
    Port port;
    port.protocol = TRY(cut_protocol(text));
    return add_range(ports, TRY(parse_range(text, "container")), {}, port);
}

Result<void> check_room(size_t ports)
{
    constexpr size_t kOthers = 64;  // what a process has open besides
    rlimit files = {};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || ports + kOthers <= files.rlim_cur)
        return {};
    return Error(EMFILE, "%zu published ports are too many where a process may open %llu files",
                 ports, static_cast<unsigned long long>(files.rlim_cur))
        .with_hint(
            str::format("raise that first: ulimit -n %zu; or use --network host", ports + kOthers));
}

Result<Fd> reserve(Port& port, Hold hold)
{
    // All addresses of both families, by one socket where there is IPv6.
    bool all = port.host_address.empty();
    Address address = TRY(Address::parse(all ? "::" : port.host_address));
    unsigned last = port.last_host_port ? port.last_host_port : port.host_port;
    for (unsigned number = port.host_port;; number++) {
        auto socket = bind_to(port, address, static_cast<uint16_t>(number), all, hold);
        if (!socket && all && address.is_v6() && socket.error().is(EAFNOSUPPORT)) {
            address = TRY(Address::parse("0.0.0.0"));
            number--;
            continue;
        }
        if (!socket && socket.error().is(EADDRINUSE) && number < last)
            continue;
        Fd held = TRY(std::move(socket));
        port.host_port = SocketAddress::own(held).port;
        port.last_host_port = 0;
        return held;
    }
}

}  // namespace kist::network
