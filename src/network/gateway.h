// gateway.h - the network namespace in which the bridges of an ordinary user's networks are.
//
// A process of ours stays in it, root of the outer user namespace, and opens sockets there for us:
// it shares our table of descriptors (CLONE_FILES), so what it opens is ours.  In that namespace
// all addresses of the world are local (a route "local default"), and rules hand what containers
// send there to sockets of ours (TPROXY): every connection of theirs ends here as one of the
// kernel's, and the agent makes the one that it stands for on this machine's side.
//
//     container --veth-- bridge | gateway: listener "of any address" == agent == socket | host
//
// The first packet of a connection (SYN) is dropped by the rules and read by us off a tap instead:
// we connect first, and put it in again (`marked`, which the rules let pass) when that has worked.
// So what is refused, or cannot be reached, is so inside as well.

#pragma once

#include <sys/types.h>

#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "network/socket_address.h"

namespace kist::network {

class Gateway {
public:
    // Clones the process, which calls `enter` first: to become root of the user namespace that owns
    // those of the containers (not their network).  ENOTSUP: this kernel lacks what is needed;
    // which, and in the hint the modules and --network host.
    // The caller has one thread, its limit of open files set, and does not reap this child.
    static Result<Gateway> start(Result<void> (*enter)(void* context), void* context);
    // None: connect() is from the caller's own namespace and address.  For ports that root
    // publishes where the kernel has no packet filter.
    static Gateway here() { return Gateway(); }
    Gateway(Gateway&& other) noexcept;
    ~Gateway();  // the process ends; what holds the namespace besides goes on

    // Sockets in the namespace, all non-blocking.
    struct Family {
        // TCP: accept(2) gives the guest's address, getsockname(2) the one it meant.  TCP_NODELAY.
        Fd listener;
        Fd datagrams;  // UDP: IP_RECVORIGDSTADDR, IPV6_RECVORIGDSTADDR
        Fd marked;     // raw, IP_HDRINCL: passes the rules as a packet of a guest
        Fd raw;        // raw, IP_HDRINCL: to guests
    };
    // Of IPv6 all are closed where the kernel has none.
    const Family& family(bool six) const { return families_[six]; }
    // Puts a whole packet in; what cannot be sent is lost, as packets are.
    void inject(std::string_view packet, const Address& to, bool marked) const;

    // A socket in the namespace, bound to `from`, whosever address that is (port 0: any that is
    // free; no address: the kernel's choice), and connecting to `to`, which is not waited for.
    // `type`: SOCK_STREAM (TCP_NODELAY), SOCK_DGRAM.  EADDRINUSE: this pair is connected already.
    Result<Fd> connect(int type, const SocketAddress& from, const SocketAddress& to) const;
    // A packet socket that gets, without the link's header, what comes in through the bridge `link`
    // and is for us: the first packets of connections, echo requests, and those of either that go
    // to other bridges' networks (which the rules drop); not what is between containers
    // (packet(7)). ENODEV.
    Result<Fd> tap(const String& link) const;

    // The namespaces, for who works there (service/agent.h): /proc/PID/ns/net and .../user.
    pid_t process() const { return process_; }

private:
    // Sockets that are neither bound nor connected yet, made several at a time: who asks the
    // process waits for it to wake up.
    struct Stock {
        Vector<Fd> streams, datagrams;
    };
    Gateway() = default;
    Result<Fd> take(int type, bool six) const;

    Family families_[2];
    mutable Stock stocks_[2];
    Fd requests_, answers_;  // both ends: the process has no descriptors of its own
    pid_t process_ = 0;
};

// Tries, in a new namespace that is not needed afterwards, whether the kernel has what a gateway
// needs, but for links.  As of Gateway::start().
Result<void> try_gateway();

}  // namespace kist::network
