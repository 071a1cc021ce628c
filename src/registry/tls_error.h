// tls_error.h - failures of TLS in words.

#pragma once

#include <string>

#include "base/result.h"

namespace kist::registry {

// For BearSSL's error `code` (BR_ERR_*), in the handshake or after it, with the server `name`.
Error tls_error(int code, bool in_handshake, const std::string& name);
// EPROTOTYPE: the server did not answer in TLS.
Error not_tls_error(const std::string& name);

}  // namespace kist::registry
