// anchors.h - certificates that the machine or its user trusts, found in files.
//
// A bundle of all the world's authorities is some 200 KB, of which a chain needs one.  So nothing
// is loaded: files are searched for the names that occur in the chain at hand.

#pragma once

#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "registry/certificate.h"
#include "registry/url.h"

namespace kist::registry {

// Where to look, by the environment at the time.
struct AnchorPlaces {
    String replacement;          // $SSL_CERT_FILE: instead of the compiled-in roots and `bundles`
    Vector<String> bundles;      // the first that exists is the system's
    Vector<String> directories;  // certs.d directories, each with one per host

    static AnchorPlaces of_this_machine();
    // The directory in which the user would put a certificate for `host`.
    String advice(const Url& host) const;
};

// Those of the certificates in `file` that bear the name of an issuer in `chain`, or are its first
// certificate itself.  A certificate that cannot be read is skipped.
Result<Vector<Certificate>> search_bundle(const String& file, const Vector<Certificate>& chain);

// The same for the *.crt files that certs.d directories hold for `host`, as docker names them:
// HOST:PORT, and HOST alone when the port is 443.
Vector<Certificate> search_directories(const AnchorPlaces& places, const Url& host,
                                       const Vector<Certificate>& chain);

}  // namespace kist::registry
