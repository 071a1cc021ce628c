// socket_address_test.cpp - network/socket_address.h.

#include "network/socket_address.h"

#include <netinet/in.h>

#include "check.h"

namespace kist::network {
namespace {

TEST(SocketAddress, GoesIntoTheKernelsFormAndComesBack)
{
    for (const char* text : {"203.0.113.7", "2001:db8::7"}) {
        SocketAddress address = {MUST(Address::parse(text)), 0x1234};
        sockaddr_storage name;
        EXPECT_EQ(address.write(name),
                  address.address.is_v6() ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
        EXPECT_EQ(reinterpret_cast<sockaddr_in&>(name).sin_port, htons(0x1234));
        EXPECT_EQ(SocketAddress::of(name), address);
    }
}

TEST(SocketAddress, OfIpv4ComesOutOfSocketsOfBothFamilies)
{
    SocketAddress address = {MUST(Address::parse("203.0.113.7")), 80};
    sockaddr_storage name;
    EXPECT_EQ(address.write(name, true), sizeof(sockaddr_in6));
    EXPECT_EQ(name.ss_family, AF_INET6);
    EXPECT_EQ(SocketAddress::of(name), address);
}

TEST(SocketAddress, IsNoneOfOtherFamilies)
{
    sockaddr_storage name{};
    name.ss_family = AF_UNIX;
    EXPECT_EQ(SocketAddress::of(name).address.size, 0);
    EXPECT_EQ(SocketAddress().write(name), 0U);
    EXPECT_EQ(SocketAddress().write(name, true), 0U);
}

}  // namespace
}  // namespace kist::network
