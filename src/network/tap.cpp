// tap.cpp - see tap.h.

#include "network/tap.h"

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <iterator>

#include "network/route.h"

namespace kist::network {
namespace {

constexpr int kBuffer = 1 << 20;  // bytes that may wait; less is given

// clang-format off
// What a tap lets through (linux/filter.h): of unfragmented packets to our own card those of TCP
// that begin a connection, and echo requests.  Offsets are from the network header, X is its size.
// Packet::read() looks closer.
constexpr uint16_t kLoad = BPF_LD | BPF_ABS, kLoadFromX = BPF_LD | BPF_B | BPF_IND;
constexpr uint16_t kIs = BPF_JMP | BPF_JEQ, kGo = BPF_JMP | BPF_JA, kReturn = BPF_RET;
constexpr uint32_t kFacts = static_cast<uint32_t>(SKF_AD_OFF);
constexpr uint8_t kFlags = TH_FIN | TH_SYN | TH_RST | TH_ACK;
constexpr sock_filter kFilter[] = {
    /*  0 */ {kLoad | BPF_W, 0, 0, kFacts + SKF_AD_PKTTYPE},
    /*  1 */ {kIs, 0, 20, PACKET_HOST},
    /*  2 */ {kLoad | BPF_W, 0, 0, kFacts + SKF_AD_PROTOCOL},
    /*  3 */ {kIs, 6, 0, ETH_P_IPV6},
    /*  4 */ {kIs, 0, 17, ETH_P_IP},
    /*  5 */ {kLoad | BPF_H, 0, 0, 6},
    /*  6 */ {BPF_JMP | BPF_JSET, 15, 0, 0x3fff},  // a fragment
    /*  7 */ {BPF_LDX | BPF_B | BPF_MSH, 0, 0, 0},
    /*  8 */ {kLoad | BPF_B, 0, 0, 9},
    /*  9 */ {kGo, 0, 0, 2},
    /* 10 */ {BPF_LDX | BPF_IMM, 0, 0, 40},
    /* 11 */ {kLoad | BPF_B, 0, 0, 6},
    /* 12 */ {kIs, 2, 0, IPPROTO_TCP},
    /* 13 */ {kIs, 4, 0, IPPROTO_ICMP},
    /* 14 */ {kIs, 3, 7, IPPROTO_ICMPV6},
    /* 15 */ {kLoadFromX, 0, 0, 13},
    /* 16 */ {BPF_ALU | BPF_AND, 0, 0, kFlags},
    /* 17 */ {kIs, 3, 4, TH_SYN},
    /* 18 */ {kLoadFromX, 0, 0, 0},
    /* 19 */ {kIs, 1, 0, ICMP_ECHO},
    /* 20 */ {kIs, 0, 1, ICMP6_ECHO_REQUEST},
    /* 21 */ {kReturn, 0, 0, 0x40000},
    /* 22 */ {kReturn, 0, 0, 0},
};
// clang-format on

}  // namespace

// Nothing gets in before the filter is there: with protocol 0 nothing is asked for.
Result<Fd> open_tap(const String& link)
{
    Fd tap(::socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!tap.is_open() && errno == EAFNOSUPPORT)
        return Error(ENOTSUP, "this kernel has no packet sockets")
            .with_hint("load or build the kernel's module af_packet, or use --network host");
    if (!tap.is_open())
        return os_error("cannot open a packet socket");
    const sock_fprog program = {std::size(kFilter), const_cast<sock_filter*>(kFilter)};
    if (::setsockopt(tap.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0)
        return os_error("cannot filter packets");
    int on = 1, buffer = kBuffer;
    (void)::setsockopt(tap.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on);
    (void)::setsockopt(tap.get(), SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    auto route = TRY(Netlink::open(NETLINK_ROUTE));
    sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    at.sll_ifindex = TRY(find_link(route, link));
    if (::bind(tap.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) != 0)
        return os_error("cannot listen on the link %s", link.c_str());
    return tap;
}

}  // namespace kist::network
