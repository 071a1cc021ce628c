// netlink_test.cpp - network/netlink.h: requests by the byte, replies right and wrong, the kernel.

#include "network/netlink.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/str.h"
#include "check.h"
#include "namespaces.h"

namespace kist::network {
namespace {

// As a machine of little endian writes it, which all of ours are.
String hex(const Vector<uint8_t>& bytes)
{
    static const char kDigits[] = "0123456789abcdef";
    String text;
    for (size_t i = 0; i < bytes.size(); i++) {
        if (i && i % 4 == 0)
            text.push_back(' ');
        text.push_back(kDigits[bytes[i] >> 4]);
        text.push_back(kDigits[bytes[i] & 15]);
    }
    return text;
}

TEST(Message, IsTheKernelsBytes)
{
    Message message;
    message.begin(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE, ifinfomsg{.ifi_index = 3});
    message.text(IFLA_IFNAME, "br0");
    {
        auto info = message.nest(IFLA_LINKINFO);
        message.text(IFLA_INFO_KIND, "bridge");
        auto data = message.nest(IFLA_INFO_DATA);
        message.number8(IFLA_BR_MCAST_SNOOPING, 1);
    }
    message.number32(IFLA_MTU, 1500);
    EXPECT_EQ(hex(message.data()),
              "4c000000 10000504 00000000 00000000 "
              "00000000 03000000 00000000 00000000 "
              "08000300 62723000 "
              "1c001280 0b000100 62726964 67650000 0c000280 05001700 01000000 "
              "08000400 dc050000");
}

TEST(Message, HoldsABatch)
{
    Message message;
    message.begin(0x10, 0, uint32_t(0));
    message.begin(0x0a00, NLM_F_ACK, uint32_t(2));
    message.number16_be(1, 80);
    message.number32_be(2, 7);
    message.attribute(3, nullptr, 0);
    EXPECT_EQ(hex(message.data()),
              "14000000 10000100 00000000 00000000 00000000 "
              "28000000 000a0500 00000000 00000000 02000000 "
              "06000100 00500000 08000200 00000007 04000300");
    EXPECT_FALSE(message.is_too_long());
}

TEST(Message, RemembersThatItGrewTooLong)
{
    String long_text(70000, 'x');
    Message attribute;
    attribute.begin(1, 0, 0);
    attribute.text(1, long_text);
    EXPECT_TRUE(attribute.is_too_long());

    Message nest;
    nest.begin(1, 0, 0);
    {
        auto inside = nest.nest(1);
        nest.text(1, long_text.c_str() + 30000);
        nest.text(1, long_text.c_str() + 30000);
    }
    EXPECT_TRUE(nest.is_too_long());

    Message whole;
    for (int i = 0; i < 5; i++) {
        whole.begin(1, 0, 0);
        whole.text(1, long_text.c_str() + 30000);
    }
    EXPECT_TRUE(whole.is_too_long());
    auto netlink = MUST(Netlink::open(NETLINK_ROUTE));
    EXPECT_ERROR(netlink.request(whole), E2BIG, "too long");
}

TEST(Attributes, EndWhereALengthIsWrong)
{
    const struct {
        std::string_view bytes;
        int count;
    } kLists[] = {
        {{"", 0}, 0},
        {{"\4\0\1", 3}, 0},                              // no whole header
        {{"\4\0\1\0", 4}, 1},                            // empty
        {{"\3\0\1\0\0\0\0\0", 8}, 0},                    // shorter than its header
        {{"\0\0\1\0\0\0\0\0", 8}, 0},                    // no end to it
        {{"\x9\0\1\0abcd", 8}, 0},                       // longer than the list
        {{"\xff\xff\1\0abcd", 8}, 0},                    // much longer
        {{"\5\0\1\0a", 5}, 1},                           // the last one without its padding
        {{"\5\0\1\0a\0\0\0\6\0\2\0bc\0\0\1\0", 18}, 2},  // and something behind it
    };
    for (auto& list : kLists) {
        Attributes attributes(list.bytes);
        uint16_t type;
        std::string_view value;
        int count = 0;
        while (attributes.next(type, value))
            count++;
        EXPECT_EQ(count, list.count) << hex({list.bytes.begin(), list.bytes.end()});
    }
}

TEST(Attributes, AreFoundByType)
{
    Message message;
    message.begin(0, 0, nullptr, 0);
    message.text(1, "name");
    message.number32(2, 5);
    {
        auto nest = message.nest(3);
        message.number32_be(1, 6);
    }
    message.text(1, "later");
    message.number8(4, 1);
    std::string_view bytes(reinterpret_cast<const char*>(message.data().data()),
                           message.data().size());
    Attributes attributes(bytes.substr(NLMSG_HDRLEN));
    EXPECT_EQ(attributes.text(1), "later");
    EXPECT_EQ(attributes.number32(2), 5u);
    EXPECT_EQ(attributes.nest(3).number32_be(1), 6u);
    EXPECT_EQ(attributes.number32(4, 9), 9u);  // not of 4 bytes
    EXPECT_EQ(attributes.find(5).size(), 0u);
    EXPECT_EQ(attributes.text(5), "");
}

// A datagram as the kernel would send it.
std::string_view as_datagram(const Message& message)
{
    return {reinterpret_cast<const char*>(message.data().data()), message.data().size()};
}

TEST(Reply, SaysWhatTheKernelSays)
{
    struct {
        int error;
        nlmsghdr request;
    } capped = {-EBUSY, {.nlmsg_len = 400, .nlmsg_type = 1}};
    Message message;
    message.begin(NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS, capped);
    message.text(NLMSGERR_ATTR_MSG, "Device\nis busy");
    message.begin(NLMSG_DONE, NLM_F_ACK_TLVS, int(-EPERM));
    message.text(NLMSGERR_ATTR_MSG, "No");
    message.begin(NLMSG_ERROR, NLM_F_ACK_TLVS, capped);  // not capped, but too short for that
    message.text(NLMSGERR_ATTR_MSG, "Device is busy");
    message.begin(NLMSG_ERROR, 0, nullptr, 0);

    std::string_view datagram = as_datagram(message);
    Reply reply;
    ASSERT_TRUE(Reply::next(datagram, reply));
    EXPECT_EQ(reply.error(), EBUSY);
    EXPECT_EQ(reply.explanation(), "Device is busy");
    ASSERT_TRUE(Reply::next(datagram, reply));
    EXPECT_EQ(reply.error(), EPERM);
    EXPECT_EQ(reply.explanation(), "No");
    ASSERT_TRUE(Reply::next(datagram, reply));
    EXPECT_EQ(reply.explanation(), "");
    ASSERT_TRUE(Reply::next(datagram, reply));
    EXPECT_EQ(reply.error(), 0);
    EXPECT_FALSE(Reply::next(datagram, reply));
}

TEST(Reply, EndsWhereALengthIsWrong)
{
    Message message;
    message.begin(RTM_NEWLINK, 0, ifinfomsg{});
    String bytes(as_datagram(message));
    for (size_t length : {0, 1, 15, 33, 1 << 30}) {
        uint32_t wrong = static_cast<uint32_t>(length);
        memcpy(bytes.data(), &wrong, sizeof wrong);
        std::string_view datagram = bytes;
        Reply reply;
        EXPECT_FALSE(Reply::next(datagram, reply)) << length;
    }
    uint32_t cut = 20;
    memcpy(bytes.data(), &cut, sizeof cut);
    std::string_view datagram = bytes;
    Reply reply;
    ASSERT_TRUE(Reply::next(datagram, reply));
    EXPECT_EQ(reply.header<ifinfomsg>().ifi_index, 0);
    EXPECT_EQ(reply.attributes<ifinfomsg>().find(IFLA_IFNAME).size(), 0u);
}

// The names of the links that are told of.
void note_link(void* context, const Reply& reply)
{
    auto names = static_cast<String*>(context);
    if (reply.type == RTM_NEWLINK) {
        names->append(reply.attributes<ifinfomsg>().text(IFLA_IFNAME));
        names->push_back(' ');
    }
}

void make_link(Message& message, std::string_view name)
{
    message.begin(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{});
    message.text(IFLA_IFNAME, name);
    auto info = message.nest(IFLA_LINKINFO);
    message.text(IFLA_INFO_KIND, "bridge");
}

TEST(Netlink, MakesAndListsLinks)
{
    test::in_new_network([] {
        auto netlink = MUST(Netlink::open(NETLINK_ROUTE));
        Message both;
        make_link(both, "one");
        make_link(both, "two");
        EXPECT_OK(netlink.request(both));
        EXPECT_ERROR(netlink.request(both), EEXIST, "the kernel refuses");

        String names;
        Message list;
        list.begin(RTM_GETLINK, NLM_F_DUMP, ifinfomsg{});
        EXPECT_OK(netlink.dump(list, note_link, &names));
        EXPECT_EQ(names, "lo one two ");

        names.clear();
        Message get;
        get.begin(RTM_GETLINK, NLM_F_ACK, ifinfomsg{});
        get.text(IFLA_IFNAME, "two");
        EXPECT_OK(netlink.request(get, note_link, &names));
        EXPECT_EQ(names, "two ");
    });
}

TEST(Netlink, ReadsMoreThanOneDatagram)
{
    test::in_new_network([] {
        auto netlink = MUST(Netlink::open(NETLINK_ROUTE));
        for (int i = 0; i < 100; i++) {
            Message message;
            make_link(message, str::format("link%d", i));
            EXPECT_OK(netlink.request(message));
        }
        String names;
        Message list;
        list.begin(RTM_GETLINK, NLM_F_DUMP, ifinfomsg{});
        EXPECT_OK(netlink.dump(list, note_link, &names));
        EXPECT_EQ(std::count(names.begin(), names.end(), ' '), 101);
    });
}

TEST(Netlink, GivesTheKernelsWords)
{
    test::in_new_network([] {
        auto netlink = MUST(Netlink::open(NETLINK_ROUTE));
        Message message;
        message.begin(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE, ifinfomsg{});
        auto nest = message.nest(IFLA_LINKINFO);
        message.text(IFLA_INFO_KIND, "nonesuch");
        EXPECT_ERROR(netlink.request(message), EOPNOTSUPP, "Unknown device type");

        Message list;
        list.begin(RTM_GETLINK, NLM_F_DUMP, ifinfomsg{.ifi_index = 1});
        EXPECT_ERROR(netlink.dump(list, note_link, nullptr), EINVAL, "(");
    });
}

TEST(Netlink, NoticesAMissingAnswer)
{
    test::in_new_network([] {
        auto netlink = MUST(Netlink::open(NETLINK_ROUTE));
        Message list;  // not a dump
        list.begin(RTM_SETLINK, 0, ifinfomsg{.ifi_index = 1});
        EXPECT_OK(netlink.request(list));
        EXPECT_ERROR(netlink.dump(list, note_link, nullptr), EPROTO, "does not answer");
    });
}

TEST(Netlink, IgnoresWhatOtherProcessesSend)
{
    test::in_new_network([] {
        auto netlink = MUST(Netlink::open(NETLINK_ROUTE));
        Message nothing;
        nothing.begin(RTM_SETLINK, NLM_F_ACK, ifinfomsg{.ifi_index = 1});
        EXPECT_OK(netlink.request(nothing));  // it has a port now: the process's number

        Fd other(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
        sockaddr_nl to = {.nl_family = AF_NETLINK, .nl_pid = static_cast<uint32_t>(::getpid())};
        for (uint32_t sequence = 0; sequence < 10; sequence++) {
            struct {
                nlmsghdr head;
                nlmsgerr error;
            } forged = {{sizeof forged, NLMSG_ERROR, 0, sequence, 0}, {.error = -EDOM}};
            ASSERT_EQ(::sendto(other.get(), &forged, sizeof forged, 0,
                               reinterpret_cast<sockaddr*>(&to), sizeof to),
                      static_cast<ssize_t>(sizeof forged));
        }
        EXPECT_OK(netlink.request(nothing));
    });
}

}  // namespace
}  // namespace kist::network
