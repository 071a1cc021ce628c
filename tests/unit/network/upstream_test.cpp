// upstream_test.cpp - what is read of a resolv.conf.

#include "network/upstream.h"

#include <arpa/inet.h>
#include <unistd.h>

#include "base/str.h"
#include "check.h"
#include "temporary.h"

using namespace kist;
using network::Server;
using network::Upstream;

namespace {

String text_of(const Server& server)
{
    char text[INET6_ADDRSTRLEN] = "";
    bool four = server.get()->sa_family == AF_INET;
    auto* in = reinterpret_cast<const sockaddr_in*>(&server.address);
    const void* bytes = four ? static_cast<const void*>(&in->sin_addr)
                             : static_cast<const void*>(&server.address.sin6_addr);
    EXPECT_EQ(server.size, four ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    ::inet_ntop(four ? AF_INET : AF_INET6, bytes, text, sizeof text);
    return str::format("%s %u %u", text, ntohs(in->sin_port),
                       four ? 0 : server.address.sin6_scope_id);
}

}  // namespace

TEST(Upstream, ReadsServersAndOptions)
{
    Upstream upstream;
    upstream.read(
        "# made by hand\n"
        "; nameserver 1.1.1.1\n"
        "search example.org\n"
        "nameserver 9.9.9.9\n"
        "  nameserver\t2620:fe::9  \n"
        "nameserver fe80::1%lo\n"
        "options ndots:2 timeout:3 attempts:4 rotate\n",
        53);
    ASSERT_EQ(upstream.servers.size(), 3u);
    EXPECT_EQ(text_of(upstream.servers[0]), "9.9.9.9 53 0");
    EXPECT_EQ(text_of(upstream.servers[1]), "2620:fe::9 53 0");
    EXPECT_EQ(text_of(upstream.servers[2]), "fe80::1 53 1");
    EXPECT_EQ(upstream.timeout, 3u);
    EXPECT_EQ(upstream.attempts, 4u);
    EXPECT_TRUE(upstream.rotate);
}

TEST(Upstream, SkipsWhatItCannotRead)
{
    for (const char* text :
         {"", "\n\n", "nameserver", "nameserver \n", "nameserver example.org", "nameserver 9.9.9",
          "nameserver 9.9.9.9.9", "nameserver :::", "nameservers 9.9.9.9", "options",
          "options timeout: attempts:x", "options timeout:99999999999999999999"}) {
        Upstream upstream;
        upstream.read(text, 53);
        EXPECT_TRUE(upstream.servers.empty()) << text;
        EXPECT_EQ(upstream.timeout, 5u) << text;
        EXPECT_EQ(upstream.attempts, 2u) << text;
        EXPECT_FALSE(upstream.rotate) << text;
    }
}

TEST(Upstream, LimitsWhatCanBeAsked)
{
    Upstream upstream;
    String text;
    for (int i = 1; i < 30; i++)
        text += str::format("nameserver 10.0.0.%d\n", i);
    upstream.read(text + "options timeout:1000 attempts:0\n", 53);
    EXPECT_EQ(upstream.servers.size(), 8u);
    EXPECT_EQ(upstream.timeout, 30u);
    EXPECT_EQ(upstream.attempts, 1u);
    upstream.read("options timeout:-1 attempts:1000\n", 53);
    EXPECT_EQ(upstream.timeout, 1u);
    EXPECT_EQ(upstream.attempts, 5u);
}

TEST(Stamp, TellsWhenAFileIsAnother)
{
    test::TemporaryDirectory directory;
    String file = directory.path() + "/file", other = directory.path() + "/other",
           link = directory.path() + "/link";
    EXPECT_EQ(network::stamp_of(link), 0u);
    EXPECT_OK(fs::replace(directory.fd(), "file", "one"));
    EXPECT_OK(fs::replace(directory.fd(), "other", "two"));
    EXPECT_OK(sys::symlink_at("file", directory.fd(), "link"));
    uint64_t first = network::stamp_of(link);
    EXPECT_EQ(first, network::stamp_of(file));
    EXPECT_NE(first, network::stamp_of(other));
    EXPECT_EQ(first, network::stamp_of(link));
    // The link leads elsewhere; the file is replaced by one of the same size.
    EXPECT_OK(sys::unlink_at(directory.fd(), "link"));
    EXPECT_OK(sys::symlink_at("other", directory.fd(), "link"));
    EXPECT_NE(network::stamp_of(link), first);
    EXPECT_OK(fs::replace(directory.fd(), "file", "six"));
    EXPECT_NE(network::stamp_of(file), first);
}
