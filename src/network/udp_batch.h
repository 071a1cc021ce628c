// udp_batch.h - several datagrams at a time: recvmmsg(2), sendmmsg(2).

#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <string_view>

#include "base/fd.h"
#include "network/socket_address.h"

namespace kist::network {

// Where datagrams go that go out of a socket that is not connected, and from which address.
struct UdpRoute {
    sockaddr_storage name;
    socklen_t size = 0;
    alignas(cmsghdr) char control[64];
    size_t control_size = 0;
};

class UdpBatch {
public:
    UdpBatch();
    ~UdpBatch();
    UdpBatch(const UdpBatch&) = delete;

    // Has to() told of what comes to a socket of ours.
    static void keep_addresses(const Fd& socket, bool six);
    // How many have come, at most kSize; a negative errno when none has.  `named`: with from() and
    // control messages.
    int receive(const Fd& socket, bool named);
    SocketAddress from(int index) const { return SocketAddress::of(names_[index]); }
    // Whom it was meant for (IP_RECVORIGDSTADDR), or which of our addresses it was sent to, without
    // a port (IP_PKTINFO).
    SocketAddress to(int index) const;
    std::string_view payload(int index) const;

    // The way back to who has sent it: from the address that it was sent to.  `six`: of the socket.
    UdpRoute back(int index, bool six) const;
    // Sends those from `first` to before `last`; `route` is null for a connected socket.  What
    // there is no room for is lost.  Returns the errno of the last that could not be sent: an
    // error of an earlier one is told but once, and does not keep the next from being sent.
    int send(const Fd& socket, int first, int last, UdpRoute* route);

    // Gives the memory of past datagrams back.
    void rest();

    static constexpr int kSize = 32;

private:
    int alike(int first, int last) const;
    bool send_joined(const Fd& socket, int first, int count);

    char* bytes_;  // of each datagram as many as there can be; the kernel gives pages as they fill
    mmsghdr messages_[kSize];
    iovec parts_[kSize];
    sockaddr_storage names_[kSize];
    struct Control {
        alignas(cmsghdr) char bytes[64];
    } controls_[kSize];
};

}  // namespace kist::network
