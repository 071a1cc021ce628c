// lookup.cpp - the addresses of a host.
//
// All servers are asked at once for both families, each question out of a socket of its own, so
// that the kernel chooses a new port for it and lets in nobody but the server (RFC 5452), and
// routers that take a second question from the same port for the first do no harm.  The first
// server that knows is believed; what one does not want to say another may.

#include "base/lookup.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/clock.h"
#include "base/dns_message.h"
#include "base/fs.h"
#include "base/resolv_conf.h"
#include "base/str.h"

namespace kist {

namespace {

constexpr size_t kMaxHosts = 16 << 20;  // lists of unwanted hosts are long
constexpr size_t kMaxAddresses = 16;
constexpr size_t kMaxServers = 3;  // as glibc limits them, and
constexpr size_t kMaxDomains = 6;
constexpr int64_t kRepeatMs = 2000;  // after which a datagram counts as lost

// What became of a question; what is further down says more.
enum class Fate : uint8_t { silence, failure, no_name, no_address, known };

// One question at one server.
struct Try {
    SocketName server;
    bool four = false;  // asks for IPv4
    bool tcp = false;
    String message;
    dns::Stream stream;  // closed when it is over
};

class Inquiry {
public:
    // About `name`, a dns::wire_name().
    Inquiry(const ResolvConf& conf, std::string_view name, uint16_t port, int64_t grace_ms);
    Fate run();

    Vector<SocketName> found;

private:
    bool wait();
    void ask(Try& each, int type);
    void hear(Try& each, short events);
    void weigh(Try& each, std::string_view reply);
    void conclude(bool four, Fate fate);

    uint16_t port_;
    int64_t grace_;
    Vector<Try> tries_;
    Vector<SocketName> spare_[2];  // of answers that were cut short
    Fate fates_[2] = {Fate::silence, Fate::silence};
    int64_t repeat_, end_;
};

Inquiry::Inquiry(const ResolvConf& conf, std::string_view name, uint16_t port, int64_t grace_ms)
    : port_(port), grace_(grace_ms)
{
    int64_t now = clock::steady_ms();
    repeat_ = now + kRepeatMs;
    end_ = now + int64_t(1000) * conf.timeout * conf.attempts;
    size_t count = std::min(conf.servers.size(), kMaxServers);
    for (size_t i = 0; i < 2 * count; i++) {
        Try& each = tries_.emplace_back();
        each.server = conf.servers[i / 2];
        each.four = i & 1;
        each.message = dns::make_question(name, each.four ? dns::Type::a : dns::Type::aaaa);
        ask(each, SOCK_DGRAM);
    }
}

void Inquiry::ask(Try& each, int type)
{
    int number = ::socket(each.server.family(), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    each.stream.socket = Fd(number);
    each.tcp = type == SOCK_STREAM;
    bool good = ::connect(number, each.server.get(), each.server.size) == 0 || errno == EINPROGRESS;
    if (each.tcp)
        each.stream.put(each.message);
    else if (good)
        good = ::send(number, each.message.data(), each.message.size(), MSG_NOSIGNAL) >= 0;
    if (!good)
        each.stream.socket.close();
}

Fate Inquiry::run()
{
    while (wait())
        continue;
    for (bool four : {false, true})
        if (fates_[four] < Fate::known && !spare_[four].empty()) {
            fates_[four] = Fate::known;
            found.append(spare_[four].data(), spare_[four].size());
        }
    return std::max(fates_[0], fates_[1]);
}

// For one turn; false: it is over.
bool Inquiry::wait()
{
    pollfd polls[2 * kMaxServers];
    size_t count = tries_.size(), open = 0;
    int64_t now = clock::steady_ms();
    bool repeats = now >= repeat_;
    if (repeats)
        repeat_ = now + kRepeatMs;
    for (size_t i = 0; i < count; i++) {
        dns::Stream& stream = tries_[i].stream;
        int number = stream.socket.get();
        polls[i] = {number, short(stream.out.empty() ? POLLIN : POLLOUT), 0};
        open += number >= 0;
        if (repeats && number >= 0 && !tries_[i].tcp)
            (void)::send(number, tries_[i].message.data(), tries_[i].message.size(), MSG_NOSIGNAL);
    }
    if (!open || now >= end_)
        return false;
    (void)::poll(polls, count, int(std::min(repeat_, end_) - now));
    for (size_t i = 0; i < count; i++)
        if (polls[i].fd >= 0 && tries_[i].stream.socket.is_open() && polls[i].revents)
            hear(tries_[i], polls[i].revents);
    return true;
}

void Inquiry::hear(Try& each, short events)
{
    dns::Stream& stream = each.stream;
    if (!each.tcp) {
        char buffer[dns::kMaxUdp];
        ssize_t got = ::recv(stream.socket.get(), buffer, sizeof buffer, 0);
        if (got >= 0)
            weigh(each, {buffer, size_t(got)});
        else if (errno != EAGAIN)
            stream.socket.close();  // ECONNREFUSED, EHOSTUNREACH...
        return;
    }
    String reply;
    bool good = events & POLLOUT ? stream.send() : stream.receive();
    if (stream.next(reply)) {
        weigh(each, reply);
        good = false;
    }
    if (!good)
        stream.socket.close();
}

void Inquiry::weigh(Try& each, std::string_view reply)
{
    dns::Verdict verdict = dns::judge(reply, each.message, each.message.size());
    if (verdict == dns::Verdict::foreign)
        return;
    each.stream = {};
    dns::Code code = dns::code_of(reply);
    if (verdict == dns::Verdict::useful && code == dns::Code::no_such_name)
        return conclude(each.four, Fate::no_name);
    if (verdict == dns::Verdict::unhelpful || code != dns::Code::good) {
        fates_[each.four] = Fate::failure;
        return;
    }
    bool cut = !each.tcp && dns::is_truncated(reply);
    Vector<SocketName>& names = cut ? spare_[each.four] : found;
    if (cut)
        names.clear();
    size_t before = names.size();
    dns::Type type = each.four ? dns::Type::a : dns::Type::aaaa;
    for (std::string_view data : dns::records_of(reply, each.message.size(), type))
        if (auto name = SocketName::of(data, port_); name && (data.size() == 4) == each.four)
            names.push_back(*name);
    if (cut)
        ask(each, SOCK_STREAM);
    else
        conclude(each.four, names.size() > before ? Fate::known : Fate::no_address);
}

void Inquiry::conclude(bool four, Fate fate)
{
    fates_[four] = fate;
    for (Try& each : tries_)
        if (each.four == four)
            each.stream = {};
    if (four && fate != Fate::no_address)
        end_ = std::min(end_, clock::steady_ms() + grace_);
}

// The addresses of `host` in the text of a hosts file.
void find_in_hosts(std::string_view text, std::string_view host, uint16_t port,
                   Vector<SocketName>& found)
{
    while (!text.empty()) {
        std::string_view line = str::cut(text, '\n');
        Vector<std::string_view> words = str::words(str::cut(line, '#'));
        for (size_t i = 1; i < words.size(); i++)
            if (str::same_name(words[i], host)) {
                if (auto name = SocketName::read(words[0], port))
                    found.push_back(*name);
                break;
            }
    }
}

// With the domains that are searched, in the order of resolv.conf(5).
Fate ask_servers(std::string_view host, uint16_t port, const LookupOptions& options,
                 Vector<SocketName>& found)
{
    ResolvConf conf;
    conf.read_file(options.resolv_conf, options.server_port);
    if (conf.servers.empty())
        conf.add("127.0.0.1", options.server_port);
    Vector<String> names;
    if (!host.ends_with('.'))
        for (std::string_view domain : str::words(conf.search))
            if (names.size() < kMaxDomains)
                names.push_back(String(host) + "." + domain);
    bool first = size_t(std::count(host.begin(), host.end(), '.')) >= conf.ndots;
    names.insert(first ? names.begin() : names.end(), String(host));

    Fate fate = Fate::silence;
    for (const String& name : names) {
        String wire = dns::wire_name(name);
        Fate got = Fate::no_name;
        if (!wire.empty()) {
            Inquiry inquiry(conf, wire, port, options.grace_ms);
            got = inquiry.run();
            found = std::move(inquiry.found);
        }
        fate = std::max(fate, got);
        if (got == Fate::known || got == Fate::silence)
            return got;
    }
    return fate;
}

// IPv6 and IPv4 in turn, what cannot be reached at the end.
Vector<SocketName> in_order(const Vector<SocketName>& found)
{
    Vector<SocketName> groups[2][2];
    for (const SocketName& name : found) {
        Fd socket(::socket(name.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
        bool far = ::connect(socket.get(), name.get(), name.size) < 0;
        auto& group = groups[far][name.family() == AF_INET];
        if (group.size() < kMaxAddresses)
            group.push_back(name);
    }
    Vector<SocketName> ordered;
    for (auto& families : groups)
        for (size_t i = 0; i < kMaxAddresses; i++)
            for (const auto& group : families)
                if (i < group.size() && ordered.size() < kMaxAddresses)
                    ordered.push_back(group[i]);
    return ordered;
}

}  // namespace

Result<Vector<SocketName>> look_up(const String& host, uint16_t port, const LookupOptions& options)
{
    Vector<SocketName> found;
    if (auto name = SocketName::read(host, port)) {
        found.push_back(*name);
        return found;
    }
    std::string_view plain = host;
    if (plain.ends_with('.'))
        plain.remove_suffix(1);
    if (auto text = fs::read_path(options.hosts, kMaxHosts))
        find_in_hosts(*text, plain, port, found);
    // RFC 6761, 6.3
    size_t last = plain.rfind('.') + 1;
    if (found.empty() && str::same_name(plain.substr(last), "localhost"))
        for (const char* loopback : {"::1", "127.0.0.1"})
            found.push_back(*SocketName::read(loopback, port));
    Fate fate = Fate::no_name;
    if (found.empty() && !plain.empty())
        fate = ask_servers(host, port, options, found);
    if (!found.empty())
        return in_order(found);
    if (fate == Fate::no_name)
        return Error(ENOENT, "there is no host called %s", host.c_str())
            .with_hint("check the spelling; names are looked up as /etc/resolv.conf says");
    if (fate == Fate::no_address)
        return Error(ENOENT, "the host %s has no address", host.c_str())
            .with_hint("check the spelling; names are looked up as /etc/resolv.conf says");
    return Error(EAGAIN, "the address of %s cannot be found out now: %s", host.c_str(),
                 fate == Fate::failure ? "the name servers fail" : "no name server answers")
        .with_hint("check the network, and the name servers in /etc/resolv.conf");
}

}  // namespace kist
