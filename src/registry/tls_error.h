// tls_error.h - failures of TLS in words.

#pragma once

#include "base/result.h"
#include "base/string.h"

namespace kist::registry {

// For BearSSL's error `code` (BR_ERR_*), in the handshake or after it, with the server `name`.
Error tls_error(int code, bool in_handshake, const String& name);
// EPROTOTYPE: the server did not answer in TLS.
Error not_tls_error(const String& name);

}  // namespace kist::registry
