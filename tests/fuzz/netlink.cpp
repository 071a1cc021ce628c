// netlink.cpp - any bytes as a datagram from the kernel, every part of it read as attributes.

#include "network/netlink.h"

#include "input.h"

using namespace kist;
using namespace kist::network;

static void walk(Attributes attributes, int depth)
{
    (void)attributes.find(1);
    (void)attributes.text(2);
    (void)attributes.number32(3);
    uint16_t type;
    std::string_view value;
    while (attributes.next(type, value)) {
        fuzz::must((type & ~NLA_TYPE_MASK) == 0);
        if (depth < 8)
            walk(Attributes(value), depth + 1);
    }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    std::string_view datagram = fuzz::text_of(data, size);
    for (Reply reply; Reply::next(datagram, reply);) {
        fuzz::must(reply.error() >= 0);
        fuzz::must(reply.explanation().size() <= 256);
        (void)reply.header<nlmsgerr>();
        walk(reply.attributes<uint32_t>(), 0);
    }
    walk(Attributes(fuzz::text_of(data, size)), 0);
    return 0;
}
