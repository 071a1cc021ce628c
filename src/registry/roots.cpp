// roots.cpp - unpacks the trust anchors, whose format third_party/roots.py describes.
//
// They are one constant blob and not an array of structures, because every pointer in an array
// would be a relocation to apply at each start and 24 bytes of the file.

#include "registry/roots.h"

#include <cstddef>

#include "roots_data.h"

namespace kist::registry {
namespace {

// Reads the blob; the build made it, so it is not checked again.
struct Cursor {
    const unsigned char* at;

    size_t number(int bytes)
    {
        size_t value = 0;
        while (bytes-- > 0)
            value = value << 8 | *at++;
        return value;
    }
    unsigned char* bytes(size_t size)
    {
        const unsigned char* start = at;
        at += size;
        return const_cast<unsigned char*>(start);
    }
};

}  // namespace

std::vector<br_x509_trust_anchor> compiled_roots()
{
    std::vector<br_x509_trust_anchor> roots;
    Cursor cursor{kRootsData};
    const unsigned char* end = kRootsData + sizeof(kRootsData) - 1;
    while (cursor.at < end) {
        br_x509_trust_anchor root{};
        root.flags = BR_X509_TA_CA;
        root.dn.len = cursor.number(2);
        root.dn.data = cursor.bytes(root.dn.len);
        int curve = static_cast<int>(cursor.number(1));
        if (curve == 0) {
            root.pkey.key_type = BR_KEYTYPE_RSA;
            root.pkey.key.rsa.nlen = cursor.number(2);
            root.pkey.key.rsa.n = cursor.bytes(root.pkey.key.rsa.nlen);
            root.pkey.key.rsa.elen = cursor.number(1);
            root.pkey.key.rsa.e = cursor.bytes(root.pkey.key.rsa.elen);
        } else {
            root.pkey.key_type = BR_KEYTYPE_EC;
            root.pkey.key.ec.curve = curve;
            root.pkey.key.ec.qlen = cursor.number(2);
            root.pkey.key.ec.q = cursor.bytes(root.pkey.key.ec.qlen);
        }
        roots.push_back(root);
    }
    return roots;
}

}  // namespace kist::registry
