// tar_header.cpp - the fields of a header block.

#include "archive/tar_header.h"

#include <algorithm>
#include <cstring>

#include "base/string.h"

namespace kist::archive::header {

namespace {

// A big-endian number in two's complement behind a first bit that is always set (GNU, star).
Result<int64_t> binary_number(std::string_view field)
{
    bool negative = field[0] & 0x40;
    uint64_t value = negative ? ~0ull : 0;
    for (size_t i = 0; i < field.size(); i++) {
        auto byte = static_cast<uint8_t>(field[i]);
        if (i == 0 && !negative)
            byte &= 0x7f;
        if (value >> 56 != (negative ? 0xff : 0))
            return Error(EBADMSG, "a number out of range");
        value = value << 8 | byte;
    }
    if ((value >> 63) != negative)
        return Error(EBADMSG, "a number out of range");
    return static_cast<int64_t>(value);
}

}  // namespace

std::string_view raw(const Block& block, Field field)
{
    return {block + field.offset, field.size};
}

std::string_view text(std::string_view field)
{
    return field.substr(0, field.find('\0'));
}
std::string_view text(const Block& block, Field field)
{
    return text(raw(block, field));
}

Result<int64_t> number(std::string_view field)
{
    if (field[0] & 0x80)
        return binary_number(field);
    while (!field.empty() && field.front() == ' ')
        field.remove_prefix(1);
    field = field.substr(0, std::min(field.find('\0'), field.find(' ')));
    int64_t value = 0;
    for (char digit : field) {
        if (digit < '0' || digit > '7' || value >> 59)
            return Error(EBADMSG, "a number that is none");
        value = value << 3 | (digit - '0');
    }
    return value;
}
Result<int64_t> number(const Block& block, Field field)
{
    return number(raw(block, field));
}

Result<uint64_t> natural(std::string_view field)
{
    int64_t value = TRY(number(field));
    if (value < 0)
        return Error(EBADMSG, "a negative number");
    return static_cast<uint64_t>(value);
}

// Historical archives summed signed characters.
bool checksum_holds(const Block& block)
{
    auto expected = number(block, kChecksum);
    int64_t plain = 0, with_signs = 0;
    for (size_t i = 0; i < kTarBlock; i++) {
        bool blank = i >= kChecksum.offset && i < kChecksum.offset + kChecksum.size;
        char c = blank ? ' ' : block[i];
        plain += static_cast<unsigned char>(c);
        with_signs += static_cast<signed char>(c);
    }
    return expected && (*expected == plain || *expected == with_signs);
}

bool is_zero(const Block& block)
{
    return block[0] == 0 && memcmp(block, block + 1, kTarBlock - 1) == 0;
}

String name(const Block& block)
{
    String found(text(block, kName));
    // GNU's magic is "ustar " and has no prefix behind it, version 7 has no magic at all.
    if (raw(block, kMagic) != std::string_view("ustar\0", 6))
        return found;
    bool star = raw(block, kStarTrailer) == std::string_view("tar\0", 4);
    std::string_view prefix = text(block, star ? kStarPrefix : kPrefix);
    return prefix.empty() ? found : String(prefix) + "/" + found;
}

Result<uint32_t> owner(const Block& block, Field field)
{
    int64_t id = TRY(number(block, field));
    if (id < 0 || id >= UINT32_MAX)
        return Error(EBADMSG, "owner %lld is out of range", (long long)id);
    return static_cast<uint32_t>(id);
}

Result<Kind> kind_of(char type, std::string_view name)
{
    switch (type) {
        case '\0':
        case '0':
        case '7':  // "contiguous", of systems that could ask for it
        case 'S':
            // Before ustar there was no type for directories.
            return name.ends_with('/') ? Kind::directory : Kind::file;
        case 'D':  // GNU's incremental archives: a directory with a list that we do not need
            return Kind::directory;
        case '1':
        case '2':
        case '3':
        case '4':
        case '5':
        case '6': return Kind(type);
        default: break;
    }
    return Error(EBADMSG, "an entry of the unknown type 0x%02x",
                 unsigned(static_cast<uint8_t>(type)));
}

}  // namespace kist::archive::header
