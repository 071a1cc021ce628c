// resolver.h - the DNS server that a container asks: names of its neighbours from the leases, all
// else from the servers of this machine (RFC 1035, 7766).
//
// It lives in the container's monitor, as part of its poll(2).  Its sockets were made in the
// container's network namespace; the ones it asks with are this machine's own, so that a server on
// this machine's loopback works too.  resolv.conf is read again when it has changed.
//
// Servers of --dns that are on one of the container's networks are asked from inside, where alone
// they can be reached by an ordinary user's; with sockets that are made beforehand and used again,
// as the monitor cannot go in there at any time.
//
// A container whose networks all lead nowhere (--internal) is told of nobody but its neighbours,
// and what these say: questions are a way out, too.

#pragma once

#include <netinet/in.h>
#include <poll.h>

#include <cstdint>
#include <span>

#include "base/dns_message.h"
#include "base/fd.h"
#include "base/resolv_conf.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "network/neighbours.h"

namespace kist::network {

// Bound to the same port of 127.0.0.11 in the network namespace of the calling process, whose
// loopback is up.
struct ResolverSockets {
    Fd udp, tcp;
    uint16_t port = 0;
    // In that namespace, neither bound nor connected: of IPv4, and then of IPv6 as many, for
    // datagrams and then for streams.
    static constexpr unsigned kDatagramAskers = 12, kAskers = 16;
    Vector<Fd> askers;

    // 0: any port that is free for both.  EADDRINUSE, EADDRNOTAVAIL (lo is down).
    static Result<ResolverSockets> open(uint16_t port = 0);
    // Those for `servers`.
    void open_askers(std::span<const String> servers);
};

struct ResolverOptions {
    String state;            // the volatile directory's path: leases and the wiring
    String container;        // whose neighbours are found: its id
    Vector<String> servers;  // --dns; none: those of /etc/resolv.conf
    String resolv_conf = "/etc/resolv.conf";
    uint16_t port = 53;        // of the servers
    int64_t idle_ms = 10'000;  // after which clients go, and all that is known of others
};

class Resolver {
public:
    Resolver(ResolverSockets sockets, ResolverOptions options);
    Resolver(const Resolver&) = delete;

    // What to wait for, appended; the number of rows may change from turn to turn.
    void wish(Vector<pollfd>& waits) const;
    // `events` are the rows that the last wish() appended.  Does little when nothing is due.
    void act(std::span<const pollfd> events);
    // In clock::steady_ms(); INT64_MAX: nothing is under way.  act() is to be called then, too.
    int64_t due() const;

private:
    // Who asked: by UDP from an address, or a client.
    struct Origin {
        sockaddr_in address{};
        uint32_t client = 0;  // its number; 0: by UDP
    };
    struct Client {
        dns::Stream stream;
        uint32_t number = 0;
        int64_t due = 0;  // when it goes, if nothing happens until then
        bool ended = false;
    };
    // What a server of this machine was asked.
    struct Query {
        Origin origin;
        String message;   // with the id of this try
        uint16_t id = 0;  // the client's
        unsigned first = 0, tries = 0;
        bool inside = false;  // it is asked with the asker of this number
        unsigned asker = 0;
        int64_t due = 0;
        dns::Stream stream;  // open as long as it is under way
    };

    void listen(std::span<const pollfd> events);
    void serve(Client& client, short events);
    bool has_room(const Client& client) const;
    void handle(String message, const Origin& origin);
    bool answer_for_neighbour(const String& message, const dns::Question& question,
                              const Origin& origin, size_t limit);
    void forward(String message, const Origin& origin);
    bool ask(Query& query);
    void open(Query& query, const SocketName& server);
    void close(Query& query);
    void ask_on(Query& query);
    void hear(Query& query, short events);
    void weigh(Query& query, std::string_view reply, size_t size);
    void end(Query& query, dns::Code code, bool truncated = false);
    void answer(const Origin& origin, std::string_view message);
    void expire(int64_t now);

    ResolverSockets sockets_;
    ResolverOptions options_;
    Vector<Client> clients_;
    Vector<Query> queries_;
    Neighbours neighbours_;
    ResolvConf upstream_;
    uint64_t upstream_stamp_ = 0;
    uint32_t last_client_ = 0;
    unsigned turn_ = 0;       // which of several goes first
    unsigned preferred_ = 0;  // the server to ask first
    int64_t preferred_until_ = 0;
    int64_t listen_at_ = 0;  // clients are let in again
    int64_t forget_at_ = INT64_MAX;
};

}  // namespace kist::network
