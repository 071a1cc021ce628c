// roots_test.cpp - compiled-in authorities, found by their names.

#include "registry/roots.h"

#include <gtest/gtest.h>

#include "base/string.h"
#include "base/vector.h"
#include "check.h"
#include "roots_data.h"

namespace kist::registry {
namespace {

constexpr size_t kMozilla = 32 << 10;  // bytes that its list takes at least

String element(char tag, const String& content)
{
    return tag + String(1, static_cast<char>(content.size())) + content;
}

String attribute(char type, char tag, const String& value)
{
    String oid = element(6, String("\x55\x04") + type);
    return element(0x31, element(0x30, oid + element(tag, value)));
}

String name(const String& common_name)
{
    return element(0x30, attribute(6, 0x13, "US") +
                             attribute(10, 0x13, "Internet Security Research Group") +
                             attribute(3, 0x13, common_name));
}

TEST(Roots, AreFoundByTheirNames)
{
    if (sizeof(kRootsData) < kMozilla)
        GTEST_SKIP() << "not Mozilla's list";
    Vector<br_x509_trust_anchor> found;
    String x1 = name("ISRG Root X1"), x2 = name("ISRG Root X2");
    find_compiled_roots(x1, found);
    find_compiled_roots(x2, found);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].dn.data, reinterpret_cast<const unsigned char*>(x1.data()));
    EXPECT_EQ(found[0].dn.len, x1.size());
    EXPECT_EQ(found[0].flags, unsigned{BR_X509_TA_CA});
    EXPECT_EQ(found[0].pkey.key_type, BR_KEYTYPE_RSA);
    EXPECT_EQ(found[0].pkey.key.rsa.nlen, 512u);
    EXPECT_EQ(found[0].pkey.key.rsa.elen, 3u);
    EXPECT_EQ(found[1].pkey.key_type, BR_KEYTYPE_EC);
    EXPECT_EQ(found[1].pkey.key.ec.curve, BR_EC_secp384r1);
    EXPECT_EQ(found[1].pkey.key.ec.qlen, 97u);
}

TEST(Roots, AreNotFoundByOtherNames)
{
    Vector<br_x509_trust_anchor> found;
    find_compiled_roots(name("ISRG Root X0"), found);
    find_compiled_roots("", found);
    EXPECT_TRUE(found.empty());
}

}  // namespace
}  // namespace kist::registry
