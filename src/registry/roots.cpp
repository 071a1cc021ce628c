// roots.cpp - unpacks the trust anchors, whose format third_party/roots.py describes.
//
// They are one constant blob and not an array of structures, because every pointer in an array
// would be a relocation to apply at each start and 24 bytes of the file.

#include "registry/roots.h"

#include <cstring>

#include "base/digest.h"
#include "base/vector.h"
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

constexpr size_t kNameHash = 8;  // bytes

br_x509_pkey take_key(Cursor& cursor)
{
    br_x509_pkey key{};
    int curve = static_cast<int>(cursor.number(1));
    if (curve == 0) {
        key.key_type = BR_KEYTYPE_RSA;
        key.key.rsa.nlen = cursor.number(2);
        key.key.rsa.n = cursor.bytes(key.key.rsa.nlen);
        key.key.rsa.elen = cursor.number(1);
        key.key.rsa.e = cursor.bytes(key.key.rsa.elen);
    } else {
        key.key_type = BR_KEYTYPE_EC;
        key.key.ec.curve = curve;
        key.key.ec.qlen = cursor.number(2);
        key.key.ec.q = cursor.bytes(key.key.ec.qlen);
    }
    return key;
}

}  // namespace

// A name that has the hash of another is offered a key that has signed nothing for it.
void find_compiled_roots(std::string_view name, Vector<br_x509_trust_anchor>& anchors)
{
    Digest hash = Digest::of(name);
    auto* text = reinterpret_cast<unsigned char*>(const_cast<char*>(name.data()));
    Cursor cursor{kRootsData};
    const unsigned char* end = kRootsData + sizeof(kRootsData) - 1;
    while (cursor.at < end) {
        bool wanted = memcmp(cursor.bytes(kNameHash), hash.bytes.data(), kNameHash) == 0;
        br_x509_pkey key = take_key(cursor);
        if (wanted)
            anchors.push_back({{text, name.size()}, BR_X509_TA_CA, key});
    }
}

}  // namespace kist::registry
