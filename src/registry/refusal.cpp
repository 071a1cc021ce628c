// refusal.cpp - why a certificate is not accepted, for each reason one sentence.

#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "registry/oid.h"
#include "registry/trust.h"

namespace kist::registry {

namespace {

constexpr unsigned kMostRsaBits = 4096;  // BR_MAX_RSA_SIZE
constexpr unsigned kLeastRsaBits = 2048;

// What a sentence is about: the certificate in question and whose chain it is in.
struct Case {
    const Certificate& certificate;
    const String& host;
    bool is_own;  // the server's own, not one that vouches for it

    // `the certificate of HOST ("NAME", issued by "ISSUER")`
    String subject() const
    {
        return str::format(
            is_own ? "the certificate of %s (\"%s\", issued by \"%s\")"
                   : "the chain of %s has a certificate (\"%s\", issued by \"%s\") that",
            host.c_str(), certificate.name().c_str(), certificate.issuer_name().c_str());
    }
    Error error(const String& reason) const
    {
        return Error(EKEYREJECTED, "%s %s", subject().c_str(), reason.c_str());
    }
};

constexpr const char* kServersOwner = "the server needs another certificate: tell its owner";
constexpr const char* kNoVerify = "to go on without knowing who answers, say --tls-verify=false";

Error untimely(const Case& about, int64_t time)
{
    const Certificate& certificate = about.certificate;
    if (certificate.not_before > time)
        return about
            .error(str::format("is not valid before %s, and the clock says it is %s",
                               date_text(certificate.not_before).c_str(), date_text(time).c_str()))
            .with_hint("set this machine's clock");
    return about
        .error(str::format("has expired on %s; today is %s",
                           date_text(certificate.not_after).c_str(), date_text(time).c_str()))
        .with_hint("its owner has to renew it; if the date of today is wrong, set the clock");
}

Error wrong_host(const Case& about, const Url& host)
{
    const Certificate& certificate = about.certificate;
    if (certificate.dns_names.empty() && certificate.ip_addresses.empty())
        return about.error("names no host at all (it has no Subject Alternative Name)")
            .with_hint(kServersOwner);
    return about
        .error(str::format("is for %s, not for %s", certificate.names().c_str(), host.host.c_str()))
        .with_hint("use a name that it is for, or give the server a certificate for this one");
}

// The chain is in order, but nobody known stands at its end.
Error untrusted(const Case& about, const Vector<br_x509_trust_anchor>& anchors,
                const String& directory)
{
    const Certificate& certificate = about.certificate;
    for (const br_x509_trust_anchor& anchor : anchors) {
        std::string_view name(reinterpret_cast<const char*>(anchor.dn.data), anchor.dn.len);
        if (name != certificate.issuer)
            continue;
        return about
            .error("claims an issuer that is trusted, but is not signed with that issuer's key")
            .with_hint("if the authority has a new key, replace its certificate in " + directory);
    }
    String reason = certificate.is_self_issued()
                        ? "is self-signed, and nothing here says that it is to be trusted"
                        : "has an issuer that nothing here says is to be trusted";
    return about.error(reason).with_hint(
        str::format("put the %s into %s/ca.crt, or name a file of authorities in SSL_CERT_FILE; %s",
                    certificate.is_self_issued() ? "certificate" : "issuer's certificate",
                    directory.c_str(), kNoVerify));
}

Error beyond_us(const Case& about)
{
    const Certificate& certificate = about.certificate;
    if (!oid::is_known_signature(certificate.signature_algorithm))
        return about
            .error(str::format("is signed by %s, which cannot be verified",
                               oid::name(certificate.signature_algorithm).c_str()))
            .with_hint("signatures must be RSA (PKCS#1 v1.5) or ECDSA with SHA-256, 384 or 512; " +
                       String(kNoVerify));
    if (certificate.signature_size > kMostRsaBits / 8)
        return about
            .error(str::format("is signed with an RSA key of %zu bits, and more than %u cannot be "
                               "verified",
                               certificate.signature_size * 8, kMostRsaBits))
            .with_hint(kServersOwner);
    if (certificate.key.key_type == 0)
        return about
            .error(str::format("has a key of the kind %s%s, which is not supported",
                               oid::name(certificate.key_algorithm).c_str(),
                               certificate.curve.empty()
                                   ? ""
                                   : (" on curve " + oid::name(certificate.curve)).c_str()))
            .with_hint("keys must be RSA or on the curves P-256, P-384 or P-521");
    return about.error("is of a kind that is not supported").with_hint(kServersOwner);
}

Error bad_key_size(const Case& about)
{
    return about
        .error(str::format("has an RSA key of %u bits; %u to %u are accepted",
                           about.certificate.key_bits, kLeastRsaBits, kMostRsaBits))
        .with_hint(kServersOwner);
}

Error critical(const Case& about)
{
    std::string_view extension = about.certificate.unknown_critical;
    if (extension == oid::kNameConstraints)
        return about
            .error(
                "is restricted to certain names (critical name constraints), which cannot be "
                "verified")
            .with_hint(kNoVerify);
    return about
        .error(
            str::format("has a critical extension that is not understood (%s)",
                        extension.empty() ? "certificatePolicies" : oid::name(extension).c_str()))
        .with_hint(kNoVerify);
}

}  // namespace

Error overstepping_error(const Certificate& authority, const Url& host)
{
    return Error(EKEYREJECTED,
                 "the certificate of %s is vouched for by \"%s\", whose name constraints do not "
                 "allow it to",
                 host.authority().c_str(), authority.name().c_str())
        .with_hint(kServersOwner);
}

Error Trust::refusal(const Verdict& verdict, const Vector<Certificate>& chain,
                     const Vector<br_x509_trust_anchor>& anchors, const Url& host) const
{
    String name = host.authority();
    Case about{chain[verdict.index], name, verdict.index == 0};
    const Certificate& certificate = about.certificate;
    bool bad_size = certificate.key.key_type == BR_KEYTYPE_RSA &&
                    (certificate.key_bits < kLeastRsaBits || certificate.key_bits > kMostRsaBits);

    switch (verdict.error) {
        case BR_ERR_X509_OK: {
            Case own{chain.front(), name, true};
            if (!chain.front().is_for(host.host))
                return wrong_host(own, host);
            return own.error("is not meant for servers (Extended Key Usage)")
                .with_hint(kServersOwner);
        }
        case BR_ERR_X509_EXPIRED: return untimely(about, verdict.time);
        case BR_ERR_X509_NOT_TRUSTED:
            return untrusted(about, anchors, options_.places.advice(host));
        case BR_ERR_X509_CRITICAL_EXTENSION: return critical(about);
        case BR_ERR_X509_WEAK_PUBLIC_KEY: return bad_key_size(about);
        case BR_ERR_X509_NOT_CA:
        case BR_ERR_X509_FORBIDDEN_KEY_USAGE:
            return about.error("must not sign others").with_hint(kServersOwner);
        case BR_ERR_X509_BAD_SIGNATURE:
        case BR_ERR_X509_WRONG_KEY_TYPE:
            return about.error("did not sign what it claims to have signed")
                .with_hint(kServersOwner);
        case BR_ERR_X509_UNSUPPORTED:
        case BR_ERR_X509_LIMIT_EXCEEDED:
        case BR_ERR_X509_OVERFLOW: return bad_size ? bad_key_size(about) : beyond_us(about);
        default:
            return about.error(str::format("is malformed (BearSSL error %d)", verdict.error))
                .with_hint(kServersOwner);
    }
}

}  // namespace kist::registry
