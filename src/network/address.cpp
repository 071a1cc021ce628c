// address.cpp - addresses and subnets, IPv4 and IPv6.

#include "network/address.h"

#include <arpa/inet.h>

#include <cstring>

#include "base/str.h"

namespace kist::network {

namespace {

// How many bits at the front are the same.
unsigned common_bits(const Address& a, const Address& b)
{
    unsigned bits = 0;
    for (; bits < a.size * 8u; bits++)
        if ((a.bytes[bits / 8] ^ b.bytes[bits / 8]) & (0x80 >> bits % 8))
            break;
    return bits;
}

// With all bits behind the first `bits` set or cleared.
Address filled(Address address, unsigned bits, bool set)
{
    for (unsigned i = bits; i < address.size * 8u; i++) {
        uint8_t mask = static_cast<uint8_t>(0x80 >> i % 8);
        uint8_t& byte = address.bytes[i / 8];
        byte = static_cast<uint8_t>(set ? byte | mask : byte & ~mask);
    }
    return address;
}

}  // namespace

Result<Address> Address::parse(const String& text)
{
    Address address;
    if (::inet_pton(AF_INET, text.c_str(), address.bytes) == 1)
        address.size = 4;
    else if (::inet_pton(AF_INET6, text.c_str(), address.bytes) == 1)
        address.size = 16;
    else
        return Error(EINVAL, "\"%s\" is no IP address", str::printable(text, 64).c_str());
    return address;
}

String Address::text() const
{
    return size ? str::ip_address(view()) : String();
}

Address Address::next(uint64_t count) const
{
    Address result = *this;
    for (unsigned i = size; i-- && count; count >>= 8) {
        count += result.bytes[i];
        result.bytes[i] = static_cast<uint8_t>(count);
    }
    return result;
}

Result<Subnet> Subnet::around(const String& text)
{
    std::string_view rest = text;
    String first(str::cut(rest, '/'));
    Subnet subnet = {TRY(Address::parse(first))};
    auto bits = str::to_integer(rest);
    if (!bits || *bits < 0 || *bits > subnet.base.size * 8)
        return Error(EINVAL, "%s: expected an address, \"/\" and the length of the prefix",
                     str::printable(text, 64).c_str())
            .with_hint("for example 10.10.0.0/24");
    subnet.bits = static_cast<unsigned>(*bits);
    return subnet;
}

Result<Subnet> Subnet::parse(const String& text)
{
    Subnet subnet = TRY(around(text));
    Address base = filled(subnet.base, subnet.bits, false);
    if (base != subnet.base) {
        subnet.base = base;
        return Error(EINVAL, "%s is not the beginning of a subnet", text.c_str())
            .with_hint("it should be " + subnet.text());
    }
    return subnet;
}

String Subnet::text() const
{
    return str::format("%s/%u", base.text().c_str(), bits);
}

bool Subnet::contains(const Address& address) const
{
    return address.size == base.size && common_bits(address, base) >= bits;
}

bool Subnet::overlaps(const Subnet& other) const
{
    return bits < other.bits ? contains(other.base) : other.contains(base);
}

Address Subnet::last() const
{
    return filled(base, bits, true);
}

}  // namespace kist::network
