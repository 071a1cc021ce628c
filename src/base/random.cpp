// random.cpp - random bytes from the kernel.

#include "base/random.h"

#include <sys/random.h>

#include <cstdlib>

#include "base/string.h"
#include "base/sys.h"

namespace kist::random {

void fill(void* buffer, size_t size)
{
    auto* at = static_cast<unsigned char*>(buffer);
    while (size > 0) {
        ssize_t got = sys::retry([&] { return ::getrandom(at, size, 0); });
        if (got < 0)
            abort();  // no kernel we run on lacks it, and guessable ids are worse than none
        at += got;
        size -= static_cast<size_t>(got);
    }
}

uint64_t number()
{
    uint64_t value;
    fill(&value, sizeof value);
    return value;
}

String hex(size_t digits)
{
    String text(digits, '0');
    for (size_t i = 0; i < digits; i += 16) {
        uint64_t value = number();
        for (size_t j = i; j < i + 16 && j < digits; j++, value >>= 4)
            text[j] = "0123456789abcdef"[value & 15];
    }
    return text;
}

}  // namespace kist::random
