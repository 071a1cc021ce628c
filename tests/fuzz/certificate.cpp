// certificate.cpp - any bytes as a certificate, in DER and in a PEM bundle; and as URLs.

#include "registry/certificate.h"
#include "base/vector.h"
#include "input.h"
#include "registry/oid.h"
#include "registry/url.h"

using namespace kist;

namespace {

void look_at(Vector<unsigned char> der)
{
    auto certificate = registry::Certificate::parse(std::move(der));
    if (!certificate)
        return;
    (void)certificate->is_for("registry.example");
    (void)certificate->is_for("192.0.2.1");
    (void)certificate->name();
    (void)certificate->issuer_name();
    (void)certificate->names();
    (void)certificate->anchor(certificate->may_issue());
    (void)registry::oid::name(certificate->signature_algorithm);
    (void)registry::date_text(certificate->not_after);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    look_at({data, data + size});
    std::string_view bundle = fuzz::text_of(data, size);
    while (!bundle.empty()) {
        size_t before = bundle.size();
        auto der = registry::next_certificate(bundle);
        if (der && der->empty())
            break;
        fuzz::must(bundle.size() < before);
        if (der)
            look_at(der.take());
    }
    if (auto url = registry::Url::parse(fuzz::text_of(data, size))) {
        auto again = registry::Url::parse(url->text());
        fuzz::must(again && again->text() == url->text());
        (void)url->resolve("../a?b#c");
    }
    return 0;
}
