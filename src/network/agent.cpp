// agent.cpp - the agent's connections, and its end.

#include "network/agent.h"

#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/clock.h"
#include "base/parcel.h"
#include "base/sys.h"
#include "network/ports.h"
#include "network/reactor.h"
#include "network/relay.h"

namespace kist::network {

namespace {

constexpr int64_t kLingerMs = 1000;
constexpr int64_t kShutMs = 200;
constexpr size_t kMaxPeers = 4096;
constexpr int kMaxMessages = 16;  // that one may send in a turn

class Agent;

// Who is connected: a monitor, or a command that works in the gateway for a moment.
class Peer final : public Handler {
public:
    Peer(Agent& agent, Fd socket) : agent_(agent), socket_(std::move(socket)) {}
    void ready(uint32_t events) override;

    const Fd& socket() const { return socket_; }
    String container;  // that is served for it; "": none yet, or another has it by now

private:
    Result<bool> hear();

    Agent& agent_;
    Fd socket_;
    Vector<Fd> ports_;  // until the Guest comes
};

class Watch final : public Handler {
public:
    Watch(Agent& agent, void (Agent::*action)()) : agent_(agent), action_(action) {}
    void ready(uint32_t) override;

private:
    Agent& agent_;
    void (Agent::*action_)();
};

class Agent {
public:
    Agent(Reactor& reactor, const Gateway& gateway, AgentOptions& options)
        : reactor_(reactor), relay_(reactor, gateway), options_(options)
    {
    }

    Result<void> run(const Gateway& gateway);
    void let_in(Fd socket, bool room);
    void let_go(Peer& peer);
    void accept();
    Result<void> serve(Peer& peer, Guest guest, Vector<Fd> ports);
    void end() { over_ = true; }

private:
    Result<void> greet(Peer& peer);
    bool may_end();
    void open_door();
    void keep_spare() { spare_ = Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

    Reactor& reactor_;
    Relay relay_;
    AgentOptions& options_;
    Watch door_{*this, &Agent::accept};
    Watch ruin_{*this, &Agent::end};  // the end of the gateway's process
    Fd spare_;                        // to refuse connections with when no descriptor is left
    Vector<Peer*> peers_;             // the reactor deletes them
    int64_t end_at_ = INT64_MAX;
    int64_t open_at_ = 0;
    bool over_ = false;
};

void Watch::ready(uint32_t)
{
    (agent_.*action_)();
}

Error no_room()
{
    return Error(EMFILE, "the agent of networks has no room for another container and its ports")
        .with_hint("\"ulimit -Hn\" tells how many files it can have open");
}

// False: it is gone.
Result<bool> Peer::hear()
{
    auto heard = receive_parcel(socket_, kMaxGuest);
    if (!heard && heard.error().is(EMFILE))
        return no_room();
    auto parcel = TRY(std::move(heard));
    if (!parcel)
        return false;
    for (Fd& file : parcel->files)
        ports_.push_back(std::move(file));
    if (ports_.size() > kMaxPorts)
        return Error(E2BIG, "more than %zu sockets", kMaxPorts);
    if (parcel->bytes == kMorePorts)
        return true;
    auto guest = TRY(Guest::parse(std::move(parcel->bytes)));
    if (!container.empty() && guest.container != container)
        return Error(EBADMSG, "another container");
    auto served = agent_.serve(*this, std::move(guest), std::move(ports_));
    TRY(send_outcome(socket_, served, {}, false));
    return true;
}

void Peer::ready(uint32_t)
{
    for (int left = kMaxMessages; left > 0; left--) {
        auto heard = hear();
        if (heard && *heard)
            continue;
        if (!heard && heard.error().is(EAGAIN))
            return;
        if (!heard)
            (void)send_outcome(socket_, std::move(heard).error(), {}, false);
        return agent_.let_go(*this);
    }
}

void Agent::accept()
{
    for (;;) {
        Fd socket(
            ::accept4(options_.listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        // It says so even if nobody is waiting.
        bool full = !socket.is_open() && errno == EMFILE && spare_.is_open();
        if (full) {
            spare_.close();
            socket = Fd(
                ::accept4(options_.listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        }
        if (!socket.is_open()) {
            if (errno != EAGAIN) {  // who is waiting waits on, and we do not turn in vain
                reactor_.forget(options_.listener);
                open_at_ = clock::steady_ms() + kShutMs;
            }
            if (full)
                keep_spare();
            return;
        }
        ucred who = {};
        socklen_t size = sizeof who;
        if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 &&
            who.uid == ::geteuid())
            let_in(std::move(socket), !full);
        socket.close();
        if (full)
            keep_spare();
    }
}

void Agent::open_door()
{
    if (!spare_.is_open())
        keep_spare();
    bool open(reactor_.watch(options_.listener, EPOLLIN, door_));
    open_at_ = open ? INT64_MAX : clock::steady_ms() + kShutMs;
}

Result<void> Agent::greet(Peer& peer)
{
    TRY(reactor_.watch(peer.socket(), EPOLLIN, peer));
    Fd namespaces[] = {TRY(sys::duplicate(options_.network_namespace)),
                       TRY(sys::duplicate(options_.user_namespace))};
    return send_outcome(peer.socket(), {}, namespaces, false);
}

// Who is sent away without a word would start another agent.
void Agent::let_in(Fd socket, bool room)
{
    auto* peer = new Peer(*this, std::move(socket));
    Result<void> greeted = no_room();
    if (room && peers_.size() < kMaxPeers)
        greeted = greet(*peer);
    if (!greeted) {
        (void)send_outcome(peer->socket(), greeted, {}, false);
        delete peer;
        return;
    }
    peers_.push_back(peer);
    end_at_ = INT64_MAX;
}

void Agent::let_go(Peer& peer)
{
    reactor_.forget(peer.socket());
    if (!peer.container.empty())
        relay_.dismiss(peer.container);
    erase_if(peers_, [&](Peer* each) { return each == &peer; });
    reactor_.retire(&peer);
    if (peers_.empty())
        end_at_ = clock::steady_ms() + kLingerMs;
}

Result<void> Agent::serve(Peer& peer, Guest guest, Vector<Fd> ports)
{
    String container = guest.container;
    for (Peer* other : peers_)
        if (peer.container.empty() && other->container == container) {
            // Its monitor was killed, and we have not heard of that yet.
            relay_.dismiss(container);
            other->container.clear();
        }
    auto served = relay_.serve(std::move(guest), std::move(ports));
    if (served)
        peer.container = std::move(container);
    return served;
}

// Who holds the lock wants an agent; whoever has connected without it is let in now.
bool Agent::may_end()
{
    auto locked = sys::try_lock(options_.lock, sys::Lock::exclusive);
    if (!locked || !*locked) {
        end_at_ = clock::steady_ms() + kLingerMs;
        return false;
    }
    accept();
    if (peers_.empty()) {
        (void)sys::unlink_at(options_.state, kAgentSocket);
        return true;
    }
    (void)::flock(options_.lock.get(), LOCK_UN);
    return false;
}

Result<void> Agent::run(const Gateway& gateway)
{
    Fd process;
    if (gateway.process()) {
        process = TRY(sys::pidfd_open(gateway.process()));
        TRY(reactor_.watch(process, EPOLLIN, ruin_));
    }
    end_at_ = clock::steady_ms() + kLingerMs;
    let_in(std::move(options_.first), true);
    while (!over_) {
        int64_t now = clock::steady_ms();
        if (now >= relay_.due())
            relay_.expire(now);
        if (now >= end_at_ && may_end())
            break;
        if (now >= open_at_)
            open_door();
        int64_t pause = std::min({relay_.due(), end_at_, open_at_});
        reactor_.turn(pause == INT64_MAX ? -1
                                         : int(std::clamp<int64_t>(pause - now, 0, INT32_MAX)));
    }
    return {};
}

}  // namespace

Result<void> run_agent(const Gateway& gateway, AgentOptions options)
{
    Reactor reactor = TRY(Reactor::make());
    Agent agent(reactor, gateway, options);
    return agent.run(gateway);
}

Result<void> tell_agent(const Fd& connection, const Guest& guest, std::span<const Fd> ports)
{
    Result<void> sent;
    while (sent && ports.size() > kMaxParcelFiles) {
        sent = send_parcel(connection, kMorePorts, ports.first(kMaxParcelFiles));
        ports = ports.subspan(kMaxParcelFiles);
    }
    if (sent)
        sent = send_parcel(connection, guest.json(), ports);
    // Who hangs up on us has said why.
    auto answer = receive_outcome(connection);
    if (!sent && (answer || answer.error().is(EPIPE)))
        return sent;
    TRY(std::move(answer));
    return {};
}

}  // namespace kist::network
