// certificate.h - what X.509 certificates say (RFC 5280), read straight from DER.
//
// BearSSL decides whether a chain holds.  It does not say why not, knows no IP addresses and gives
// no second chance, so what it reads is read here once more, for names, dates and sentences.

#pragma once

#include <bearssl.h>

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::registry {

inline constexpr size_t kMaxCertificate = 64 << 10;  // bytes of one, in DER

// All views point into `der`, which is on the heap: a Certificate may be moved, not copied.
struct Certificate {
    Vector<unsigned char> der;

    std::string_view subject;  // distinguished names, in DER
    std::string_view issuer;
    int64_t not_before = 0;  // seconds since 1970
    int64_t not_after = 0;
    std::string_view signature_algorithm;  // object identifiers, without tag and length
    size_t signature_size = 0;             // bytes
    std::string_view key_algorithm;
    std::string_view curve;  // of an EC key
    br_x509_pkey key{};      // key_type 0: a kind that is not understood
    unsigned key_bits = 0;

    bool is_ca = false;  // Basic Constraints
    bool has_extensions = false;
    bool for_servers = true;                              // Extended Key Usage, when there is one
    unsigned usages = BR_KEYTYPE_KEYX | BR_KEYTYPE_SIGN;  // Key Usage, as BearSSL has it
    Vector<std::string_view> dns_names;                   // Subject Alternative Names
    Vector<std::string_view> ip_addresses;                // 4 or 16 bytes each
    std::string_view name_constraints;  // the extension's value, in DER; empty: none
    // The first critical extension that BearSSL does not know.
    std::string_view unknown_critical;

    Certificate() = default;
    Certificate(Certificate&&) = default;
    Certificate& operator=(Certificate&&) = default;

    // EINVAL: not a certificate.
    static Result<Certificate> parse(Vector<unsigned char> der);

    // Whether `host`, a name in lower case or an IP address as text, is one it was made for.  Only
    // Subject Alternative Names count (RFC 6125, section 6.4.4); "*." stands for one label.
    bool is_for(const String& host) const;

    // Whether its Name Constraints let it vouch for `host` (RFC 5280, section 4.2.1.10).
    bool may_vouch_for(const String& host) const;

    // For people: the common name, or else the organisation.
    String name() const;
    String issuer_name() const;
    // "a.example, *.b.example, 192.0.2.1"; at most a few of them.
    String names() const;

    bool is_self_issued() const { return subject == issuer; }
    // Whether others may be signed by it.  Before extensions existed every root was a CA.
    bool may_issue() const { return is_ca || (!has_extensions && is_self_issued()); }
    // What BearSSL wants to know of it as an anchor; points into this.
    br_x509_trust_anchor anchor(bool as_ca) const;
};

// "2026-11-22"
String date_text(int64_t seconds);

// Cuts the next certificate off the front of `text`, PEM (RFC 7468) or one bare DER, and returns
// its DER; empty when there is none left.  Blocks of other kinds are skipped.  EINVAL: a broken
// block, which is cut off too.
Result<Vector<unsigned char>> next_certificate(std::string_view& text);

}  // namespace kist::registry
