// oid.h - the object identifiers that certificates are read by, in DER without tag and length.

#pragma once

#include <string_view>

#include "base/string.h"

namespace kist::registry::oid {

using namespace std::string_view_literals;

inline constexpr auto kRsa = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"sv;     // RFC 3279
inline constexpr auto kRsaPss = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"sv;  // RFC 4055
inline constexpr auto kEcKey = "\x2a\x86\x48\xce\x3d\x02\x01"sv;           // RFC 5480
inline constexpr auto kKeyUsage = "\x55\x1d\x0f"sv;  // RFC 5280, section 4.2.1
inline constexpr auto kSubjectAltName = "\x55\x1d\x11"sv;
inline constexpr auto kBasicConstraints = "\x55\x1d\x13"sv;
inline constexpr auto kNameConstraints = "\x55\x1d\x1e"sv;
inline constexpr auto kExtendedKeyUsage = "\x55\x1d\x25"sv;
inline constexpr auto kServerAuth = "\x2b\x06\x01\x05\x05\x07\x03\x01"sv;
inline constexpr auto kAnyUsage = "\x55\x1d\x25\x00"sv;
inline constexpr auto kCommonName = "\x55\x04\x03"sv;  // X.520
inline constexpr auto kOrganization = "\x55\x04\x0a"sv;

// BearSSL's number of a named curve, 0 when it cannot compute on it.
int curve_id(std::string_view oid);
// Whether BearSSL accepts a critical extension of this kind.
bool is_known_extension(std::string_view oid);
// Whether BearSSL verifies signatures of this kind, as it is set up here.
bool is_known_signature(std::string_view oid);
// "sha256WithRSAEncryption", or the dotted form of one that has no name here.
String name(std::string_view oid);

}  // namespace kist::registry::oid
