// resolv_conf_test.cpp - what is read of a resolv.conf.

#include "base/resolv_conf.h"

#include <arpa/inet.h>

#include "base/str.h"
#include "check.h"

using namespace kist;

namespace {

String text_of(const SocketName& server)
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

TEST(ResolvConf, ReadsServersAndOptions)
{
    ResolvConf conf;
    conf.read(
        "# made by hand\n"
        "; nameserver 1.1.1.1\n"
        "search example.org\n"
        "nameserver 9.9.9.9\n"
        "  nameserver\t2620:fe::9  \n"
        "nameserver fe80::1%lo\n"
        "options ndots:2 timeout:3 attempts:4 rotate\n",
        53);
    ASSERT_EQ(conf.servers.size(), 3u);
    EXPECT_EQ(text_of(conf.servers[0]), "9.9.9.9 53 0");
    EXPECT_EQ(text_of(conf.servers[1]), "2620:fe::9 53 0");
    EXPECT_EQ(text_of(conf.servers[2]), "fe80::1 53 1");
    EXPECT_EQ(conf.timeout, 3u);
    EXPECT_EQ(conf.attempts, 4u);
    EXPECT_TRUE(conf.rotate);
    EXPECT_EQ(conf.ndots, 2u);
    EXPECT_EQ(conf.search, "example.org");
}

TEST(ResolvConf, TakesTheLastOfSeveralSearchLists)
{
    ResolvConf conf;
    conf.read("search a.org b.org\ndomain c.org\n  search\td.org  e.org \nsearches f.org\n", 53);
    EXPECT_EQ(conf.search, "d.org  e.org");
    conf.read("domain c.org", 53);
    EXPECT_EQ(conf.search, "c.org");
    conf.read("search " + String(2000, 'x'), 53);
    EXPECT_EQ(conf.search, "c.org");
    conf.read("search", 53);
    EXPECT_EQ(conf.search, "");
}

TEST(ResolvConf, SkipsWhatItCannotRead)
{
    for (const char* text :
         {"", "\n\n", "nameserver", "nameserver \n", "nameserver example.org", "nameserver 9.9.9",
          "nameserver 9.9.9.9.9", "nameserver :::", "nameservers 9.9.9.9", "options",
          "options timeout: attempts:x", "options timeout:99999999999999999999"}) {
        ResolvConf conf;
        conf.read(text, 53);
        EXPECT_TRUE(conf.servers.empty()) << text;
        EXPECT_EQ(conf.timeout, 5u) << text;
        EXPECT_EQ(conf.attempts, 2u) << text;
        EXPECT_FALSE(conf.rotate) << text;
    }
}

TEST(ResolvConf, LimitsWhatCanBeAsked)
{
    ResolvConf conf;
    String text;
    for (int i = 1; i < 30; i++)
        text += str::format("nameserver 10.0.0.%d\n", i);
    conf.read(text + "options timeout:1000 attempts:0\n", 53);
    EXPECT_EQ(conf.servers.size(), 8u);
    EXPECT_EQ(conf.timeout, 30u);
    EXPECT_EQ(conf.attempts, 1u);
    conf.read("options timeout:-1 attempts:1000 ndots:99\n", 53);
    EXPECT_EQ(conf.ndots, 15u);
    EXPECT_EQ(conf.timeout, 1u);
    EXPECT_EQ(conf.attempts, 5u);
}
