// trust_test.cpp - which chains are believed, and what is said about the others.

#include "registry/trust.h"

#include "base/clock.h"
#include "base/string.h"
#include "base/vector.h"
#include "certificates.h"
#include "check.h"
#include "registry/clock_floor.h"
#include "temporary.h"
#include "version.h"

namespace kist::registry {
namespace {

// Trusts the authorities whose names are given, as SSL_CERT_FILE would.
class Authorities {
public:
    explicit Authorities(std::initializer_list<const char*> names)
    {
        String bundle;
        for (const char* name : names)
            bundle += fs::read_path(certificate_file(String(name) + ".pem")).take();
        EXPECT_OK(fs::replace(directory.fd(), "bundle", bundle));
        options.places = AnchorPlaces{};
        options.places.replacement = directory.path() + "/bundle";
        options.places.directories = {directory.path() + "/certs.d"};
    }

    Result<void> judge(Vector<Certificate> sent, const char* host = "registry.example")
    {
        Trust trust(options);
        return trust.judge(sent, Url::from_authority(host, true).take());
    }

    test::TemporaryDirectory directory;
    TrustOptions options;
};

TEST(Trust, BelievesGoodChains)
{
    Authorities all({"other-ca", "rsa-ca", "ca"});
    EXPECT_OK(all.judge(chain({"server"})));
    EXPECT_OK(all.judge(chain({"server", "ca"})));
    EXPECT_OK(all.judge(chain({"below", "intermediate"})));
    EXPECT_OK(all.judge(chain({"below-rsa"})));
    EXPECT_OK(all.judge(chain({"below-limited", "limited"})));
    EXPECT_OK(all.judge(chain({"below-limited", "limited"}), "127.0.0.1:5000"));
    EXPECT_OK(all.judge(chain({"p384"})));
    EXPECT_OK(all.judge(chain({"server"}), "127.0.0.1:5000"));
    EXPECT_OK(all.judge(chain({"server"}), "[::1]:5000"));
    EXPECT_OK(all.judge(chain({"server"}), "x.wild.example"));
}

TEST(Trust, PutsChainsInOrder)
{
    Authorities ca({"ca"});
    EXPECT_OK(ca.judge(chain({"below", "other-ca", "ca", "expired", "intermediate"})));
    EXPECT_OK(ca.judge(chain({"server", "expired"})));
}

TEST(Trust, RefusesEachFlawInItsOwnWords)
{
    const struct {
        std::initializer_list<const char*> chain;
        const char* host;
        const char* words;
    } kCases[] = {
        {{"server"},
         "other.example",
         "the certificate of other.example (\"Server\", issued by \"Test authority\") is for "
         "registry.example, *.wild.example, localhost, 127.0.0.1, ::1, not for other.example"},
        {{"server"}, "127.0.0.2", "not for 127.0.0.2"},
        {{"nameless"}, "registry.example", "names no host at all"},
        {{"expired"}, "registry.example", "has expired on 2021-01-01; today is 20"},
        {{"future"},
         "registry.example",
         "is not valid before 2110-01-01, and the clock says it is 20"},
        {{"self"}, "registry.example", "is self-signed"},
        {{"below"},
         "registry.example",
         "(\"Below\", issued by \"Intermediate\") has an issuer that nothing here says is to be "
         "trusted"},
        {{"impostor"}, "registry.example", "is not signed with that issuer's key"},
        {{"impostor", "impostor-ca"}, "registry.example", "is not signed with that issuer's key"},
        {{"below-not-ca", "not-ca"},
         "registry.example",
         "the chain of registry.example has a certificate (\"No authority\", issued by \"Test "
         "authority\") that must not sign others"},
        {{"below-constrained", "constrained"}, "registry.example", "critical name constraints"},
        {{"below-limited", "limited"},
         "x.wild.example",
         "vouched for by \"Limited\", whose name constraints do not allow it to"},
        {{"below-limited", "limited"}, "localhost", "name constraints"},
        {{"below-limited", "limited"}, "[::1]", "name constraints"},
        {{"critical"}, "registry.example", "critical extension that is not understood (1.2.3.4)"},
        {{"for-clients"}, "registry.example", "not meant for servers"},
        {{"pss"}, "registry.example", "is signed by RSA-PSS, which cannot be verified"},
        {{"sha1"}, "registry.example", "is signed by ecdsa-with-SHA1"},
        {{"small"}, "registry.example", "has an RSA key of 1024 bits; 2048 to 4096 are accepted"},
        {{"below-large"}, "registry.example", "RSA key of 8192 bits"},
        {{"below-large", "large-ca"}, "registry.example", "RSA key of 8192 bits"},
        {{"ed25519"}, "registry.example", "has a key of the kind Ed25519"},
        {{}, "registry.example", "sent no certificate"},
    };
    Authorities some({"ca", "rsa-ca", "large-ca"});
    for (auto& row : kCases)
        EXPECT_ERROR(some.judge(chain(row.chain), row.host), EKEYREJECTED, row.words)
            << (row.chain.size() ? *row.chain.begin() : "");
}

TEST(Trust, HeedsTheConstraintsOfGivenAuthorities)
{
    EXPECT_OK(Authorities({"constrained"}).judge(chain({"below-constrained"})));
    EXPECT_ERROR(Authorities({"constrained"}).judge(chain({"below-constrained"}), "localhost"),
                 EKEYREJECTED, "name constraints do not allow");
    EXPECT_ERROR(Authorities({"limited"}).judge(chain({"below-limited"}), "x.wild.example"),
                 EKEYREJECTED, "name constraints do not allow");
}

TEST(Trust, UnknownIssuerIsToldWhereToPutIt)
{
    Authorities none({"other-ca"});
    auto refused = none.judge(chain({"server"}), "registry.example:5000");
    EXPECT_ERROR(refused, EKEYREJECTED, "nothing here says is to be trusted");
    EXPECT_NE(refused.error().hint().find("/certs.d/registry.example:5000/ca.crt"), String::npos);
    EXPECT_NE(refused.error().hint().find("SSL_CERT_FILE"), String::npos);
    EXPECT_NE(refused.error().hint().find("--tls-verify=false"), String::npos);
}

TEST(Trust, ExtendsByHostsOwnDirectories)
{
    Authorities none({});
    Fd place = MUST(fs::make_directories(none.directory.path() + "/certs.d/registry.example:5000"));
    String ca = MUST(fs::read_path(certificate_file("ca.pem")));
    EXPECT_OK(fs::replace(place, "ca.pem", ca));
    EXPECT_FALSE(none.judge(chain({"server"}), "registry.example:5000"));  // not called *.crt
    EXPECT_OK(fs::replace(place, "ca.crt", ca));
    EXPECT_OK(fs::replace(place, "bad.crt", "nonsense"));
    EXPECT_OK(none.judge(chain({"server"}), "registry.example:5000"));
    EXPECT_FALSE(none.judge(chain({"server"}), "registry.example:5001"));
    EXPECT_FALSE(none.judge(chain({"server"}), "registry.example"));

    // What was found for one host stays that host's.
    Trust trust(none.options);
    Vector<Certificate> sent = chain({"server"});
    EXPECT_OK(trust.judge(sent, Url::from_authority("registry.example:5000", true).take()));
    EXPECT_OK(trust.judge(sent, Url::from_authority("registry.example:5000", true).take()));
    EXPECT_FALSE(trust.judge(sent, Url::from_authority("localhost:5000", true).take()));
}

TEST(Trust, PortOfHttpsMayBeLeftOutOfTheDirectory)
{
    for (const char* name : {"registry.example", "registry.example:443"}) {
        Authorities none({});
        Fd place = MUST(fs::make_directories(none.directory.path() + "/certs.d/" + name));
        EXPECT_OK(fs::replace(place, "ca.crt", MUST(fs::read_path(certificate_file("ca.pem")))));
        EXPECT_OK(none.judge(chain({"server"}))) << name;
    }
}

TEST(Trust, BelievesAServersOwnCertificateGivenToIt)
{
    EXPECT_OK(Authorities({"self"}).judge(chain({"self"})));
    EXPECT_OK(Authorities({"self-ca"}).judge(chain({"self-ca"})));
    EXPECT_OK(Authorities({"server"}).judge(chain({"server"})));
    EXPECT_OK(Authorities({"pss"}).judge(chain({"pss"})));
    EXPECT_ERROR(Authorities({"expired"}).judge(chain({"expired"})), EKEYREJECTED, "expired");
    EXPECT_ERROR(Authorities({"self"}).judge(chain({"self"}), "other.example"), EKEYREJECTED,
                 "not for");
    // It vouches for nobody else.
    EXPECT_FALSE(Authorities({"not-ca"}).judge(chain({"below-not-ca"})));
}

TEST(Trust, ReplacementThatCannotBeReadIsAnError)
{
    Authorities gone({});
    gone.options.places.replacement += "-gone";
    EXPECT_ERROR(gone.judge(chain({"server"})), ENOENT, "SSL_CERT_FILE");
}

TEST(Trust, SystemBundleIsTheFirstThatExists)
{
    Authorities ca({"ca"});
    ca.options.places.bundles = {"/nowhere", ca.options.places.replacement, "/etc/passwd"};
    ca.options.places.replacement.clear();
    ca.options.use_compiled_roots = false;
    EXPECT_OK(ca.judge(chain({"server"})));
}

TEST(Trust, CompiledRootsDoNotVouchForStrangers)
{
    Authorities none({});
    none.options.places.replacement.clear();
    EXPECT_ERROR(none.judge(chain({"server"})), EKEYREJECTED, "nothing here says");
}

TEST(Trust, BehindClockForgivesNotYetValid)
{
    // The clock file says that it is past 2100, so the system's clock is behind, and by how much
    // nobody knows.
    Authorities ca({"ca"});
    ca.options.clock_file = ca.directory.path() + "/clock";
    EXPECT_OK(fs::replace(ca.directory.fd(), "clock", "2101-01-01T00:00:00Z\n"));
    EXPECT_OK(ca.judge(chain({"future"})));
    EXPECT_ERROR(ca.judge(chain({"expired"})), EKEYREJECTED,
                 "has expired on 2021-01-01; today is 2110");
    // What it proved is kept.
    EXPECT_EQ(MUST(fs::read(ca.directory.fd(), "clock")), "2110-01-01T00:00:00Z\n");
}

TEST(ClockFloor, IsTheLatestOfBuildAndProof)
{
    test::TemporaryDirectory directory;
    String file = directory.path() + "/clock";
    int64_t later = std::max<int64_t>(clock::now(), kBuildDate) + 400 * 86400;
    {
        ClockFloor floor(file);
        EXPECT_FALSE(floor.read().behind);
        floor.prove(1'000'000'000);  // long ago: nothing new
        EXPECT_FALSE(fs::read_path(file));
        floor.prove(later);
        EXPECT_TRUE(floor.read().behind);
        EXPECT_EQ(floor.read().time, later);
    }
    {
        ClockFloor floor(file);
        EXPECT_EQ(floor.read().time, later);
        floor.prove(later + 3600);  // less than a day: not worth a write
        EXPECT_EQ(floor.read().time, later);
    }
    EXPECT_OK(fs::replace(directory.fd(), "clock", "no time"));
    EXPECT_FALSE(ClockFloor(file).read().behind);
    EXPECT_FALSE(ClockFloor("").read().behind);
}

}  // namespace
}  // namespace kist::registry
