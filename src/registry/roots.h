// roots.h - the certificate authorities that are compiled in.
//
// One copied binary can pull on a board without /etc/ssl.  The list is Mozilla's, or what the build
// was told instead (make ROOTS=none|FILE); third_party/roots.py makes it.

#pragma once

#include <bearssl.h>

#include <string_view>

#include "base/vector.h"

namespace kist::registry {

// Adds to `anchors` the authorities of this name (a distinguished name, in DER).  The program has
// their keys, and only hashes of their names: the name of an anchor points to where `name` does,
// the key into constant data.  Neither must be written to, which BearSSL's types cannot say.
void find_compiled_roots(std::string_view name, Vector<br_x509_trust_anchor>& anchors);

}  // namespace kist::registry
