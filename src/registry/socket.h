// socket.h - TCP connections with time limits, IPv6 and IPv4.

#pragma once

#include <memory>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "registry/transport.h"

namespace kist::registry {

// A connected TCP socket; every call waits at most the stall time.
class Socket {
public:
    Socket(Fd fd, String name, int stall_ms)
        : fd_(std::move(fd)), name_(std::move(name)), stall_ms_(stall_ms)
    {
    }

    // At least one byte, or 0 when the other side has closed.  ETIMEDOUT: nothing came.
    Result<size_t> receive(void* buffer, size_t size);
    // Sends some of `bytes` and returns how many.
    Result<size_t> send(std::string_view bytes);
    // True when there is nothing to receive, not even the end.
    bool is_quiet() const;
    // "HOST:PORT", for messages.
    const String& name() const { return name_; }

private:
    Result<void> wait(short events);

    Fd fd_;
    String name_;
    int stall_ms_;
};

// Connects to `port` of `host`, a name or an address.  All its addresses are tried, IPv6 and IPv4
// in turn, the next one when the last has failed or has not answered for a moment; the first that
// answers is taken (after RFC 8305).  Each has `connect_ms`.
// ENOENT: no such host; EAGAIN: the name cannot be looked up now; otherwise as connect(2) has it.
Result<Socket> dial(const String& host, uint16_t port, int connect_ms, int stall_ms);

// The bytes as they are.
class PlainTransport : public Transport {
public:
    explicit PlainTransport(Socket socket);

    Result<std::string_view> peek() override;
    void consume(size_t size) override { begin_ += size; }
    Result<void> write(std::string_view bytes) override;
    bool is_quiet() override { return begin_ == end_ && socket_.is_quiet(); }

    // The socket, for another protocol to go on with.  EPROTO: bytes of that have already arrived.
    Result<Socket> release() &&;

private:
    Socket socket_;
    std::unique_ptr<char[]> buffer_;
    size_t begin_ = 0;
    size_t end_ = 0;
};

}  // namespace kist::registry
