// datagrams.h - sockets of either side that send datagrams to each other.

#pragma once

#include "relay_lab.h"

namespace kist::test {

// A socket for datagrams, bound to an address of a place.
inline Fd bound(const Place& place, const char* address, uint16_t port)
{
    Fd socket = place.socket(strchr(address, ':'), SOCK_DGRAM);
    SocketAddress here(address, port);
    EXPECT_EQ(::bind(socket.get(), &here.any, here.size), 0) << address << ' ' << errno;
    return socket;
}

inline void join(const Fd& socket, const char* address, uint16_t port)
{
    SocketAddress there(address, port);
    EXPECT_EQ(::connect(socket.get(), &there.any, there.size), 0) << address << ' ' << errno;
}

inline Fd joined(const Place& place, const char* address, uint16_t port)
{
    Fd socket = place.socket(strchr(address, ':'), SOCK_DGRAM);
    join(socket, address, port);
    return socket;
}

inline int send(const Fd& socket, std::string_view bytes)
{
    return ::send(socket.get(), bytes.data(), bytes.size(), 0) < 0 ? errno : 0;
}

inline void send_to(const Fd& socket, const SocketAddress& to, std::string_view bytes)
{
    EXPECT_EQ(::sendto(socket.get(), bytes.data(), bytes.size(), 0, &to.any, to.size),
              ssize_t(bytes.size()))
        << errno;
}

// What comes, "nothing", or the error; from whom.
inline String hear(RelayLab& lab, const Fd& socket, SocketAddress* from = nullptr,
                   int patience = 2000)
{
    String bytes(70000, '\0');
    SocketAddress name;
    if (!lab.waits(socket, POLLIN | POLLERR, patience))
        return "nothing";
    ssize_t got = ::recvfrom(socket.get(), bytes.data(), bytes.size(), 0, &name.any, &name.size);
    if (got < 0)
        return String("error ") + strerror(errno);
    if (from)
        *from = name;
    bytes.resize(size_t(got));
    return bytes;
}

inline String name_of(const SocketAddress& name)
{
    return name.text() + " " + to_text(ntohs(name.v4.sin_port));
}

// Whether what `socket` sends comes to `server`, and the answer back.
inline bool talks(RelayLab& lab, const Fd& socket, const Fd& server,
                  std::string_view words = "words", String* seen = nullptr)
{
    SocketAddress from;
    if (send(socket, words) != 0)
        (void)send(socket, words);  // an error of before
    if (hear(lab, server, &from, 500) != words)
        return false;
    if (seen)
        *seen = name_of(from);
    send_to(server, from, String(words) + "!");
    return hear(lab, socket, nullptr, 500) == String(words) + "!";
}

}  // namespace kist::test
