// packets.h - packets as others would write them, and what is in ours.

#pragma once

#include "base/string.h"
#include "check.h"
#include "messages.h"
#include "network/address.h"

namespace kist::test {

inline network::Address address(const char* text)
{
    auto made = network::Address::parse(text);
    EXPECT_OK(made);
    return *made;
}

inline unsigned ones_sum(std::string_view bytes)
{
    unsigned long sum = 0;
    for (size_t i = 0; i < bytes.size(); i++)
        sum += unsigned(uint8_t(bytes[i])) << (i % 2 ? 0 : 8);
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return unsigned(sum);
}

// What stands for the header in the checksum of what is behind it.
inline String pseudo(const network::Address& from, const network::Address& to, int protocol,
                     size_t size)
{
    String bytes(from.view());
    bytes += to.view();
    put16(bytes, 0);
    put16(bytes, unsigned(size));
    put16(bytes, 0);
    put16(bytes, unsigned(protocol));
    return bytes;
}

struct Drawn {
    const char *from = "172.18.0.2", *to = "203.0.113.9";
    int protocol = 6;
    String body;
    String options;      // of IPv4; of IPv6 extension headers, the first of type `next`
    int next = 0;        // of the first extension header
    int fragment = 0;    // of IPv4: flags and offset
    String behind = "";  // on the wire
};

inline String draw(const Drawn& drawn)
{
    network::Address from = address(drawn.from), to = address(drawn.to);
    String bytes;
    if (from.is_v6()) {
        bytes = "\x60\0\0\0"_s;
        put16(bytes, unsigned(drawn.options.size() + drawn.body.size()));
        bytes += char(drawn.options.empty() ? drawn.protocol : drawn.next);
        bytes += char(7);
    } else {
        bytes += char(0x45 + drawn.options.size() / 4);
        bytes += char(0);
        put16(bytes, unsigned(20 + drawn.options.size() + drawn.body.size()));
        put16(bytes, 77);
        put16(bytes, unsigned(drawn.fragment));
        bytes += char(7);
        bytes += char(drawn.protocol);
        put16(bytes, 0);
    }
    bytes += from.view();
    bytes += to.view();
    bytes += drawn.options;
    if (!from.is_v6()) {
        unsigned sum = ~ones_sum(bytes) & 0xffff;
        bytes[10] = char(sum >> 8);
        bytes[11] = char(sum);
    }
    return bytes + drawn.body + drawn.behind;
}

inline String syn_body(unsigned flags = 2, const char* payload = "", unsigned words = 6)
{
    String body;
    put16(body, 40000);
    put16(body, 443);
    body += "\x01\x02\x03\xff\0\0\0\0"_s;
    put16(body, words << 12 | flags);
    put16(body, 65535);
    put16(body, 0xdead);  // a checksum that a network card was to fill in
    put16(body, 0);
    body += "\2\4\5\xb4"_s;  // the largest segment
    return body + payload;
}

inline String echo_body(const char* from, const char* to, unsigned kind, const char* payload)
{
    String body;
    put16(body, kind);
    put16(body, 0);
    put16(body, 0x4711);
    put16(body, 3);
    body += payload;
    network::Address source = address(from);
    String all = source.is_v6() ? pseudo(source, address(to), 58, body.size()) : String();
    unsigned sum = ~ones_sum(all + body) & 0xffff;
    body[2] = char(sum >> 8);
    body[3] = char(sum);
    return body;
}

// Whether lengths and checksums of a packet without options are right.
inline ::testing::AssertionResult is_sound(std::string_view bytes)
{
    bool six = bytes.size() && uint8_t(bytes[0]) >> 4 == 6;
    size_t header = six ? 40 : 20;
    if (bytes.size() < header)
        return ::testing::AssertionFailure() << "short: " << bytes.size();
    size_t size = six ? get16(bytes, 4) + header : get16(bytes, 2);
    if (size != bytes.size() ||
        (!six && (bytes[0] != 0x45 || ones_sum(bytes.substr(0, 20)) != 0xffff)))
        return ::testing::AssertionFailure() << "header";
    int protocol = uint8_t(bytes[six ? 6 : 9]);
    std::string_view body = bytes.substr(header);
    String all;
    if (protocol != 1) {
        network::Address from, to;
        from.size = to.size = six ? 16 : 4;
        memcpy(from.bytes, bytes.data() + header - 2u * from.size, from.size);
        memcpy(to.bytes, bytes.data() + header - from.size, from.size);
        all = pseudo(from, to, protocol, body.size());
    }
    all += body;
    if (ones_sum(all) != 0xffff)
        return ::testing::AssertionFailure() << "checksum of protocol " << protocol;
    return ::testing::AssertionSuccess();
}

}  // namespace kist::test
