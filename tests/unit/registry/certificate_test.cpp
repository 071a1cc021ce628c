// certificate_test.cpp - what certificates say, and what is not one.

#include "registry/certificate.h"

#include "base/string.h"
#include "base/vector.h"
#include "certificates.h"
#include "check.h"
#include "registry/oid.h"

namespace kist::registry {
namespace {

TEST(Certificate, IsRead)
{
    Certificate server = certificate("server");
    EXPECT_EQ(server.name(), "Server");
    EXPECT_EQ(server.issuer_name(), "Test authority");
    EXPECT_EQ(server.names(), "registry.example, *.wild.example, localhost, 127.0.0.1, ::1");
    EXPECT_EQ(date_text(server.not_before), "2020-01-01");
    EXPECT_EQ(date_text(server.not_after), "2120-01-01");
    EXPECT_EQ(server.key.key_type, BR_KEYTYPE_EC);
    EXPECT_EQ(server.key.key.ec.curve, BR_EC_secp256r1);
    EXPECT_EQ(oid::name(server.signature_algorithm), "ecdsa-with-SHA256");
    EXPECT_FALSE(server.is_ca);
    EXPECT_TRUE(server.for_servers);
    EXPECT_FALSE(server.is_self_issued());

    EXPECT_TRUE(certificate("ca").is_ca);
    EXPECT_TRUE(certificate("ca").is_self_issued());
    EXPECT_FALSE(certificate("for-clients").for_servers);
    EXPECT_EQ(certificate("constrained").unknown_critical, oid::kNameConstraints);
    EXPECT_EQ(oid::name(certificate("critical").unknown_critical), "1.2.3.4");
    EXPECT_EQ(oid::name(certificate("pss").signature_algorithm), "RSA-PSS");
    EXPECT_EQ(oid::name(certificate("ed25519").key_algorithm), "Ed25519");
    EXPECT_EQ(certificate("ed25519").key.key_type, 0);
    EXPECT_EQ(certificate("small").key_bits, 1024u);
    EXPECT_EQ(certificate("large-ca").key_bits, 8192u);
    EXPECT_EQ(certificate("p384").key.key.ec.curve, BR_EC_secp384r1);
    EXPECT_EQ(certificate("nameless").names(), "");
}

TEST(Certificate, KnowsItsHosts)
{
    Certificate server = certificate("server");
    for (const char* host :
         {"registry.example", "a.wild.example", "localhost", "127.0.0.1", "::1", "0:0::1"})
        EXPECT_TRUE(server.is_for(host)) << host;
    for (const char* host :
         {"example", "x.registry.example", "wild.example", "a.b.wild.example", ".wild.example",
          "127.0.0.2", "::2", "::ffff:127.0.0.1", "registry.example.", ""})
        EXPECT_FALSE(server.is_for(host)) << host;
    // The common name counts for nothing.
    EXPECT_FALSE(certificate("nameless").is_for("registry.example"));
}

TEST(Certificate, CutShortOrChangedIsRefusedOrHarmless)
{
    Vector<unsigned char> whole = certificate("below-constrained").der;
    for (size_t size = 0; size < whole.size(); size++)
        EXPECT_FALSE(Certificate::parse({whole.begin(), whole.begin() + ptrdiff_t(size)})) << size;
    for (size_t at = 0; at < whole.size(); at++)
        for (unsigned char bit : {1, 0x20, 0x80}) {
            Vector<unsigned char> changed = whole;
            changed[at] ^= bit;
            if (auto parsed = Certificate::parse(std::move(changed))) {
                (void)parsed->name();
                (void)parsed->names();
                (void)parsed->is_for("registry.example");
            }
        }
    EXPECT_ERROR(Certificate::parse(Vector<unsigned char>(kMaxCertificate + 1)), EINVAL,
                 "not a certificate");
}

TEST(Certificate, ControlCharactersOfNamesAreNotShown)
{
    Vector<unsigned char> der = certificate("server").der;
    const unsigned char kName[] = {'S', 'e', 'r', 'v', 'e', 'r'};
    auto at = std::search(der.begin(), der.end(), std::begin(kName), std::end(kName));
    at[0] = 0x1b;
    at[1] = 0xc2;
    at[2] = 0x9b;
    Certificate changed = MUST(Certificate::parse(der));
    EXPECT_EQ(changed.name(), "??\x9bver");
}

TEST(Certificate, AreFoundInFiles)
{
    String text = "# a comment\n" + fs::read_path(certificate_file("ca.pem")).take() +
                  fs::read_path(certificate_file("server.key")).take() +
                  "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n" +
                  fs::read_path(certificate_file("server.pem")).take();
    std::string_view rest = text;
    EXPECT_EQ(MUST(next_certificate(rest)), certificate("ca").der);
    EXPECT_FALSE(next_certificate(rest));
    EXPECT_EQ(MUST(next_certificate(rest)), certificate("server").der);
    EXPECT_TRUE(MUST(next_certificate(rest)).empty());

    Vector<unsigned char> der = certificate("ca").der;
    String bare(der.begin(), der.end());
    rest = bare;
    EXPECT_EQ(MUST(next_certificate(rest)), der);
    EXPECT_TRUE(MUST(next_certificate(rest)).empty());

    for (std::string_view broken : {"-----BEGIN CERTIFICATE-----\nAAAA", "-----BEGIN CERTIFICATE",
                                    "-----BEGIN ", "-----BEGIN CERTIFICATE-----"}) {
        rest = broken;
        auto found = next_certificate(rest);
        EXPECT_TRUE(!found || found->empty()) << broken;
        EXPECT_TRUE(rest.empty());
    }
}

}  // namespace
}  // namespace kist::registry
