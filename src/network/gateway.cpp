// gateway.cpp - see gateway.h.
//
// The process is a copy of the agent that shares its table of descriptors: what either closes is
// closed for both.  So what it has from before the clone is never destroyed there (it ends by
// _exit), and what it opens and hands over is released first.  As both ends of the pair are in that
// table, its end is not to be seen on them: who waits for an answer looks now and then whether
// there is still somebody to give it.

#include "network/gateway.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>

#include "base/process.h"
#include "base/sys.h"
#include "network/bridge.h"
#include "network/firewall.h"
#include "network/route.h"
#include "network/tap.h"

namespace kist::network {
namespace {

constexpr int kBacklog = 4096;         // as of tcp_max_syn_backlog
constexpr unsigned kStock = 16;        // sockets made at a time
constexpr int kBuffer = 1 << 20;       // bytes that may wait in a socket all share; less is given
constexpr timeval kPatience = {1, 0};  // before looking whether the process is there

struct Request {
    int type;  // SOCK_STREAM, SOCK_DGRAM; SOCK_PACKET: a tap
    bool six;
    char link[16];  // of a tap
};

struct Answer {
    int code = 0;  // errno
    unsigned count = 0;
    int files[kStock];
    struct Words {
        char text[512];
        void put(std::string_view from) { text[from.copy(text, sizeof text - 1)] = 0; }
    } message, hint;  // of an error

    size_t size() const { return code ? sizeof *this : offsetof(Answer, message); }
    void give(Fd& file) { files[count++] = file.release(); }
    void refuse(const Error& error)
    {
        code = error.code();
        message.put(error.message());
        hint.put(error.hint());
    }
};

void set(const Fd& socket, int level, int option, int value)
{
    (void)::setsockopt(socket.get(), level, option, &value, sizeof value);
}

Result<Fd> open_socket(int domain, int type, int protocol)
{
    Fd made(::socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
    if (!made.is_open())
        return os_error("cannot open a socket");
    return made;
}

// One that may be bound to any address, and passes off what it is as that.
Result<Fd> open_transparent(int type, bool six)
{
    Fd made = TRY(open_socket(six ? AF_INET6 : AF_INET, type, 0));
    int on = 1;
    if (::setsockopt(made.get(), six ? SOL_IPV6 : SOL_IP, six ? IPV6_TRANSPARENT : IP_TRANSPARENT,
                     &on, sizeof on) != 0)
        return os_error("cannot make a socket transparent");
    set(made, SOL_SOCKET, SO_REUSEADDR, 1);
    // A port of our choice is chosen when it is known for which pair.
    set(made, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    if (type == SOCK_STREAM)
        set(made, SOL_TCP, TCP_NODELAY, 1);
    return made;
}

// Bound to a port of any address; that of streams of lo's only, where packets with the mark come
// in, so that a client may have the same port.
Result<Fd> open_at(int type, bool six, uint16_t port)
{
    Fd made = TRY(open_transparent(type, six));
    SocketAddress at = {.port = port};
    bool stream = type == SOCK_STREAM;
    at.address = TRY(Address::parse(six      ? stream ? "::1" : "::"
                                    : stream ? "127.0.0.1"
                                             : "0.0.0.0"));
    sockaddr_storage storage;
    socklen_t size = at.write(storage);
    set(made, SOL_IPV6, IPV6_V6ONLY, six);
    set(made, SOL_SOCKET, SO_RCVBUF, kBuffer);
    if (::bind(made.get(), reinterpret_cast<sockaddr*>(&storage), size) != 0 ||
        (stream && ::listen(made.get(), kBacklog) != 0))
        return os_error("cannot listen at port %d", int(port));
    return made;
}

Result<Gateway::Family> open_family(bool six)
{
    Gateway::Family family;
    int domain = six ? AF_INET6 : AF_INET;
    family.listener = TRY(open_at(SOCK_STREAM, six, kRelayTcpPort));
    family.datagrams = TRY(open_at(SOCK_DGRAM, six, kRelayUdpPort));
    set(family.datagrams, six ? SOL_IPV6 : SOL_IP, six ? IPV6_RECVORIGDSTADDR : IP_RECVORIGDSTADDR,
        1);
    family.marked = TRY(open_socket(domain, SOCK_RAW, IPPROTO_RAW));
    family.raw = TRY(open_socket(domain, SOCK_RAW, IPPROTO_RAW));
    set(family.marked, SOL_SOCKET, SO_MARK, kRelayMark);
    return family;
}

// As many as there is room for, up to kStock; one at least.
Result<void> open_stock(int type, bool six, Answer& answer)
{
    while (answer.count < kStock) {
        auto made = open_transparent(type, six);
        if (!made && answer.count)
            break;
        Fd socket = TRY(std::move(made));
        answer.give(socket);
    }
    return {};
}

struct Start {
    Result<void> (*enter)(void* context);
    void* context;
    pid_t agent;
};

Result<void> open_gateway(const Start& start, Answer& answer)
{
    TRY(start.enter(start.context));
    // A process whose rights have changed does not die with its parent any more, and nobody may
    // look into it (its namespaces) but the machine's root.
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 ||
        ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0)
        return os_error("cannot depend on the agent");
    if (::getppid() != start.agent)
        ::_exit(0);
    if (::unshare(CLONE_NEWNET) != 0)
        return os_error("cannot make a network namespace")
            .with_hint("raise user.max_net_namespaces, or use --network host");
    TRY(prepare_gateway());
    for (bool six : {false, true}) {
        Gateway::Family family;
        if (!six || has_v6())
            family = TRY(open_family(six));
        for (Fd* file : {&family.listener, &family.datagrams, &family.marked, &family.raw})
            answer.give(*file);
    }
    return {};
}

Result<void> handle(const Request& request, Answer& answer)
{
    if (request.type != SOCK_PACKET)
        return open_stock(request.type, request.six, answer);
    TRY(apply_gateway_settings());
    Fd tap = TRY(open_tap(request.link));
    answer.give(tap);
    return {};
}

void reply(const Fd& requests, const Result<void>& done, Answer& answer)
{
    if (!done)
        answer.refuse(done.error());
    (void)::send(requests.get(), &answer, answer.size(), MSG_NOSIGNAL);
}

[[noreturn]] void serve(const Fd& requests, const Start& start)
{
    (void)::prctl(PR_SET_NAME, "kist-gateway", 0, 0, 0);
    // It ends with the agent, whatever a terminal or an init system sends to all at once.
    for (int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM})
        ::signal(signal, SIG_IGN);
    {
        Answer answer;
        reply(requests, open_gateway(start, answer), answer);
    }
    Request request;
    while (sys::retry([&] { return ::recv(requests.get(), &request, sizeof request, 0); }) > 0) {
        Answer answer;
        reply(requests, handle(request, answer), answer);
    }
    ::_exit(0);
}

// Whether the child has not ended; it is not reaped.
bool is_there(pid_t child)
{
    siginfo_t info = {};
    return ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0;
}

Result<void> hear(const Fd& requests, pid_t process, Answer& answer)
{
    while (sys::retry([&] { return ::recv(requests.get(), &answer, sizeof answer, 0); }) <= 0)
        if (errno != EAGAIN || !is_there(process))
            return Error(ESRCH, "the process in the gateway's network has ended");
    if (!answer.code)
        return {};
    Error error(answer.code, "%s", answer.message.text);
    return answer.hint.text[0] ? std::move(error).with_hint(answer.hint.text) : std::move(error);
}

Result<void> ask(const Fd& requests, pid_t process, const Request& request, Answer& answer)
{
    if (::send(requests.get(), &request, sizeof request, MSG_NOSIGNAL) < 0)
        return os_error("cannot ask the gateway");
    return hear(requests, process, answer);
}

}  // namespace

Result<void> try_gateway()
{
    TRY(prepare_gateway());
    TRY(open_tap("lo"));
    return {};
}

Result<Gateway> Gateway::start(Result<void> (*enter)(void* context), void* context)
{
    Start start = {enter, context, ::getpid()};
    sys::Pipe pair = TRY(sys::socket_pair());
    Gateway gateway;
    auto child = ::syscall(SYS_clone, CLONE_FILES | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
    if (child == 0)
        serve(pair.reader, start);
    if (child < 0)
        return os_error("cannot start the gateway");
    gateway.process_ = static_cast<pid_t>(child);
    gateway.requests_ = std::move(pair.writer);
    if (::setsockopt(gateway.requests_.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience,
                     sizeof kPatience) != 0)
        return os_error("cannot start the gateway");
    Answer answer;
    TRY(hear(gateway.requests_, gateway.process_, answer),
        "cannot make the gateway of an ordinary user's networks");
    const int* file = answer.files;
    for (Family& each : gateway.families_)
        for (Fd* to : {&each.listener, &each.datagrams, &each.marked, &each.raw})
            *to = Fd(*file++);
    gateway.answers_ = std::move(pair.reader);
    return gateway;
}

Gateway::Gateway(Gateway&& other) noexcept
    : requests_(std::move(other.requests_)),
      answers_(std::move(other.answers_)),
      process_(std::exchange(other.process_, 0))
{
    for (bool six : {false, true}) {
        families_[six] = std::move(other.families_[six]);
        stocks_[six] = std::move(other.stocks_[six]);
    }
}

Gateway::~Gateway()
{
    if (process_ == 0)
        return;
    (void)::kill(process_, SIGKILL);
    (void)process::wait(process_);
}

void Gateway::inject(std::string_view packet, const Address& to, bool marked) const
{
    const Family& family = families_[to.is_v6()];
    sockaddr_storage at;
    socklen_t size = SocketAddress{.address = to}.write(at);
    (void)::sendto((marked ? family.marked : family.raw).get(), packet.data(), packet.size(),
                   MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&at), size);
}

Result<Fd> Gateway::take(int type, bool six) const
{
    if (!process_)
        return open_socket(six ? AF_INET6 : AF_INET, type, 0);
    auto& stock = type == SOCK_STREAM ? stocks_[six].streams : stocks_[six].datagrams;
    if (stock.empty()) {
        Answer answer;
        TRY(ask(requests_, process_, {.type = type, .six = six, .link = {}}, answer));
        for (unsigned i = 0; i < answer.count; i++)
            stock.push_back(Fd(answer.files[i]));
    }
    Fd taken = std::move(stock.back());
    stock.pop_back();
    return taken;
}

// Where all addresses are ours a pair that is in use looks like an address that is not.
Result<Fd> Gateway::connect(int type, const SocketAddress& from, const SocketAddress& to) const
{
    sockaddr_storage at;
    Fd socket = TRY(take(type, to.address.is_v6()));
    if (process_ && from.address.size) {
        socklen_t size = from.write(at);
        if (type == SOCK_DGRAM && !from.port)
            set(socket, SOL_SOCKET, SO_REUSEADDR, 0);  // a port that is another's is not free
        if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&at), size) != 0)
            return os_error("cannot be %s", from.address.text().c_str());
    }
    socklen_t size = to.write(at);
    if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&at), size) == 0 ||
        errno == EINPROGRESS)
        return socket;
    if (errno == EADDRNOTAVAIL)
        errno = EADDRINUSE;
    return os_error("cannot connect to %s", to.address.text().c_str());
}

Result<Fd> Gateway::tap(const String& link) const
{
    Request request = {.type = SOCK_PACKET, .six = false, .link = {}};
    memcpy(request.link, link.data(), std::min(link.size(), sizeof request.link - 1));
    Answer answer;
    TRY(ask(requests_, process_, request, answer));
    return Fd(answer.files[0]);
}

}  // namespace kist::network
