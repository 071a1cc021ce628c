// certificate.cpp - fuzzes certificates: as files of PEM, and as the DER that servers send.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "registry/certificate.h"
#include "registry/oid.h"

using namespace kist;
using namespace kist::registry;

namespace {

void look_at(std::vector<unsigned char> der)
{
    auto certificate = Certificate::parse(std::move(der));
    if (!certificate)
        return;
    (void)certificate->name();
    (void)certificate->issuer_name();
    (void)certificate->names();
    (void)certificate->is_for("a.example");
    (void)certificate->is_for("192.0.2.1");
    (void)date_text(certificate->not_before);
    (void)oid::name(certificate->signature_algorithm);
    (void)certificate->anchor(true);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    look_at({data, data + size});
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    while (!rest.empty()) {
        auto der = next_certificate(rest);
        if (der && der->empty())
            break;
        if (der)
            look_at(der.take());
    }
    return 0;
}
