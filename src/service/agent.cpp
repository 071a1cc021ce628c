// agent.cpp - see agent.h.

#include "service/agent.h"

#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include "base/fs.h"
#include "base/parcel.h"
#include "base/sys.h"
#include "container/outer.h"
#include "network/agent.h"
#include "service/protocol.h"
#include "service/spawn.h"

namespace kist::service {

namespace {

constexpr const char* kLock = "agent.lock";
constexpr int kPartMs = 2000;

Result<Fd> open_state(const Engine& engine)
{
    return sys::open(engine.places.state, O_RDONLY | O_DIRECTORY);
}

Result<Fd> open_lock(const Fd& state)
{
    return sys::open_at(state, kLock, O_RDWR | O_CREAT, 0600);
}

Result<void> enter_gateway(const Fd& user_namespace, const Fd& network_namespace)
{
    Fd home = TRY(sys::open("/proc/self/ns/user", O_RDONLY));
    if (!sys::same_file(home, user_namespace)) {
        if (::syscall(SYS_setns, user_namespace.get(), CLONE_NEWUSER) < 0)
            return os_error("join the user namespace of networks");
        TRY(container::become_root_inside());
    }
    if (::syscall(SYS_setns, network_namespace.get(), CLONE_NEWNET) < 0)
        return os_error("join the gateway of networks");
    return {};
}

// ---- in the agent ----------------------------------------------------------------------------

void settle_in()
{
    sigset_t none;
    ::sigemptyset(&none);
    (void)::sigprocmask(SIG_SETMASK, &none, nullptr);
    (void)::signal(SIGPIPE, SIG_IGN);
    rlimit files = {};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)::setrlimit(RLIMIT_NOFILE, &files);
    }
}

Result<Fd> listen_at(const Fd& state)
{
    auto gone = sys::unlink_at(state, network::kAgentSocket);
    if (!gone && !gone.error().is(ENOENT))
        return std::move(gone).error();
    Fd listener(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address = socket_address(state, network::kAgentSocket);
    if (!listener.is_open() ||
        ::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0 ||
        ::listen(listener.get(), SOMAXCONN) < 0)
        return os_error("cannot listen at the socket of the agent");
    return listener;
}

Result<void> join_outer(void* context)
{
    const auto& engine = *static_cast<const Engine*>(context);
    TRY(container::join_outer(engine.outer, engine.places));
    return {};
}

// Keeps the gateway's user namespace, which is the containers' too.  Root's relays ports alone,
// from this machine to bridges that are its own.
Result<void> live(Engine& engine, Fd& first)
{
    bool root = engine.outer.map.tier == image::StoreMap::Tier::root;
    Fd state = TRY(open_state(engine));
    Fd lock;
    if (!root)
        lock = TRY(container::lock_outer(engine.places));
    auto started = root ? Result<network::Gateway>(network::Gateway::here())
                        : network::Gateway::start(join_outer, &engine);
    auto gateway = TRY(std::move(started));
    String directory = str::format("/proc/%d/ns/", root ? ::getpid() : gateway.process());
    network::AgentOptions options = {.state = state, .first = first};
    options.network_namespace = TRY(sys::open(directory + "net", O_RDONLY));
    options.user_namespace = TRY(sys::open(directory + "user", O_RDONLY));
    if (!root && !engine.outer.given)
        TRY(container::record_outer(engine.outer, engine.places, options.user_namespace));
    container::unlock_outer(lock);
    options.lock = TRY(open_lock(state));
    options.listener = TRY(listen_at(state));
    (void)::fcntl(first.get(), F_SETFL, O_NONBLOCK);
    return network::run_agent(gateway, std::move(options));
}

}  // namespace

void Agent::hurry(int seconds) const
{
    timeval patience = {seconds, 0};
    for (int option : {SO_RCVTIMEO, SO_SNDTIMEO})
        (void)::setsockopt(connection_.get(), SOL_SOCKET, option, &patience, sizeof patience);
}

Error Agent::explain(Error error) const
{
    if (!error.is(EAGAIN))
        return error;
    pid_t agent = process();
    if (agent == ::getpid())  // that of a pair of sockets
        return Error(ETIME, "the agent of networks, which was just started, does not answer")
            .with_hint("try again");
    return Error(ETIME, "the agent of networks, process %d, does not answer", agent)
        .with_hint(str::format(
            "\"kill -CONT %d\" lets it go on if it was stopped; if it is killed another is started",
            agent));
}

Result<Agent> Agent::greet(Fd connection, bool hurried)
{
    Agent agent;
    agent.connection_ = std::move(connection);
    agent.hurry(hurried ? kHurry : kPatience);
    auto greeted = receive_outcome(agent.connection_);
    if (!greeted)
        return agent.explain(std::move(greeted).error());
    Vector<Fd>& files = *greeted;
    if (files.size() != 2)
        return Error(EBADMSG, "the agent of networks says something unreadable");
    agent.network_namespace_ = std::move(files[0]);
    agent.user_namespace_ = std::move(files[1]);
    return agent;
}

// Nothing: nobody is there, or it has ended as we came.
Result<std::optional<Agent>> Agent::connect(const Fd& state, bool hurried)
{
    Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    sockaddr_un address = socket_address(state, network::kAgentSocket);
    if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) {
        if (errno == ENOENT || errno == ECONNREFUSED)
            return std::optional<Agent>();
        return os_error("cannot connect with the agent of networks");
    }
    auto agent = greet(std::move(socket), hurried);
    if (!agent && agent.error().is(EPIPE))
        return std::optional<Agent>();
    return std::optional<Agent>(TRY(std::move(agent)));
}

Result<std::optional<Agent>> Agent::find_living(const Engine& engine)
{
    auto state = open_state(engine);
    if (!state && state.error().is(ENOENT))
        return std::optional<Agent>();
    return connect(TRY(std::move(state)), false);
}

Result<Agent> Agent::find(const Engine& engine, bool hurried)
{
    Fd state = TRY(open_state(engine));
    auto found = TRY(connect(state, hurried));
    if (found)
        return std::move(*found);
    Fd lock = TRY(open_lock(state));
    if (!hurried)
        TRY(sys::lock(lock, sys::Lock::exclusive));
    else if (!TRY(sys::try_lock(lock, sys::Lock::exclusive)))
        return Error(EAGAIN, "the agent of networks is being started");
    found = TRY(connect(state, hurried));  // somebody else was faster
    if (found)
        return std::move(*found);
    auto refuse = [](const Fd& socket, const Error& error) {
        (void)send_outcome(socket, Result<void>(error));
    };
    auto started = spawn(engine, {kAgentWord, String(), nullptr, refuse});
    return greet(TRY(std::move(started)), hurried);
}

Result<Vector<Fd>> Agent::in_gateway(Work work, void* context) const
{
    struct Errand {
        const Agent& agent;
        Work work;
        void* context;
    } errand = {*this, work, context};
    auto run = [](void* given, Vector<Fd>& files) -> Result<void> {
        auto& [agent, action, rest] = *static_cast<Errand*>(given);
        TRY(enter_gateway(agent.user_namespace_, agent.network_namespace_));
        return action(rest, files);
    };
    return in_child(run, &errand);
}

Result<void> Agent::tell(const network::Guest& guest, std::span<const Fd> ports) const
{
    auto told = network::tell_agent(connection_, guest, ports);
    return told ? std::move(told) : explain(std::move(told).error());
}

pid_t Agent::process() const
{
    return process_of(connection_);
}

void Agent::part()
{
    if (!connection_.is_open())
        return;
    (void)::shutdown(connection_.get(), SHUT_WR);
    pollfd gone = {connection_.get(), POLLIN, 0};
    (void)sys::retry([&] { return ::poll(&gone, 1, kPartMs); });
    *this = {};
}

int run_agent(std::span<char* const> words)
{
    auto born = be_born(words);
    if (!born)
        return 125;
    settle_in();
    auto outer = container::choose_outer();
    Result<void> lived;
    if (outer) {
        Engine engine = {born->places, std::move(*outer), {}};
        lived = live(engine, born->socket);
    } else {
        lived = std::move(outer).error();
    }
    if (!lived && born->socket.is_open())
        (void)send_outcome(born->socket, lived);
    return lived ? 0 : 125;
}

}  // namespace kist::service
