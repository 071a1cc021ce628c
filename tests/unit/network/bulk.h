// bulk.h - many bytes from one socket to another.

#pragma once

#include <sys/socket.h>

#include "base/digest.h"
#include "base/fd.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::test {

// Sends `size` bytes one way while it reads them; whether they are the same.  `turn`, of a number
// of milliseconds, lets whoever is between the two have its turn.
template <typename Turn>
bool carries(const Fd& from, const Fd& to, size_t size, Turn turn)
{
    String block;
    for (size_t i = 0; i < (300 << 10); i++)
        block += char(i * 7 + i / 251);
    Sha256 sent, got;
    size_t out = 0, in = 0;
    Vector<char> buffer(200 << 10);
    for (int idle = 0; in < size && idle < 1000; idle++) {
        size_t at = out % block.size();
        size_t part = std::min(size - out, block.size() - at);
        ssize_t n = part ? ::send(from.get(), &block[at], part, MSG_NOSIGNAL) : 0;
        if (n > 0) {
            sent.add({&block[at], size_t(n)});
            out += size_t(n);
        }
        turn(n > 0 ? 0 : 1);
        while ((n = ::recv(to.get(), buffer.data(), buffer.size(), 0)) > 0) {
            got.add({buffer.data(), size_t(n)});
            in += size_t(n);
            idle = 0;
        }
    }
    return in == size && sent.finish() == got.finish();
}

}  // namespace kist::test
