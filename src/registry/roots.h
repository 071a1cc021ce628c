// roots.h - the certificate authorities that are compiled in.
//
// One copied binary can pull on a board without /etc/ssl.  The list is Mozilla's, or what the build
// was told instead (make ROOTS=none|FILE); third_party/roots.py makes it.

#pragma once

#include <bearssl.h>

#include <vector>

namespace kist::registry {

// The trust anchors.  Their names and keys point into constant data of this program: they are valid
// for ever and must not be written to, which BearSSL's types cannot say.
std::vector<br_x509_trust_anchor> compiled_roots();

}  // namespace kist::registry
