// der.cpp - tags and lengths.

#include "registry/der.h"

namespace kist::registry {

DerElement Der::fail(const char* what)
{
    if (!fault_)
        fault_ = what;
    rest_ = {};
    return {};
}

DerElement Der::any()
{
    if (rest_.size() < 2 || (rest_[0] & 0x1f) == 0x1f)
        return fail("cut short, or not DER");
    size_t length = uint8_t(rest_[1]);
    size_t head = 2;
    if (length >= 0x80) {
        size_t digits = length & 0x7f;
        if (digits == 0 || digits > 3 || rest_.size() < 2 + digits)
            return fail("a length that DER does not have");
        length = 0;
        for (size_t i = 0; i < digits; i++)
            length = length << 8 | uint8_t(rest_[2 + i]);
        head += digits;
    }
    if (length > rest_.size() - head)
        return fail("cut short");
    DerElement element{uint8_t(rest_[0]), rest_.substr(head, length),
                       rest_.substr(0, head + length)};
    rest_.remove_prefix(head + length);
    return element;
}

DerElement Der::expect(uint8_t tag)
{
    return is(tag) ? any() : fail("another kind of element than X.509 has there");
}

}  // namespace kist::registry
