// packet_test.cpp - network/packet.h.

#include "network/packet.h"

#include "packets.h"

namespace kist::network {
namespace {

using test::address;
using test::draw;
using test::Drawn;
using test::echo_body;
using test::get16;
using test::is_sound;
using test::syn_body;

constexpr const char *kGuest6 = "fd00::2", *kRemote6 = "2001:db8::9";

// A pad of 8 * `units` bytes, followed by a header of type `next`.
String extension(int next, unsigned units)
{
    String bytes;
    bytes += char(next);
    bytes += char(units - 1);
    bytes += '\0';
    bytes.resize(units * 8);
    return bytes;
}

TEST(Packet, IsTheFirstOfAConnection)
{
    const Drawn kRows[] = {
        {.body = syn_body()},
        {.body = syn_body(2, "early"), .behind = "padding of a short frame"},
        {.body = syn_body(2 | 0x40 | 0x80)},  // that asks for ECN
        {.body = syn_body(2), .options = "\1\1\1\1\1\1\1\0"_s},
        {.body = syn_body(2), .fragment = 0x4000},  // not to be taken apart
        {kGuest6, kRemote6, 6, syn_body()},
        {.from = kGuest6, .to = kRemote6, .body = syn_body(2, "early"), .behind = "xyz"},
    };
    for (const Drawn& row : kRows) {
        String bytes = draw(row);
        auto packet = Packet::read(bytes);
        ASSERT_TRUE(packet) << row.from << row.options.size();
        EXPECT_EQ(packet->kind, Packet::Kind::syn);
        EXPECT_EQ(packet->key, (FlowKey{{address(row.from), 40000}, {address(row.to), 443}}));
        EXPECT_EQ(packet->sequence, 0x010203ffU);
        EXPECT_EQ(packet->bytes.size() + row.behind.size(), bytes.size());
        EXPECT_EQ(packet->payload, row.body.substr(24));
    }
}

TEST(Packet, IsAnEcho)
{
    const Drawn kRows[] = {
        {.protocol = 1, .body = echo_body("172.18.0.2", "203.0.113.9", 0x800, "12345")},
        {.protocol = 1,
         .body = echo_body("172.18.0.2", "203.0.113.9", 0x800, ""),
         .options = "\1\1\1\0"_s},
        {kGuest6, kRemote6, 58, echo_body(kGuest6, kRemote6, 0x8000, "12345")},
    };
    for (const Drawn& row : kRows) {
        String bytes = draw(row);
        auto packet = Packet::read(bytes);
        ASSERT_TRUE(packet) << row.from << row.options.size();
        EXPECT_EQ(packet->kind, Packet::Kind::echo);
        EXPECT_EQ(packet->key, (FlowKey{{address(row.from), 0x4711}, {address(row.to), 0}}));
        EXPECT_EQ(packet->sequence, 3U);
        EXPECT_EQ(packet->payload, row.body.substr(8));
    }
}

TEST(Packet, IsNothingElse)
{
    String good4 = draw({.body = syn_body()});
    String wrong_sum = good4;
    wrong_sum[10] ^= 1;
    String echo = draw({.protocol = 1, .body = echo_body("172.18.0.2", "203.0.113.9", 0x800, "1")});
    String wrong_echo = echo;
    wrong_echo.back() ^= 1;
    String low_header = good4;
    low_header[0] = 0x44;
    const String kRows[] = {
        wrong_sum,
        wrong_echo,
        low_header,
        draw({.body = syn_body(2 | 16)}),          // of an answer
        draw({.body = syn_body(16)}),              // of a connection that is there
        draw({.body = syn_body(2 | 1)}),           // nonsense
        draw({.body = syn_body(2 | 4)}),           // nonsense
        draw({.body = syn_body(2, "", 4)}),        // a header that is too short
        draw({.body = syn_body(2, "", 7)}),        // one that is longer than the packet
        draw({.body = syn_body().substr(0, 19)}),  // one that is cut
        draw({.body = syn_body(), .fragment = 0x2000}),
        draw({.body = syn_body(), .fragment = 1}),
        draw({.protocol = 17, .body = syn_body()}),
        draw({.protocol = 58, .body = echo_body("172.18.0.2", "203.0.113.9", 0x800, "1")}),
        draw({.protocol = 1, .body = echo_body("172.18.0.2", "203.0.113.9", 0, "1")}),
        draw({.protocol = 1, .body = echo_body("172.18.0.2", "203.0.113.9", 0x801, "1")}),
        draw({.protocol = 1,
              .body = echo_body("172.18.0.2", "203.0.113.9", 0x800, "").substr(0, 7)}),
        draw({kGuest6, kRemote6, 58, echo_body(kGuest6, kRemote6, 0x8100, "1")}),
        draw({kGuest6, kRemote6, 1, echo_body(kGuest6, kRemote6, 0x8000, "1")}),
        draw({kGuest6, kRemote6, 6, syn_body(), extension(6, 1), 44}),  // a fragment
        draw({kGuest6, kRemote6, 6, syn_body(), extension(6, 1), 0}),   // as no tap lets through
        "x",
        "",
    };
    for (const String& row : kRows)
        EXPECT_FALSE(Packet::read(row)) << &row - kRows;
    // Cut anywhere.
    for (const String& whole : {good4, echo, draw({kGuest6, kRemote6, 6, syn_body()})})
        for (size_t size = 0; size < whole.size(); size++)
            EXPECT_FALSE(Packet::read(String(whole.substr(0, size)))) << size;
}

TEST(Packet, GetsItsChecksumAndLosesItsOptionsAndPayload)
{
    for (const Drawn& row : {Drawn{.body = syn_body(2, "early"), .options = "\x83\7\4\1\2\3\4\0"_s},
                             Drawn{kGuest6, kRemote6, 6, syn_body(2, "odd")}}) {
        String bytes = draw(row);
        auto packet = Packet::read(bytes);
        ASSERT_TRUE(packet);
        String sent = with_checksum(*packet);
        EXPECT_TRUE(is_sound(sent));
        auto again = Packet::read(sent);
        ASSERT_TRUE(again);
        EXPECT_EQ(again->key, packet->key);
        EXPECT_EQ(again->sequence, packet->sequence);
        EXPECT_NE(packet->payload, "");
        EXPECT_EQ(again->payload, "");
        size_t header = row.body.size() - packet->payload.size();
        EXPECT_EQ(again->bytes.size(),
                  packet->bytes.size() - row.options.size() - packet->payload.size());
        EXPECT_EQ(sent.substr(sent.size() - header + 20), row.body.substr(20, header - 20));
    }
}

TEST(Packet, IsRefusedByAReset)
{
    for (const Drawn& row :
         {Drawn{.body = syn_body(2, "early")}, Drawn{kGuest6, kRemote6, 6, syn_body(2, "early")}}) {
        String bytes = draw(row);
        auto packet = Packet::read(bytes);
        ASSERT_TRUE(packet);
        String sent = refusal(*packet);
        EXPECT_TRUE(is_sound(sent));
        size_t header = sent.size() - 20;
        String body = sent.substr(header);
        EXPECT_EQ(get16(body, 0), 443U);
        EXPECT_EQ(get16(body, 2), 40000U);
        EXPECT_EQ(body.substr(4, 10), "\0\0\0\0\x01\x02\x04\x05\x50\x14"_s);
        EXPECT_EQ(
            sent.substr(header - 2 * packet->key.guest.address.size),
            String(packet->key.remote.address.view()) + packet->key.guest.address.view() + body);
    }
}

TEST(Packet, IsAnsweredByItsEcho)
{
    String four =
        draw({.protocol = 1, .body = echo_body("172.18.0.2", "203.0.113.9", 0x800, "odd")});
    String six = draw({kGuest6, kRemote6, 58, echo_body(kGuest6, kRemote6, 0x8000, "even")});
    String sent = echo_reply(*Packet::read(four));
    EXPECT_TRUE(is_sound(sent));
    EXPECT_EQ(sent.substr(12),
              "\xcb\0\x71\x09\xac\x12\0\2"_s + echo_body("203.0.113.9", "172.18.0.2", 0, "odd"));
    sent = echo_reply(*Packet::read(six));
    EXPECT_TRUE(is_sound(sent));
    EXPECT_EQ(sent.substr(40), echo_body(kRemote6, kGuest6, 0x8100, "even"));
    for (const String& each : {four, six}) {
        auto packet = Packet::read(each);
        String asked = echo_request(packet->key, 7);
        auto again = Packet::read(asked);
        ASSERT_TRUE(again);
        EXPECT_EQ(again->key, packet->key);
        EXPECT_EQ(again->sequence, 7U);
        EXPECT_EQ(again->payload, "");
    }
}

TEST(Packet, ThatGotNowhereComesBackWithTheReason)
{
    const struct {
        Unreachable reason;
        unsigned four, six;
    } kRows[] = {
        {Unreachable::network, 0x300, 0x100},
        {Unreachable::host, 0x301, 0x103},
        {Unreachable::port, 0x303, 0x104},
        {Unreachable::prohibited, 0x30d, 0x101},
    };
    String large(3000, 'x');
    for (auto& row : kRows)
        for (std::string_view payload : {std::string_view(large), std::string_view("small")}) {
            String original =
                datagram({address("172.18.0.2"), 99}, {address("203.0.113.9"), 53}, payload);
            EXPECT_TRUE(is_sound(original));
            String sent = unreachable(original, row.reason);
            EXPECT_TRUE(is_sound(sent));
            EXPECT_EQ(get16(sent, 20), row.four);
            EXPECT_EQ(sent.substr(12, 8), "\xcb\0\x71\x09\xac\x12\0\2"_s);
            EXPECT_EQ(sent.size(), std::min<size_t>(576, 28 + original.size()));
            EXPECT_EQ(sent.substr(28), original.substr(0, sent.size() - 28));

            original = datagram({address(kGuest6), 99}, {address(kRemote6), 53}, payload);
            EXPECT_TRUE(is_sound(original));
            sent = unreachable(original, row.reason);
            EXPECT_TRUE(is_sound(sent));
            EXPECT_EQ(get16(sent, 40), row.six);
            EXPECT_EQ(sent.size(), std::min<size_t>(1280, 48 + original.size()));
            EXPECT_EQ(sent.substr(48), original.substr(0, sent.size() - 48));
        }
    for (const char* group : {"224.0.0.251", "255.255.255.255"}) {
        EXPECT_EQ(unreachable(datagram({address("172.18.0.2"), 9}, {address(group), 9}, "x"),
                              Unreachable::port),
                  "");
    }
    EXPECT_EQ(unreachable(datagram({address(kGuest6), 9}, {address("ff02::fb"), 9}, "x"),
                          Unreachable::port),
              "");
    for (const char* none :
         {"", "E", "\x60 too short to be a header of IPv6", "xxxxxxxxxxxxxxxxxxxxxx"})
        EXPECT_EQ(unreachable(none, Unreachable::host), "");
}

}  // namespace
}  // namespace kist::network
