// address.h - addresses and subnets, IPv4 and IPv6.

#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/string.h"

namespace kist::network {

// Bytes in network order, so that they go into packets as they are.
struct Address {
    uint8_t bytes[16] = {};
    uint8_t size = 0;  // 4, 16; 0: none

    // "172.18.0.2", "fd00::2": inet_pton(3).  EINVAL.
    static Result<Address> parse(const String& text);
    String text() const;  // "" when there is none
    bool is_v6() const { return size == 16; }
    std::string_view view() const { return {reinterpret_cast<const char*>(bytes), size}; }
    // The one `count` further on; wraps at the end of the address space.
    Address next(uint64_t count = 1) const;
    bool operator==(const Address& other) const { return view() == other.view(); }
};

// All addresses that share the first `bits` bits of `base`.
struct Subnet {
    Address base;
    unsigned bits = 0;

    // "172.18.0.0/16"; host bits must be 0.  EINVAL.
    static Result<Subnet> parse(const String& text);
    // "172.18.0.2/16": that address, with the length of its subnet's prefix.  EINVAL.
    static Result<Subnet> around(const String& text);
    String text() const;
    bool contains(const Address& address) const;
    bool overlaps(const Subnet& other) const;
    // The highest address; with IPv4 the broadcast address.
    Address last() const;
};
}  // namespace kist::network
