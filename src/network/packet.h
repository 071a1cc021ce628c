// packet.h - IPv4 and IPv6 packets as bytes: what the relay reads off a tap, and what it puts back.
//
// RFC 791, 792, 4443, 8200, 9293.  What is read comes from containers, which may send anything.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/string.h"
#include "network/socket_address.h"

namespace kist::network {

// A packet that asks for something: the first of a connection, or an echo.
struct Packet {
    enum class Kind : uint8_t { syn, echo } kind;
    FlowKey key;               // of an echo the guest's port is its identifier, the other 0
    uint32_t sequence = 0;     // of TCP; of an echo its number
    std::string_view bytes;    // the whole packet as it came, without what follows it on the wire
    std::string_view payload;  // of an echo, behind its header

    // Nothing: it is another one, cut short, a fragment, or not what it says it is.
    static std::optional<Packet> read(std::string_view bytes);
};

// The same packet with its checksum filled in, which the kernel leaves to network cards, and
// without its payload: that may be long, and is sent again when it is not acknowledged.
String with_checksum(const Packet& syn);
// What tells who sent `syn` that nobody listens there: RST.
String refusal(const Packet& syn);
// The answer to `echo`.
String echo_reply(const Packet& echo);
// The request that it was, without its payload, for unreachable().
String echo_request(const FlowKey& key, uint16_t number);
// Why `original` (a packet's bytes, as far as they are at hand) got nowhere, said to who sent it,
// in the name of whom it was sent to.  "" when that would be a group, or it is no packet.
enum class Unreachable : uint8_t { network, host, port, prohibited };
String unreachable(std::string_view original, Unreachable reason);
// The packet that a datagram from `from` to `to` was, for unreachable().
String datagram(const SocketAddress& from, const SocketAddress& to, std::string_view payload);

}  // namespace kist::network
