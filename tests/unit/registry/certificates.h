// certificates.h - the certificates of tests/data/certificates.

#pragma once

#include "base/fs.h"
#include "base/string.h"
#include "base/vector.h"
#include "registry/certificate.h"

namespace kist::registry {

inline String certificate_file(const String& name)
{
    return String(KIST_TEST_DATA "/certificates/") + name;
}

// The one in NAME.pem.
inline Certificate certificate(const String& name)
{
    String text = fs::read_path(certificate_file(name + ".pem")).take();
    std::string_view rest = text;
    return Certificate::parse(next_certificate(rest).take()).take();
}

// What a server would send: the certificates called `names`, its own first.
inline Vector<Certificate> chain(std::initializer_list<const char*> names)
{
    Vector<Certificate> result;
    for (const char* name : names)
        result.push_back(certificate(name));
    return result;
}

}  // namespace kist::registry
