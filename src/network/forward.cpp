// forward.cpp - the resolver's part that asks the servers of this machine.
//
// Each question goes out of a socket of its own, so that the kernel chooses a new port for it and
// lets in nobody but the server (RFC 5452); and with an id of its own.

#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "base/clock.h"
#include "base/fs.h"
#include "base/random.h"
#include "network/resolver.h"
#include "network/socket_address.h"

namespace kist::network {

namespace {

constexpr int64_t kLeastMs = 1000;     // that a server gets to answer
constexpr int64_t kPreferMs = 30'000;  // for which one that answered in another's place goes first

}  // namespace

void Resolver::forward(String message, const Origin& origin)
{
    uint64_t stamp = fs::stamp_of(options_.resolv_conf);
    if (stamp != upstream_stamp_ || upstream_.servers.empty()) {
        upstream_ = {};
        upstream_stamp_ = stamp;
        preferred_until_ = 0;
        upstream_.read_file(options_.resolv_conf, options_.port);
        if (!options_.servers.empty())
            upstream_.servers.clear();
        for (const String& server : options_.servers)
            upstream_.add(server, options_.port);
    }
    Query query{.origin = origin, .message = std::move(message)};
    memcpy(&query.id, query.message.data(), sizeof query.id);
    if (upstream_.rotate)
        query.first = turn_++;
    else if (clock::steady_ms() < preferred_until_)
        query.first = preferred_;
    if (!ask(query)) {
        bool may_ask = neighbours_.lead_out() || query.inside;
        return end(query, may_ask ? dns::Code::failed : dns::Code::no_such_name);
    }
    queries_.push_back(std::move(query));
}

// Without a socket where the server is not to be asked, or all askers are busy.
void Resolver::open(Query& query, const SocketName& server)
{
    using Sockets = ResolverSockets;
    bool tcp = query.origin.client != 0;
    int type = (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
    Fd& socket = query.stream.socket;
    query.inside = !options_.servers.empty() && neighbours_.are_near(server);
    if (!query.inside && neighbours_.lead_out())
        socket = Fd(::socket(server.family(), type, 0));
    unsigned first = server.family() == AF_INET ? 0 : Sockets::kAskers;
    unsigned end = first + (tcp ? Sockets::kAskers : Sockets::kDatagramAskers);
    first += tcp ? Sockets::kDatagramAskers : 0;
    Vector<Fd>& askers = sockets_.askers;
    for (; query.inside && !socket.is_open() && first < end && first < askers.size(); first++) {
        socket = std::move(askers[first]);
        query.asker = first;
    }
}

// An asker is as new when it is not connected any more: its next port is another one (connect(2)).
void Resolver::close(Query& query)
{
    sockaddr nobody = {};
    Fd& socket = query.stream.socket;
    if (query.inside && socket.is_open()) {
        (void)::connect(socket.get(), &nobody, sizeof nobody);
        sockets_.askers[query.asker] = std::move(socket);
    }
    query.stream = {};
}

// Asks the next server; false: all were asked.
bool Resolver::ask(Query& query)
{
    bool tcp = query.origin.client != 0;
    size_t count = upstream_.servers.size();
    while (query.tries < count * upstream_.attempts) {
        const SocketName& server = upstream_.servers[(query.first + query.tries++) % count];
        close(query);
        open(query, server);
        const Fd& socket = query.stream.socket;
        if (::connect(socket.get(), server.get(), server.size) < 0 && errno != EINPROGRESS)
            continue;
        random::fill(query.message.data(), sizeof query.id);
        if (tcp)
            query.stream.put(query.message);
        else if (::send(socket.get(), query.message.data(), query.message.size(), 0) < 0)
            continue;
        // Who asks us waits for as long as we were told to: all of the servers are to have a try in
        // that time.
        int64_t share = int64_t(upstream_.timeout) * 1000 / int64_t(count);
        query.due = clock::steady_ms() + std::max(kLeastMs, share);
        return true;
    }
    close(query);
    return false;
}

void Resolver::ask_on(Query& query)
{
    if (!ask(query))
        end(query, dns::Code::failed);
}

// With an answer of our own, without records.
void Resolver::end(Query& query, dns::Code code, bool truncated)
{
    memcpy(query.message.data(), &query.id, sizeof query.id);
    dns::Question question = dns::read_question(query.message);
    dns::Answer made(query.message, question, code, dns::kMaxTcp);
    if (truncated)
        made.truncate();
    answer(query.origin, std::move(made).take());
    close(query);
}

void Resolver::hear(Query& query, short events)
{
    if (query.origin.client) {
        dns::Stream& stream = query.stream;
        String reply;
        if (events & POLLOUT && !stream.out.empty() && !stream.send())
            return ask_on(query);
        bool more = !(events & (POLLIN | POLLHUP | POLLERR)) || stream.receive();
        if (stream.next(reply))
            weigh(query, reply, reply.size());
        else if (!more)
            ask_on(query);
        return;
    }
    char buffer[dns::kMaxUdp];
    ssize_t got = ::recv(query.stream.socket.get(), buffer, sizeof buffer, MSG_TRUNC);
    if (got >= 0)
        weigh(query, {buffer, std::min(size_t(got), sizeof buffer)}, size_t(got));
    else if (errno != EAGAIN)
        ask_on(query);  // ECONNREFUSED, EHOSTUNREACH...
}

// `size` is what the reply had before it was cut to what we read.
void Resolver::weigh(Query& query, std::string_view reply, size_t size)
{
    dns::Question question = dns::read_question(query.message);
    dns::Verdict verdict = dns::judge(reply, query.message, question.end);
    size_t count = upstream_.servers.size();
    if (verdict == dns::Verdict::foreign) {
        if (query.origin.client)
            ask_on(query);
        return;
    }
    if (verdict == dns::Verdict::unhelpful) {
        dns::Code code = dns::code_of(reply);
        if (query.tries >= count || !ask(query))
            end(query, code);
        return;
    }
    if (query.tries > 1 && count) {
        preferred_ = (query.first + query.tries - 1) % unsigned(count);
        preferred_until_ = clock::steady_ms() + kPreferMs;
    }
    if (!query.origin.client && size > question.limit)
        return end(query, dns::Code::good, true);
    String message(reply);
    memcpy(message.data(), &query.id, sizeof query.id);
    answer(query.origin, message);
    close(query);
}

}  // namespace kist::network
