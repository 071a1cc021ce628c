// frames.h - what a guest can send that its kernel would not.

#pragma once

#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>

#include <cstdio>

#include "relay_lab.h"

namespace kist::test {

template <class Work>
auto done_in(const Place& place, Work work)
{
    Fd here(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
    Fd there(::open(place.path().c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(::setns(there.get(), CLONE_NEWNET), 0);
    auto result = work();
    EXPECT_EQ(::setns(here.get(), CLONE_NEWNET), 0);
    return result;
}

// A socket of any kind.
inline Fd in_place(const Place& place, int domain, int type, int protocol)
{
    Fd made(done_in(
        place, [&] { return ::socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol); }));
    EXPECT_TRUE(made.is_open()) << errno;
    return made;
}

// Has errors told that could pass by themselves, too.
inline void hear_errors(const Fd& socket, bool six)
{
    int on = 1;
    EXPECT_EQ(::setsockopt(socket.get(), six ? SOL_IPV6 : SOL_IP, six ? IPV6_RECVERR : IP_RECVERR,
                           &on, sizeof on),
              0);
}

// Sends `packet` out of the guest's packet socket, to the gateway's card.
inline bool send_frame(const RelayLab& lab, const Fd& raw, std::string_view packet)
{
    String card = output_of(str::format("nsenter --net=/proc/%d/ns/net ip -o link show %s",
                                        lab.gateway->process(), lab.network.link.c_str()));
    const char* at = strstr(card.c_str(), "link/ether ");
    sockaddr_ll name{};
    if (!at ||
        sscanf(at, "link/ether %hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &name.sll_addr[0], &name.sll_addr[1],
               &name.sll_addr[2], &name.sll_addr[3], &name.sll_addr[4], &name.sll_addr[5]) != 6)
        return false;
    name.sll_family = AF_PACKET;
    name.sll_halen = 6;
    name.sll_protocol = htons(uint8_t(packet[0]) >> 4 == 6 ? 0x86dd : 0x0800);
    name.sll_ifindex = done_in(lab.guest, [] { return int(::if_nametoindex("eth0")); });
    return ::sendto(raw.get(), packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&name),
                    sizeof name) == ssize_t(packet.size());
}

}  // namespace kist::test
