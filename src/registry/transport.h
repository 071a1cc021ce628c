// transport.h - a two-way stream of bytes to a server: a socket, TLS over one, or a test's script.

#pragma once

#include <string_view>

#include "base/result.h"

namespace kist::registry {

class Transport {
public:
    virtual ~Transport() = default;

    // The bytes at hand, in the transport's own buffer; waits until there are some.  Empty when the
    // other side has ended the stream properly.  Valid until the next call of anything here.
    virtual Result<std::string_view> peek() = 0;
    // Takes the first `size` of the bytes that peek() showed.
    virtual void consume(size_t size) = 0;
    // Sends all of `bytes`.
    virtual Result<void> write(std::string_view bytes) = 0;
    // True when nothing has arrived and nobody has hung up: the connection can be used again.
    virtual bool is_quiet() = 0;
};

}  // namespace kist::registry
