// tls.h - TLS 1.2 over a socket, by BearSSL.
//
// Only what is worth having is offered, and only that is linked: ECDHE with RSA or ECDSA, AES-GCM
// and ChaCha20-Poly1305, whichever this processor is faster at first.

#pragma once

#include <bearssl.h>

#include <memory>
#include <mutex>

#include "base/string.h"
#include "base/vector.h"
#include "registry/socket.h"
#include "registry/trust.h"
#include "registry/url.h"

namespace kist::registry {

// What the TLS connections of a process share: trust, and sessions to resume (RFC 5246, 7.3), which
// spare the connections of further layers the key exchange.  Safe to use from several threads.
class TlsClient {
public:
    explicit TlsClient(TrustOptions options) : trust_(std::move(options)) {}

    // Shakes hands over `socket` with the server called `host`.  EKEYREJECTED: it is not trusted.
    // EPROTOTYPE: it does not speak TLS.  EPROTO: it and we have no way of doing TLS in common.
    // As Socket has it: the connection broke.
    Result<std::unique_ptr<Transport>> connect(Socket socket, const Url& host);

private:
    struct Session {
        String name;
        br_ssl_session_parameters parameters;
    };
    bool recall(const String& name, br_ssl_session_parameters* parameters);
    void remember(const String& name, const br_ssl_session_parameters& parameters);

    Trust trust_;
    std::mutex mutex_;
    Vector<Session> sessions_;
};

}  // namespace kist::registry
