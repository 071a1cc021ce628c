// packet.cpp - any bytes as a packet of a container, and as what a monitor tells of one.
//
// The first byte says whether the checksums of the packet are put right, lest the fuzzer has to
// find them.

#include "network/packet.h"

#include <cstring>

#include "input.h"
#include "network/guests.h"

using namespace kist;
using namespace kist::network;

namespace {

void put_sum(String& bytes, size_t from, size_t size, size_t at, unsigned start)
{
    bytes[at] = bytes[at + 1] = 0;
    unsigned long sum = start;
    for (size_t i = 0; i < size; i++)
        sum += unsigned(uint8_t(bytes[from + i])) << (i % 2 ? 0 : 8);
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    bytes[at] = char(~sum >> 8);
    bytes[at + 1] = char(~sum);
}

// Of the header of IPv4, and of ICMP behind either.
void mend(String& bytes)
{
    size_t version = bytes.size() < 20 ? 0 : uint8_t(bytes[0]) >> 4;
    size_t header = version == 4 ? uint8_t(bytes[0]) % 16 * 4u : 40;
    if (version == 4 && header >= 20 && bytes.size() >= header)
        put_sum(bytes, 0, header, 10, 0);
    if ((version != 4 && version != 6) || bytes.size() < header + 8 || header < 20)
        return;
    size_t size = bytes.size() - header;
    if (version == 4 && bytes[9] == 1)
        put_sum(bytes, header, size, header + 2, 0);
    if (version == 6 && bytes[6] == 58) {
        put_sum(bytes, 8, 32, header + 2, 58 + unsigned(size));
        unsigned start = uint16_t(~(uint8_t(bytes[header + 2]) << 8 | uint8_t(bytes[header + 3])));
        put_sum(bytes, header, size, header + 2, start);
    }
}

void answer(const Packet& packet, std::string_view bytes)
{
    fuzz::must(packet.bytes.data() == bytes.data() && packet.bytes.size() <= bytes.size());
    fuzz::must(packet.key.guest.address.size == packet.key.remote.address.size);
    fuzz::must(packet.payload.data() + packet.payload.size() ==
               packet.bytes.data() + packet.bytes.size());
    if (packet.kind == Packet::Kind::echo) {
        fuzz::must(echo_reply(packet).size() <= bytes.size());
        return;
    }
    String sent = with_checksum(packet);
    auto again = Packet::read(sent);
    fuzz::must(again && again->key == packet.key && again->sequence == packet.sequence &&
               again->payload.empty() && again->bytes.size() == sent.size());
    fuzz::must(with_checksum(*again) == sent);
    fuzz::must(!Packet::read(refusal(packet)));
}

void serve(Guest guest)
{
    fuzz::must(Guest::parse(guest.json())->json() == guest.json());
    Guests guests;
    guests.add(guest);
    for (const Endpoint& endpoint : guest.endpoints)
        for (bool six : {false, true}) {
            Address address = address_of(endpoint, six);
            SocketAddress remote = {address.next(), 80};
            auto to = guests.destination({{address, 1}, remote}, Protocol::tcp);
            fuzz::must(!to || (six ? endpoint.gateway6 : endpoint.gateway) != "");
            SocketAddress seen = guests.seen_as(remote, endpoint);
            fuzz::must(seen.port == 0 || seen == remote);
        }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    if (!size)
        return 0;
    String bytes(fuzz::text_of(data + 1, size - 1));
    if (data[0] & 1)
        mend(bytes);
    if (auto packet = Packet::read(bytes))
        answer(*packet, bytes);
    auto reason = Unreachable(data[0] / 2 % 4);
    String error = unreachable(bytes, reason);
    fuzz::must(error.size() <= 1280 && !Packet::read(error));

    if (auto guest = Guest::parse(bytes))
        serve(std::move(*guest));
    return 0;
}
