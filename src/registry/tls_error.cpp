// tls_error.cpp - failures of TLS in words.

#include "registry/tls_error.h"

#include <bearssl.h>

#include "base/str.h"
#include "base/string.h"

namespace kist::registry {

namespace {

constexpr const char* kWhatWeSpeak =
    "kist speaks TLS 1.2 with ECDHE and AES-GCM or ChaCha20-Poly1305: allow that on the server too";

// Alerts of RFC 5246, section 7.2, that tell something about the server.
struct Alert {
    int number;
    const char* sentence;  // with the server's name for %s
    const char* hint;
};
// clang-format off
constexpr Alert kAlerts[] = {
    {40,  "%s finds no cipher or signature in common with us, or demands a certificate of the client", kWhatWeSpeak},
    {42,  "%s wants a certificate of the client, which is not supported", nullptr},
    {70,  "%s refuses TLS 1.2, the newest version that kist speaks: it seems to be set to TLS 1.3 only", kWhatWeSpeak},
    {71,  "%s finds our ciphers too weak", kWhatWeSpeak},
    {80,  "%s reports an error of its own in TLS", "try again later, or ask the server's owner"},
    {112, "%s does not know the name it was called by", "use the name that the server is set up for"},
    {116, "%s wants a certificate of the client, which is not supported", nullptr},
    {120, "%s does not speak HTTP/1.1 on this port", nullptr},
};
// clang-format on

}  // namespace

Error tls_error(int code, bool in_handshake, const String& name)
{
    // After the handshake the parties have agreed; what fails then is the line, and may be tried
    // again.
    if (!in_handshake)
        return Error(ECONNABORTED, "the TLS connection to %s broke (BearSSL error %d)",
                     name.c_str(), code);
    if (code == BR_ERR_UNSUPPORTED_VERSION || code == BR_ERR_BAD_VERSION)
        return Error(EPROTO, "%s answers in a version of TLS other than 1.2", name.c_str())
            .with_hint(kWhatWeSpeak);
    for (const Alert& alert : kAlerts)
        if (code == BR_ERR_RECV_FATAL_ALERT + alert.number) {
            String sentence = alert.sentence;
            Error error(EPROTO, "%s", sentence.replace(0, 2, name).c_str());
            return alert.hint ? std::move(error).with_hint(alert.hint) : error;
        }
    if (code >= BR_ERR_RECV_FATAL_ALERT && code < BR_ERR_SEND_FATAL_ALERT)
        return Error(EPROTO, "%s ends the TLS handshake with alert %d", name.c_str(),
                     code - BR_ERR_RECV_FATAL_ALERT)
            .with_hint(kWhatWeSpeak);
    return Error(EPROTO, "the TLS handshake with %s failed (BearSSL error %d)", name.c_str(), code)
        .with_hint(kWhatWeSpeak);
}

Error not_tls_error(const String& name)
{
    return Error(EPROTOTYPE, "%s does not answer in TLS: it seems to speak plain HTTP",
                 name.c_str())
        .with_hint("use its port for HTTPS, or say --tls-verify=false to do without encryption");
}

}  // namespace kist::registry
