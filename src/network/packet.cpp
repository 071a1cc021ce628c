// packet.cpp - IPv4 and IPv6 packets as bytes.
//
// What is put back is always behind a plain header of our own: options of a container's packet
// could send it somewhere else than its destination says, which is what was looked at.  No packet
// with extension headers (IPv6) gets through a tap.

#include "network/packet.h"

#include <netinet/in.h>

#include <cstring>

namespace kist::network {

namespace {

constexpr size_t kHeader4 = 20, kHeader6 = 40;
constexpr size_t kTcpHeader = 20, kUdpHeader = 8, kIcmpHeader = 8;
constexpr uint8_t kHops = 64;
constexpr uint8_t kFin = 1, kSyn = 2, kRst = 4, kAck = 16;
constexpr uint16_t kMoreFragments = 0x2000, kFragmentOffset = 0x1fff, kDontFragment = 0x4000;
// How long a packet with an error is at most: RFC 1812, 4.3.2.3; RFC 4443, 3.1.
constexpr size_t kMaxError4 = 576, kMaxError6 = 1280;

uint8_t icmp(bool six)
{
    return six ? static_cast<uint8_t>(IPPROTO_ICMPV6) : static_cast<uint8_t>(IPPROTO_ICMP);
}

uint8_t get8(std::string_view bytes, size_t at)
{
    return static_cast<uint8_t>(bytes[at]);
}

uint16_t get16(std::string_view bytes, size_t at)
{
    return static_cast<uint16_t>(get8(bytes, at) << 8 | get8(bytes, at + 1));
}

uint32_t get32(std::string_view bytes, size_t at)
{
    return static_cast<uint32_t>(get16(bytes, at)) << 16 | get16(bytes, at + 2);
}

void put16(String& bytes, unsigned value)
{
    bytes += static_cast<char>(value >> 8);
    bytes += static_cast<char>(value);
}

void put32(String& bytes, uint32_t value)
{
    put16(bytes, value >> 16);
    put16(bytes, value);
}

Address address_at(std::string_view bytes, size_t at, uint8_t size)
{
    Address address;
    address.size = size;
    memcpy(address.bytes, bytes.data() + at, size);
    return address;
}

// RFC 1071, over both, the first of which has an even length.
uint16_t sum(std::string_view bytes, uint64_t start = 0)
{
    for (; bytes.size() > 1; bytes.remove_prefix(2))
        start += get16(bytes, 0);
    if (!bytes.empty())
        start += static_cast<unsigned>(get8(bytes, 0) << 8);
    while (start >> 16)
        start = (start & 0xffff) + (start >> 16);
    return static_cast<uint16_t>(start);
}

// What stands for the header in checksums of what is in it: RFC 9293, 3.1; RFC 8200, 8.1.
uint64_t pseudo_header(const Address& from, const Address& to, uint8_t protocol, size_t size)
{
    if (protocol == IPPROTO_ICMP)
        return 0;
    return uint64_t{sum(from.view())} + sum(to.view()) + protocol + size;
}

// A packet taken apart.
struct Parts {
    Address from, to;
    uint8_t protocol = 0;
    std::string_view bytes, body;  // all of it; what the protocol says
};

std::optional<Parts> take_apart4(std::string_view bytes)
{
    size_t header = get8(bytes, 0) % 16 * 4u, total = get16(bytes, 2);
    if (header < kHeader4 || total < header || bytes.size() < total ||
        get16(bytes, 6) & (kMoreFragments | kFragmentOffset) ||
        sum(bytes.substr(0, header)) != 0xffff)
        return {};
    return Parts{address_at(bytes, 12, 4), address_at(bytes, 16, 4), get8(bytes, 9),
                 bytes.substr(0, total), bytes.substr(header, total - header)};
}

std::optional<Parts> take_apart(std::string_view bytes)
{
    unsigned version = bytes.size() < kHeader4 ? 0 : get8(bytes, 0) / 16;
    if (version == 4)
        return take_apart4(bytes);
    if (version != 6 || bytes.size() < kHeader6)
        return {};
    size_t size = get16(bytes, 4);
    if (bytes.size() - kHeader6 < size)
        return {};
    return Parts{address_at(bytes, 8, 16), address_at(bytes, 24, 16), get8(bytes, 6),
                 bytes.substr(0, kHeader6 + size), bytes.substr(kHeader6, size)};
}

// `body` as a packet, with its checksum, for which there are two bytes at `checksum`.
String put_together(const Address& from, const Address& to, uint8_t protocol, String body,
                    size_t checksum)
{
    body[checksum] = body[checksum + 1] = 0;
    uint16_t value = ~sum(body, pseudo_header(from, to, protocol, body.size())) & 0xffff;
    if (!value && protocol == IPPROTO_UDP)
        value = 0xffff;  // 0 is for none: RFC 768
    body[checksum] = static_cast<char>(value >> 8);
    body[checksum + 1] = static_cast<char>(value);

    String bytes;
    bytes.reserve(kHeader6 + body.size());
    if (from.is_v6()) {
        put32(bytes, 6u << 28);
        put16(bytes, static_cast<unsigned>(body.size()));
        put16(bytes, static_cast<unsigned>(protocol << 8 | kHops));
    } else {
        put16(bytes, 0x4500);
        put16(bytes, static_cast<unsigned>(kHeader4 + body.size()));
        put32(bytes, kDontFragment);
        put16(bytes, static_cast<unsigned>(kHops << 8 | protocol));
        unsigned rest = sum(from.view()) + sum(to.view());
        put16(bytes, ~sum(bytes, rest) & 0xffffu);
    }
    bytes += from.view();
    bytes += to.view();
    return bytes += body;
}

String draw_echo(const FlowKey& way, uint16_t identifier, uint32_t number, std::string_view payload,
                 bool answers)
{
    bool six = way.guest.address.is_v6();
    String body;
    put32(body, six ? (answers ? 129u << 24 : 128u << 24) : (answers ? 0 : 8u << 24));
    put16(body, identifier);
    put16(body, number);
    body += payload;
    return put_together(way.guest.address, way.remote.address, icmp(six), std::move(body), 2);
}

std::optional<Packet> read_syn(const Parts& parts)
{
    std::string_view body = parts.body;
    if (body.size() < kTcpHeader)
        return {};
    size_t header = get8(body, 12) / 16 * 4u;
    if (header < kTcpHeader || body.size() < header ||
        (get8(body, 13) & (kFin | kSyn | kRst | kAck)) != kSyn)
        return {};
    return Packet{Packet::Kind::syn,
                  {{parts.from, get16(body, 0)}, {parts.to, get16(body, 2)}},
                  get32(body, 4),
                  parts.bytes,
                  body.substr(header)};
}

std::optional<Packet> read_echo(const Parts& parts)
{
    std::string_view body = parts.body;
    uint16_t kind = parts.from.is_v6() ? 128 << 8 : 8 << 8;
    if (body.size() < kIcmpHeader || get16(body, 0) != kind ||
        sum(body, pseudo_header(parts.from, parts.to, parts.protocol, body.size())) != 0xffff)
        return {};
    return Packet{Packet::Kind::echo,
                  {{parts.from, get16(body, 4)}, {parts.to, 0}},
                  get16(body, 6),
                  parts.bytes,
                  body.substr(kIcmpHeader)};
}

}  // namespace

std::optional<Packet> Packet::read(std::string_view bytes)
{
    auto parts = take_apart(bytes);
    if (!parts)
        return {};
    if (parts->protocol == IPPROTO_TCP)
        return read_syn(*parts);
    if (parts->protocol == icmp(parts->from.is_v6()))
        return read_echo(*parts);
    return {};
}

String with_checksum(const Packet& syn)
{
    auto parts = take_apart(syn.bytes);
    if (!parts || parts->protocol != IPPROTO_TCP ||
        parts->body.size() < kTcpHeader + syn.payload.size())
        return {};
    parts->body.remove_suffix(syn.payload.size());
    return put_together(parts->from, parts->to, IPPROTO_TCP, String(parts->body), 16);
}

// RFC 9293, 3.10.7.1.
String refusal(const Packet& syn)
{
    String body;
    put16(body, syn.key.remote.port);
    put16(body, syn.key.guest.port);
    put32(body, 0);
    put32(body, syn.sequence + 1 + static_cast<uint32_t>(syn.payload.size()));
    put16(body, kTcpHeader / 4 << 12 | kRst | kAck);
    body.resize(kTcpHeader);
    return put_together(syn.key.remote.address, syn.key.guest.address, IPPROTO_TCP, body, 16);
}

String echo_reply(const Packet& echo)
{
    const FlowKey& key = echo.key;
    return draw_echo({key.remote, key.guest}, key.guest.port, echo.sequence, echo.payload, true);
}

String echo_request(const FlowKey& key, uint16_t number)
{
    return draw_echo(key, key.guest.port, number, {}, false);
}

String unreachable(std::string_view original, Unreachable reason)
{
    // By the reason: of ICMP, and of ICMPv6.
    static constexpr struct {
        uint8_t code4, code6;
    } kCodes[] = {{0, 0}, {1, 3}, {3, 4}, {13, 1}};
    unsigned version = original.empty() ? 0 : get8(original, 0) / 16;
    bool six = version == 6;
    size_t header = six ? kHeader6 : kHeader4;
    if ((!six && version != 4) || original.size() < header)
        return {};
    uint8_t size = six ? 16 : 4;
    Address from = address_at(original, header - size - size, size);
    Address to = address_at(original, header - size, size);
    // RFC 1122, 3.2.2; RFC 4443, 2.4.
    if (to.bytes[0] >= (six ? 0xff : 224) || from.bytes[0] >= (six ? 0xff : 224))
        return {};
    auto code = kCodes[static_cast<int>(reason)];
    String body;
    put16(body, six ? 1u << 8 | code.code6 : 3u << 8 | code.code4);
    body.resize(kIcmpHeader);
    body += original.substr(0, (six ? kMaxError6 : kMaxError4) - header - kIcmpHeader);
    return put_together(to, from, icmp(six), std::move(body), 2);
}

String datagram(const SocketAddress& from, const SocketAddress& to, std::string_view payload)
{
    String body;
    put16(body, from.port);
    put16(body, to.port);
    put16(body, static_cast<unsigned>(kUdpHeader + payload.size()));
    put16(body, 0);
    body += payload;
    return put_together(from.address, to.address, IPPROTO_UDP, std::move(body), 6);
}

}  // namespace kist::network
