// certificates.h - the certificates of tests/data/certificates.

#pragma once

#include <string>
#include <vector>

#include "base/fs.h"
#include "registry/certificate.h"

namespace kist::registry {

inline std::string certificate_file(const std::string& name)
{
    return std::string(KIST_TEST_DATA "/certificates/") + name;
}

// The one in NAME.pem.
inline Certificate certificate(const std::string& name)
{
    std::string text = fs::read_path(certificate_file(name + ".pem")).take();
    std::string_view rest = text;
    return Certificate::parse(next_certificate(rest).take()).take();
}

// What a server would send: the certificates called `names`, its own first.
inline std::vector<Certificate> chain(std::initializer_list<const char*> names)
{
    std::vector<Certificate> result;
    for (const char* name : names)
        result.push_back(certificate(name));
    return result;
}

}  // namespace kist::registry
