// resolver.cpp - who is let in, what is answered, what is asked elsewhere, and when all of it ends.
//
// Nothing is kept but while something is under way and for some seconds after.  What a container
// can make us hold is limited: the size and number of questions, and of connections; one that does
// not read its answers is not heard.

#include "network/resolver.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/clock.h"
#include "base/fs.h"
#include "base/str.h"

namespace kist::network {

namespace {

constexpr const char* kAddress = "127.0.0.11";  // as docker has it
constexpr int kPortTries = 8;
constexpr int kBacklog = 16;
constexpr int kMaxDatagrams = 16;  // that are taken in one turn
constexpr size_t kMaxClients = 16;
constexpr size_t kMaxQueries = 128;
constexpr size_t kMaxClientQueries = 32;  // of these, for all clients: answers by TCP may be large
constexpr size_t kMaxIn = 3 * dns::kMaxQuestion;  // that is no question yet, or has to wait
constexpr size_t kMaxOut = dns::kMaxTcp;          // that wait for a client before it is heard again
constexpr int64_t kPauseMs = 1000;

Result<Fd> open_socket(int type, uint16_t port)
{
    int number = ::socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (number < 0)
        return os_error("socket");
    Fd socket(number);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 10);
    if (::bind(number, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0 ||
        (type == SOCK_STREAM && ::listen(number, kBacklog) < 0))
        return os_error("cannot listen for names at %s, port %u", kAddress, port);
    return socket;
}

}  // namespace

Result<ResolverSockets> ResolverSockets::open(uint16_t port)
{
    for (int tries = kPortTries;; tries--) {
        ResolverSockets made;
        made.udp = TRY(open_socket(SOCK_DGRAM, port));
        sockaddr_in address{};
        socklen_t size = sizeof address;
        (void)::getsockname(made.udp.get(), reinterpret_cast<sockaddr*>(&address), &size);
        made.port = ntohs(address.sin_port);
        auto tcp = open_socket(SOCK_STREAM, made.port);
        if (!tcp && (port || !tries || !tcp.error().is(EADDRINUSE)))
            return std::move(tcp).error();
        if (!tcp)
            continue;
        made.tcp = tcp.take();
        return made;
    }
}

// What cannot be opened has no servers that could be asked.
void ResolverSockets::open_askers(std::span<const String> servers)
{
    unsigned count = servers.empty() ? 0 : kAskers;
    for (const String& server : servers)
        if (server.find(':') != String::npos)
            count = 2 * kAskers;
    while (askers.size() < count) {
        int type = askers.size() % kAskers < kDatagramAskers ? SOCK_DGRAM : SOCK_STREAM;
        Fd made(::socket(askers.size() < kAskers ? AF_INET : AF_INET6,
                         type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        if (!made.is_open())
            return;
        askers.push_back(std::move(made));
    }
}

Resolver::Resolver(ResolverSockets sockets, ResolverOptions options)
    : sockets_(std::move(sockets)), options_(std::move(options))
{
}

bool Resolver::has_room(const Client& client) const
{
    return queries_.size() < kMaxClientQueries && client.stream.out.size() < kMaxOut;
}

void Resolver::wish(Vector<pollfd>& waits) const
{
    bool open = clients_.size() < kMaxClients && !listen_at_;
    waits.push_back({sockets_.udp.get(), POLLIN, 0});
    waits.push_back({open ? sockets_.tcp.get() : -1, POLLIN, 0});
    for (const Client& client : clients_) {
        int events = client.stream.out.empty() ? 0 : POLLOUT;
        if (!client.ended && has_room(client))
            events |= POLLIN;
        waits.push_back({client.stream.socket.get(), short(events), 0});
    }
    for (const Query& query : queries_)
        waits.push_back(
            {query.stream.socket.get(), short(query.stream.out.empty() ? POLLIN : POLLOUT), 0});
}

int64_t Resolver::due() const
{
    int64_t due = clients_.empty() && queries_.empty() ? forget_at_ : INT64_MAX;
    if (listen_at_)
        due = std::min(due, listen_at_);
    for (const Client& client : clients_)
        due = std::min(due, client.due);
    for (const Query& query : queries_)
        due = std::min(due, query.due);
    return due;
}

void Resolver::act(std::span<const pollfd> events)
{
    bool any = false;
    for (const pollfd& event : events)
        any |= event.revents != 0;
    int64_t now = clock::steady_ms();
    if (!any && now < due())
        return;

    size_t next = 2, clients = clients_.size(), queries = queries_.size();
    std::span<const pollfd> theirs = events.subspan(next, clients);
    for (size_t i = 0; i < queries; i++)
        if (short happened = events[next + clients + i].revents)
            hear(queries_[i], happened);
    erase_if(queries_, [](const Query& query) { return !query.stream.socket.is_open(); });
    for (size_t i = 0; i < clients; i++)
        serve(clients_[i], theirs[i].revents);
    listen(events.first(next));
    expire(now);
}

void Resolver::listen(std::span<const pollfd> events)
{
    char buffer[dns::kMaxQuestion];
    for (int i = 0; events[0].revents && i < kMaxDatagrams; i++) {
        Origin origin;
        socklen_t size = sizeof origin.address;
        ssize_t got = ::recvfrom(sockets_.udp.get(), buffer, sizeof buffer, MSG_TRUNC,
                                 reinterpret_cast<sockaddr*>(&origin.address), &size);
        if (got < 0)
            break;
        if (size_t(got) <= sizeof buffer)
            handle(String(buffer, size_t(got)), origin);
    }
    if (!events[1].revents)
        return;
    int number = ::accept4(sockets_.tcp.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (number < 0) {
        // Too many files are open, say: it would be tried again at once, and for ever.
        listen_at_ = clock::steady_ms() + kPauseMs;
        return;
    }
    if (!++last_client_)
        last_client_++;
    int on = 1;
    (void)::setsockopt(number, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Client& client = clients_.emplace_back();
    client.stream.socket = Fd(number);
    client.number = last_client_;
    client.due = clock::steady_ms() + options_.idle_ms;
}

// Closes its socket when it is over.
void Resolver::serve(Client& client, short events)
{
    if (events)
        client.due = clock::steady_ms() + options_.idle_ms;
    if (events & (POLLERR | POLLHUP) || (events & POLLOUT && !client.stream.send())) {
        client.stream.socket.close();
        return;
    }
    if (events & POLLIN && !client.stream.receive())
        client.ended = true;
    String message;
    while (has_room(client) && client.stream.next(message))
        handle(std::move(message), {.client = client.number});
    if (client.stream.in.size() > kMaxIn)
        client.stream.socket.close();
}

void Resolver::handle(String message, const Origin& origin)
{
    if (!dns::is_question(message))
        return;
    forget_at_ = clock::steady_ms() + options_.idle_ms;
    dns::Question question = dns::read_question(message);
    size_t limit = origin.client ? dns::kMaxTcp : question.limit;
    dns::Code code = question.code;
    if (code == dns::Code::good) {
        neighbours_.refresh(options_.state, options_.container);
        if (question.internet && answer_for_neighbour(message, question, origin, limit))
            return;
        if (queries_.size() < kMaxQueries)
            return forward(std::move(message), origin);
        code = dns::Code::failed;
    }
    answer(origin, dns::Answer(message, question, code, limit).take());
}

// An address of a family that a neighbour does not have is an answer without records, and so is
// any other thing that names can have.
bool Resolver::answer_for_neighbour(const String& message, const dns::Question& question,
                                    const Origin& origin, size_t limit)
{
    using dns::Type;
    dns::Answer made(message, question, dns::Code::good, limit);
    String owner;
    Vector<Address> addresses = neighbours_.find(question.name, owner);
    size_t count = addresses.size();
    if (!count && owner.empty())
        return false;
    turn_++;
    for (size_t i = 0; i < count; i++) {
        const Address& address = addresses[(i + turn_) % count];
        Type type = address.is_v6() ? Type::aaaa : Type::a;
        if (question.type == type || question.type == Type::any)
            made.add(type, address.view());
    }
    owner = dns::wire_name(owner);
    if (!count && question.type == Type::ptr && !owner.empty())
        made.add(Type::ptr, owner);
    answer(origin, std::move(made).take());
    return true;
}

void Resolver::answer(const Origin& origin, std::string_view message)
{
    if (!origin.client) {
        (void)::sendto(sockets_.udp.get(), message.data(), message.size(), MSG_NOSIGNAL,
                       reinterpret_cast<const sockaddr*>(&origin.address), sizeof origin.address);
        return;
    }
    for (Client& client : clients_)
        if (client.number == origin.client && client.stream.socket.is_open()) {
            client.due = clock::steady_ms() + options_.idle_ms;
            client.stream.put(message);
            if (!client.stream.send())
                client.stream.socket.close();
        }
}

void Resolver::expire(int64_t now)
{
    for (Query& query : queries_)
        if (now >= query.due)
            ask_on(query);
    erase_if(queries_, [](const Query& query) { return !query.stream.socket.is_open(); });
    erase_if(clients_, [&](Client& client) {
        bool asks = false;
        for (const Query& query : queries_)
            asks |= query.origin.client == client.number;
        if (asks)
            client.due = now + options_.idle_ms;
        bool over = client.ended && client.stream.out.empty();
        return !client.stream.socket.is_open() || (!asks && over) || now >= client.due;
    });
    if (now >= listen_at_)
        listen_at_ = 0;
    if (now < forget_at_ || !queries_.empty() || !clients_.empty())
        return;
    forget_at_ = INT64_MAX;
    queries_ = {};
    clients_ = {};
    neighbours_ = {};
    upstream_ = {};
    upstream_stamp_ = 0;
    preferred_until_ = 0;
}

}  // namespace kist::network
