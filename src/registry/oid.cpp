// oid.cpp - what is known about each object identifier, one row each.

#include "registry/oid.h"

#include <bearssl.h>

#include "base/str.h"
#include "base/string.h"

namespace kist::registry::oid {

namespace {

enum class Kind : unsigned char { other, extension, signature };

struct Row {
    std::string_view oid;
    const char* name;
    Kind kind;  // extension, signature: one that BearSSL handles
};

// clang-format off
constexpr Row kRows[] = {
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04"sv, "md5WithRSAEncryption",    Kind::other},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"sv, "sha1WithRSAEncryption",   Kind::other},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"sv, "sha256WithRSAEncryption", Kind::signature},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"sv, "sha384WithRSAEncryption", Kind::signature},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"sv, "sha512WithRSAEncryption", Kind::signature},
    {"\x2a\x86\x48\xce\x3d\x04\x01"sv,         "ecdsa-with-SHA1",         Kind::other},
    {"\x2a\x86\x48\xce\x3d\x04\x03\x02"sv,     "ecdsa-with-SHA256",       Kind::signature},
    {"\x2a\x86\x48\xce\x3d\x04\x03\x03"sv,     "ecdsa-with-SHA384",       Kind::signature},
    {"\x2a\x86\x48\xce\x3d\x04\x03\x04"sv,     "ecdsa-with-SHA512",       Kind::signature},
    {kRsa,                                     "RSA",                     Kind::other},
    {kRsaPss,                                  "RSA-PSS",                 Kind::other},
    {kEcKey,                                   "EC",                      Kind::other},
    {"\x2b\x65\x70"sv,                         "Ed25519",                 Kind::other},
    {"\x2b\x65\x71"sv,                         "Ed448",                   Kind::other},
    {"\x55\x1d\x09"sv,                         "subjectDirectoryAttributes", Kind::extension},
    {"\x55\x1d\x0e"sv,                         "subjectKeyIdentifier",    Kind::extension},
    {kKeyUsage,                                "keyUsage",                Kind::extension},
    {kSubjectAltName,                          "subjectAltName",          Kind::extension},
    {"\x55\x1d\x12"sv,                         "issuerAltName",           Kind::extension},
    {kBasicConstraints,                        "basicConstraints",        Kind::extension},
    {kNameConstraints,                         "nameConstraints",         Kind::other},
    {"\x55\x1d\x1f"sv,                         "cRLDistributionPoints",   Kind::extension},
    {"\x55\x1d\x20"sv,                         "certificatePolicies",     Kind::extension},
    {"\x55\x1d\x21"sv,                         "policyMappings",          Kind::other},
    {"\x55\x1d\x23"sv,                         "authorityKeyIdentifier",  Kind::extension},
    {"\x55\x1d\x24"sv,                         "policyConstraints",       Kind::other},
    {kExtendedKeyUsage,                        "extKeyUsage",             Kind::other},
    {"\x55\x1d\x2e"sv,                         "freshestCRL",             Kind::extension},
    {"\x55\x1d\x36"sv,                         "inhibitAnyPolicy",        Kind::other},
    {"\x2b\x06\x01\x05\x05\x07\x01\x01"sv,     "authorityInfoAccess",     Kind::extension},
    {"\x2b\x06\x01\x05\x05\x07\x01\x0b"sv,     "subjectInfoAccess",       Kind::extension},
};
// clang-format on

const Row* find(std::string_view oid)
{
    for (const Row& row : kRows)
        if (row.oid == oid)
            return &row;
    return nullptr;
}

}  // namespace

int curve_id(std::string_view oid)
{
    if (oid == "\x2a\x86\x48\xce\x3d\x03\x01\x07"sv)
        return BR_EC_secp256r1;
    if (oid == "\x2b\x81\x04\x00\x22"sv)
        return BR_EC_secp384r1;
    if (oid == "\x2b\x81\x04\x00\x23"sv)
        return BR_EC_secp521r1;
    return 0;
}

bool is_known_extension(std::string_view oid)
{
    const Row* row = find(oid);
    return row && row->kind == Kind::extension;
}

bool is_known_signature(std::string_view oid)
{
    const Row* row = find(oid);
    return row && row->kind == Kind::signature;
}

String name(std::string_view oid)
{
    if (const Row* row = find(oid))
        return row->name;
    String text;
    unsigned long long number = 0;
    for (char c : oid.substr(0, 32)) {
        number = number << 7 | (uint8_t(c) & 0x7f);
        if (c & 0x80)
            continue;
        if (text.empty()) {
            unsigned long long first = number < 80 ? number / 40 : 2;
            text = str::format("%llu.%llu", first, number - first * 40);
        } else {
            text += str::format(".%llu", number);
        }
        number = 0;
    }
    return text;
}

}  // namespace kist::registry::oid
