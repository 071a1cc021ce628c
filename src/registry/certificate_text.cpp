// certificate_text.cpp - certificates and people: names, dates, and the PEM files they come in.

#include "base/base64.h"
#include "base/clock.h"
#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "registry/certificate.h"
#include "registry/der.h"
#include "registry/oid.h"

namespace kist::registry {

namespace {

constexpr size_t kMaxShown = 100;     // bytes of one name
constexpr size_t kMaxShownNames = 8;  // of a list

// What a stranger wrote goes to a terminal: no control characters, C1 ones in UTF-8 included.
String printable(std::string_view text)
{
    String result;
    for (size_t i = 0; i < text.size() && i < kMaxShown; i++) {
        auto c = static_cast<unsigned char>(text[i]);
        bool control = c < ' ' || c == 127 ||
                       (c == 0xc2 && i + 1 < text.size() && uint8_t(text[i + 1]) < 0xa0);
        result += control ? '?' : text[i];
    }
    return result;
}

// The value of the first attribute `wanted` of a distinguished name.
std::string_view attribute(std::string_view name, std::string_view wanted)
{
    const char* fault = nullptr;
    Der sets = Der(name, fault).enter(der::kSequence);
    while (!sets.at_end()) {
        Der set = sets.enter(der::kSet);
        while (!set.at_end()) {
            Der pair = set.enter(der::kSequence);
            DerElement kind = pair.expect(der::kOid);
            DerElement value = pair.any();
            if (kind.contents == wanted || fault)
                return value.contents;
        }
    }
    return {};
}

String name_of(std::string_view distinguished)
{
    for (std::string_view wanted : {oid::kCommonName, oid::kOrganization}) {
        std::string_view value = attribute(distinguished, wanted);
        if (!value.empty())
            return printable(value);
    }
    return "(no name)";
}

// Base64 over many lines (RFC 7468, section 2).
Result<Vector<unsigned char>> decode(std::string_view block)
{
    String text;
    text.reserve(block.size());
    for (char c : block)
        if (c != '\n' && c != '\r' && c != ' ' && c != '\t')
            text += c;
    String bytes = TRY(base64::decode(text), "a certificate block");
    return Vector<unsigned char>(bytes.begin(), bytes.end());
}

}  // namespace

String Certificate::name() const
{
    return name_of(subject);
}

String Certificate::issuer_name() const
{
    return name_of(issuer);
}

String Certificate::names() const
{
    String text;
    size_t shown = 0;
    auto add = [&](const String& name) {
        if (++shown <= kMaxShownNames)
            text += (text.empty() ? "" : ", ") + name;
    };
    for (std::string_view name : dns_names)
        add(printable(name));
    for (std::string_view address : ip_addresses) {
        bool known = address.size() == 4 || address.size() == 16;
        add(known ? str::ip_address(address) : "?");
    }
    if (shown > kMaxShownNames)
        text += str::format(" and %zu more", shown - kMaxShownNames);
    return text;
}

String date_text(int64_t seconds)
{
    return clock::to_text(seconds).substr(0, 10);
}

Result<Vector<unsigned char>> next_certificate(std::string_view& text)
{
    constexpr std::string_view kBegin = "-----BEGIN ";
    constexpr std::string_view kDashes = "-----";
    if (text.starts_with("\x30\x82")) {
        Vector<unsigned char> whole(text.begin(), text.end());
        text = {};
        return whole;
    }
    while (true) {
        size_t begin = text.find(kBegin);
        if (begin == text.npos) {
            text = {};
            return Vector<unsigned char>();
        }
        text.remove_prefix(begin + kBegin.size());
        std::string_view rest = text;
        std::string_view label = rest.substr(0, rest.find(kDashes));
        // The second is what old OpenSSL wrote.
        if (label != "CERTIFICATE" && label != "X509 CERTIFICATE")
            continue;
        rest.remove_prefix(label.size() + std::min(kDashes.size(), rest.size() - label.size()));
        size_t end = rest.find("-----END ");
        if (end == rest.npos) {
            text = {};
            return Error(EINVAL, "a certificate without an end");
        }
        text = rest.substr(end);
        return decode(rest.substr(0, end));
    }
}

}  // namespace kist::registry
