// socket_errors.cpp - the queue of errors that a socket has.

#include "network/socket_errors.h"

#include <time.h>  // which the next one needs of musl

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace kist::network {

void keep_errors(const Fd& socket, bool six)
{
    int on = 1;
    (void)::setsockopt(socket.get(), six ? SOL_IPV6 : SOL_IP, six ? IPV6_RECVERR : IP_RECVERR, &on,
                       sizeof on);
}

std::optional<SocketError> take_error(const Fd& socket)
{
    SocketError error;
    alignas(cmsghdr) char control[256];
    iovec part = {error.head, sizeof error.head};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ssize_t got = ::recvmsg(socket.get(), &message, MSG_ERRQUEUE | MSG_DONTWAIT);
    if (got < 0)
        return {};
    error.size = static_cast<size_t>(got);
    // Nothing else was asked for.
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    sock_extended_err facts;
    if (header && header->cmsg_len >= CMSG_LEN(sizeof facts)) {
        memcpy(&facts, CMSG_DATA(header), sizeof facts);
        error.code = static_cast<int>(facts.ee_errno);
    }
    return error;
}

std::optional<Unreachable> reason_of(int code)
{
    switch (code) {
        case ECONNREFUSED: return Unreachable::port;
        case EHOSTUNREACH:
        case EHOSTDOWN: return Unreachable::host;
        case ENETUNREACH:
        case EADDRNOTAVAIL:  // no address of ours to send from: IPv6 that ends at this machine
            return Unreachable::network;
        case EACCES:
        case EPERM: return Unreachable::prohibited;
        default: return {};
    }
}

}  // namespace kist::network
