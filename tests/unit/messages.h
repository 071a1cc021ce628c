// messages.h - questions and answers as others would write them.

#pragma once

#include "base/dns_message.h"
#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "check.h"

namespace kist::test {

inline void put16(String& bytes, unsigned value)
{
    bytes += char(value >> 8);
    bytes += char(value);
}

inline unsigned get16(std::string_view bytes, size_t at)
{
    return at + 1 < bytes.size() ? unsigned(uint8_t(bytes[at])) << 8 | uint8_t(bytes[at + 1]) : ~0u;
}

struct Asked {
    String name;
    unsigned type = 1;
    unsigned id = 0x1234;
    unsigned payload = 0;  // of an OPT record; 0: none
    unsigned flags = 0x0100;
    unsigned group = 1;
};

inline String question(const Asked& asked)
{
    String bytes;
    put16(bytes, asked.id);
    put16(bytes, asked.flags);
    put16(bytes, 1);
    put16(bytes, 0);
    put16(bytes, 0);
    put16(bytes, asked.payload ? 1 : 0);
    bytes += dns::wire_name(asked.name);
    put16(bytes, asked.type);
    put16(bytes, asked.group);
    if (asked.payload) {
        bytes += "\0\0\x29"_s;
        put16(bytes, asked.payload);
        bytes += "\0\0\0\0\0\0"_s;
    }
    return bytes;
}

// What a server answers: `records` addresses, 9.9.9.1 and on.
inline String reply(std::string_view asked, unsigned records, unsigned code = 0)
{
    size_t end = asked.find('\0', 12) + 5;
    String bytes(asked.substr(0, end));
    bytes[2] = char(0x81);
    bytes[3] = char(0x80 | code);
    bytes[6] = char(records >> 8);
    bytes[7] = char(records);
    bytes[10] = bytes[11] = 0;
    for (unsigned i = 1; i <= records; i++) {
        bytes += "\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x09\x09"_s;
        put16(bytes, 0x0900 + i);
    }
    return bytes;
}

inline unsigned code_in(std::string_view reply)
{
    return get16(reply, 2) & 15;
}

// The data of the records of an answer of ours, as text.
inline Vector<String> data_in(std::string_view reply)
{
    Vector<String> all;
    size_t at = reply.find('\0', 12) + 5;
    for (unsigned i = get16(reply, 6); i-- && at + 12 <= reply.size();) {
        unsigned size = get16(reply, at + 10);
        String text;
        std::string_view data = reply.substr(at + 12, size);
        if (size == 4)
            text = str::format("%u.%u.%u.%u", uint8_t(data[0]), uint8_t(data[1]), uint8_t(data[2]),
                               uint8_t(data[3]));
        else
            text = String(data);
        all.push_back(text);
        at += 12 + size;
    }
    return all;
}

}  // namespace kist::test
