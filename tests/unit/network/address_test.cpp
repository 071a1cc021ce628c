// address_test.cpp - network/address.h.

#include "network/address.h"

#include "check.h"

namespace kist::network {
namespace {

TEST(Address, IsReadAndWritten)
{
    for (const char* text : {"172.18.0.2", "0.0.0.0", "255.255.255.255", "fd00::2", "::"})
        EXPECT_EQ(MUST(Address::parse(text)).text(), text);
    EXPECT_EQ(MUST(Address::parse("FD00:0:0::02")).text(), "fd00::2");
    EXPECT_EQ(Address().text(), "");
    for (const char* text :
         {"", "1.2.3", "1.2.3.256", "fd00::2::1", "[::1]", "localhost", " 1.2.3.4"})
        EXPECT_ERROR(Address::parse(text), EINVAL, "is no IP address");
}

TEST(Address, CountsOnOverAllItsBytes)
{
    EXPECT_EQ(MUST(Address::parse("10.0.0.255")).next().text(), "10.0.1.0");
    EXPECT_EQ(MUST(Address::parse("10.0.0.255")).next(65536).text(), "10.1.0.255");
    EXPECT_EQ(MUST(Address::parse("255.255.255.255")).next().text(), "0.0.0.0");
    EXPECT_EQ(MUST(Address::parse("fd00::ffff:ffff:ffff:ffff")).next().text(), "fd00:0:0:1::");
}

TEST(Subnet, IsReadAndSaysWhatIsWrong)
{
    for (const char* text : {"10.0.0.0/8", "172.18.4.0/22", "1.2.3.4/32", "fd00::/64", "0.0.0.0/0"})
        EXPECT_EQ(MUST(Subnet::parse(text)).text(), text);
    for (const char* text : {"10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "fd00::/129"})
        EXPECT_ERROR(Subnet::parse(text), EINVAL, "length of the prefix");
    EXPECT_ERROR(Subnet::parse("10.0.0/8"), EINVAL, "is no IP address");
    auto inside = Subnet::parse("10.1.2.3/16");
    EXPECT_ERROR(inside, EINVAL, "not the beginning of a subnet");
    EXPECT_EQ(inside.error().hint(), "it should be 10.1.0.0/16");
    EXPECT_EQ(MUST(Subnet::around("10.1.2.3/16")).text(), "10.1.2.3/16");
    EXPECT_ERROR(Subnet::around("10.1.2.3"), EINVAL, "length of the prefix");
}

TEST(Subnet, KnowsWhatIsInIt)
{
    Subnet subnet = MUST(Subnet::parse("172.18.4.0/22"));
    EXPECT_TRUE(subnet.contains(MUST(Address::parse("172.18.7.255"))));
    EXPECT_FALSE(subnet.contains(MUST(Address::parse("172.18.8.0"))));
    EXPECT_FALSE(subnet.contains(MUST(Address::parse("fd00::1"))));
    EXPECT_EQ(subnet.last().text(), "172.18.7.255");
    EXPECT_EQ(MUST(Subnet::parse("fd00::/120")).last().text(), "fd00::ff");

    struct {
        const char *left, *right;
        bool overlap;
    } rows[] = {
        {"10.0.0.0/8", "10.3.0.0/16", true},  {"10.3.0.0/16", "10.0.0.0/8", true},
        {"10.3.0.0/16", "10.3.0.0/16", true}, {"10.3.0.0/16", "10.4.0.0/16", false},
        {"0.0.0.0/0", "10.4.0.0/16", true},   {"0.0.0.0/0", "fd00::/64", false},
    };
    for (auto& row : rows)
        EXPECT_EQ(MUST(Subnet::parse(row.left)).overlaps(MUST(Subnet::parse(row.right))),
                  row.overlap)
            << row.left << " " << row.right;
}

}  // namespace
}  // namespace kist::network
