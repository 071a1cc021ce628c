// certificate.cpp - any bytes as a certificate, in DER and in a PEM bundle; and as URLs.

#include <string>
#include <vector>

#include "input.h"
#include "registry/certificate.h"
#include "registry/url.h"

using namespace kist;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    if (auto certificate = registry::Certificate::parse({data, data + size})) {
        (void)certificate->is_for("registry.example");
        (void)certificate->is_for("192.0.2.1");
        (void)certificate->name();
        (void)certificate->issuer_name();
        (void)certificate->names();
        (void)certificate->anchor(certificate->may_issue());
    }
    std::string_view bundle = fuzz::text_of(data, size);
    while (!bundle.empty()) {
        size_t before = bundle.size();
        auto der = registry::next_certificate(bundle);
        if (der && der->empty())
            break;
        fuzz::must(bundle.size() < before);
    }
    if (auto url = registry::Url::parse(fuzz::text_of(data, size))) {
        auto again = registry::Url::parse(url->text());
        fuzz::must(again && again->text() == url->text());
        (void)url->resolve("../a?b#c");
    }
    return 0;
}
