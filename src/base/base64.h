// base64.h - bytes as text (RFC 4648).

#pragma once

#include <string_view>

#include "base/result.h"
#include "base/string.h"

namespace kist::base64 {

// With padding, in the ordinary alphabet.
String encode(std::string_view bytes);
// Understands the URL alphabet ("-_") too, with or without padding; anything else is EBADMSG, and
// so are left-over bits that are not 0 (two texts would mean the same bytes).
Result<String> decode(std::string_view text);

}  // namespace kist::base64
