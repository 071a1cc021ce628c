// certificate.cpp - certificates, element by element as RFC 5280, section 4.1 lists them.

#include "registry/certificate.h"

#include "base/clock.h"
#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "registry/der.h"
#include "registry/host_address.h"
#include "registry/oid.h"

namespace kist::registry {

namespace {

constexpr uint8_t kVersion = 0xa0, kIssuerId = 0x81, kSubjectId = 0x82, kExtensions = 0xa3;
constexpr uint8_t kDnsName = 0x82, kIpAddress = 0x87;  // GeneralName, section 4.2.1.6
constexpr size_t kMaxNames = 1000;

// "YYMMDDHHMMSSZ" of this century and the last, or with four digits of year (section 4.1.2.5).
int64_t read_time(Der& validity)
{
    DerElement element = validity.any();
    std::string_view text = element.contents;
    size_t year_digits = element.tag == der::kUtcTime ? 2 : 4;
    if ((element.tag != der::kUtcTime && element.tag != der::kGeneralizedTime) ||
        text.size() != year_digits + 11 ||
        text.find_first_not_of("0123456789") != text.size() - 1 || text.back() != 'Z') {
        validity.fail("a date in an unknown form");
        return 0;
    }

    int64_t year = 0;
    for (size_t i = 0; i < year_digits; i++)
        year = year * 10 + (text[i] - '0');
    if (year_digits == 2)
        year += year < 50 ? 2000 : 1900;
    auto pair = [&](size_t i) {
        return unsigned(text[year_digits + i] - '0') * 10 +
               unsigned(text[year_digits + i + 1] - '0');
    };
    if (pair(0) < 1 || pair(0) > 12 || pair(2) < 1 || pair(2) > 31)
        validity.fail("a date that is none");
    return clock::days_from_civil(year, pair(0), pair(2)) * 86400 + pair(4) * 3600 + pair(6) * 60 +
           pair(8);
}

std::string_view without_zeros(std::string_view number)
{
    while (number.size() > 1 && number[0] == 0)
        number.remove_prefix(1);
    return number;
}

unsigned char* bytes(std::string_view view)
{
    // BearSSL's key types point to what may be changed, and is not.
    return reinterpret_cast<unsigned char*>(const_cast<char*>(view.data()));
}

void read_rsa(Der key, Certificate& certificate)
{
    DerElement modulus = key.expect(der::kInteger);
    DerElement exponent = key.expect(der::kInteger);
    std::string_view n = without_zeros(modulus.contents);
    std::string_view e = without_zeros(exponent.contents);
    certificate.key.key_type = BR_KEYTYPE_RSA;
    certificate.key.key.rsa = {bytes(n), n.size(), bytes(e), e.size()};
    certificate.key_bits = unsigned(n.size() * 8);
    for (uint8_t top = n.empty() ? 0xff : uint8_t(n[0]); top && !(top & 0x80); top <<= 1)
        certificate.key_bits--;
}

// SubjectPublicKeyInfo.
void read_key(Der info, Certificate& certificate)
{
    Der algorithm = info.enter(der::kSequence);
    DerElement kind = algorithm.expect(der::kOid);
    DerElement bits = info.expect(der::kBitString);
    certificate.key_algorithm = kind.contents;
    if (bits.contents.empty() || bits.contents[0] != 0) {
        info.fail("a key with a broken byte");
        return;
    }
    std::string_view key = bits.contents.substr(1);

    if (kind.contents == oid::kRsa)
        return read_rsa(info.within(key).enter(der::kSequence), certificate);
    if (kind.contents != oid::kEcKey || !algorithm.is(der::kOid))
        return;
    DerElement curve = algorithm.expect(der::kOid);
    certificate.curve = curve.contents;
    int id = oid::curve_id(curve.contents);
    if (id == 0)
        return;
    certificate.key.key_type = BR_KEYTYPE_EC;
    certificate.key.key.ec = {id, bytes(key), key.size()};
}

void read_names(Der names, Certificate& certificate)
{
    while (!names.at_end()) {
        DerElement name = names.any();
        if (certificate.dns_names.size() + certificate.ip_addresses.size() >= kMaxNames)
            names.fail("too many names");
        else if (name.tag == kDnsName)
            certificate.dns_names.push_back(name.contents);
        else if (name.tag == kIpAddress)
            certificate.ip_addresses.push_back(name.contents);
    }
}

void read_extension(Der extension, Certificate& certificate)
{
    DerElement id = extension.expect(der::kOid);
    bool critical = false;
    if (extension.is(der::kBoolean)) {
        DerElement flag = extension.any();
        critical = flag.contents != std::string_view("\0", 1);
    }
    DerElement value = extension.expect(der::kOctetString);
    Der inside = extension.within(value.contents);

    if (id.contents == oid::kSubjectAltName)
        return read_names(inside.enter(der::kSequence), certificate);
    if (id.contents == oid::kBasicConstraints) {
        Der constraints = inside.enter(der::kSequence);
        if (constraints.is(der::kBoolean)) {
            DerElement flag = constraints.any();
            certificate.is_ca = flag.contents != std::string_view("\0", 1);
        }
        return;
    }
    if (id.contents == oid::kKeyUsage) {
        DerElement bits = inside.expect(der::kBitString);
        uint8_t first = bits.contents.size() > 1 ? uint8_t(bits.contents[1]) : 0;
        certificate.usages =
            (first & 0x38 ? BR_KEYTYPE_KEYX : 0) | (first & 0xc0 ? BR_KEYTYPE_SIGN : 0);
        return;
    }
    if (id.contents == oid::kNameConstraints)
        certificate.name_constraints = value.contents;
    if (id.contents == oid::kExtendedKeyUsage) {
        certificate.for_servers = false;
        Der usages = inside.enter(der::kSequence);
        while (!usages.at_end()) {
            DerElement usage = usages.expect(der::kOid);
            if (usage.contents == oid::kServerAuth || usage.contents == oid::kAnyUsage)
                certificate.for_servers = true;
        }
    }
    if (critical && !oid::is_known_extension(id.contents) && certificate.unknown_critical.empty())
        certificate.unknown_critical = id.contents;
}

void read_extensions(Der& body, Certificate& certificate)
{
    for (uint8_t unused : {kIssuerId, kSubjectId})
        if (body.is(unused))
            (void)body.any();
    if (!body.is(kExtensions))
        return;
    certificate.has_extensions = true;
    Der extensions = body.enter(kExtensions).enter(der::kSequence);
    while (!extensions.at_end())
        read_extension(extensions.enter(der::kSequence), certificate);
}

// TBSCertificate, in its order.
void read_body(Der body, Certificate& certificate)
{
    if (body.is(kVersion))
        (void)body.any();
    (void)body.expect(der::kInteger);   // serial number
    (void)body.expect(der::kSequence);  // signature algorithm, said again outside
    certificate.issuer = body.expect(der::kSequence).whole;
    Der validity = body.enter(der::kSequence);
    certificate.not_before = read_time(validity);
    certificate.not_after = read_time(validity);
    certificate.subject = body.expect(der::kSequence).whole;
    read_key(body.enter(der::kSequence), certificate);
    read_extensions(body, certificate);
}

// One label, or "*" for one, then the same.
bool matches(std::string_view pattern, std::string_view host)
{
    String lowered;
    for (char c : pattern)
        lowered += c >= 'A' && c <= 'Z' ? char(c | 0x20) : c;
    if (lowered == host)
        return true;
    size_t dot = host.find('.');
    return lowered.starts_with("*.") && dot != host.npos && dot > 0 &&
           std::string_view(lowered).substr(1) == host.substr(dot);
}

}  // namespace

Result<Certificate> Certificate::parse(Vector<unsigned char> der)
{
    if (der.size() > kMaxCertificate)
        return Error(EINVAL, "not a certificate: %zu bytes are too many", der.size());
    Certificate certificate;
    certificate.der = std::move(der);
    std::string_view bytes(reinterpret_cast<const char*>(certificate.der.data()),
                           certificate.der.size());
    const char* fault = nullptr;
    Der outer = Der(bytes, fault).enter(der::kSequence);
    read_body(outer.enter(der::kSequence), certificate);
    certificate.signature_algorithm = outer.enter(der::kSequence).expect(der::kOid).contents;
    DerElement value = outer.expect(der::kBitString);
    certificate.signature_size = value.contents.size() - !value.contents.empty();
    if (fault)
        return Error(EINVAL, "not a certificate: %s", fault);
    return certificate;
}

bool Certificate::is_for(const String& host) const
{
    HostAddress address(host);
    if (address.bytes().empty()) {
        for (std::string_view name : dns_names)
            if (matches(name, host))
                return true;
        return false;
    }
    for (std::string_view name : ip_addresses)
        if (name == address.bytes())
            return true;
    return false;
}

br_x509_trust_anchor Certificate::anchor(bool as_ca) const
{
    return {{bytes(subject), subject.size()}, as_ca ? unsigned(BR_X509_TA_CA) : 0, key};
}

}  // namespace kist::registry
