// examination.cpp - the validator that the TLS engine sees: it collects, and asks at the end.

#include "base/log.h"
#include "base/string.h"
#include "base/vector.h"
#include "registry/trust.h"

namespace kist::registry {

// The functions of br_x509_class.  Their first argument is the address of State's first member.
struct Examination::Methods {
    static Examination& of(const br_x509_class* const* context)
    {
        return *reinterpret_cast<const State*>(context)->self;
    }
    static void start_chain(const br_x509_class** context, const char*)
    {
        Examination& self = of(context);
        self.received_.clear();
        self.size_ = 0;
    }
    static void start_certificate(const br_x509_class** context, uint32_t)
    {
        of(context).received_.emplace_back();
    }
    static void append(const br_x509_class** context, const unsigned char* bytes, size_t size)
    {
        of(context).append(bytes, size);
    }
    static void end_certificate(const br_x509_class**) {}
    static unsigned end_chain(const br_x509_class** context) { return of(context).finish(); }
    static const br_x509_pkey* key(const br_x509_class* const* context, unsigned* usages)
    {
        const Examination& self = of(context);
        if (self.chain_.empty())
            return nullptr;
        if (usages)
            *usages = self.chain_.front().usages;
        return &self.chain_.front().key;
    }
    static constexpr br_x509_class kTable = {
        sizeof(State), start_chain, start_certificate, append, end_certificate, end_chain, key};
};

constexpr br_x509_class Examination::Methods::kTable;

Examination::Examination(Trust& trust, const Url& host)
    : state_{&Methods::kTable, this}, trust_(trust), host_(host)
{
}

void Examination::append(const unsigned char* bytes, size_t size)
{
    size_ += size;
    if (size_ <= kMaxChainBytes && received_.size() <= kMaxChain)
        for (size_t i = 0; i < size; i++)
            received_.back().push_back(bytes[i]);
}

unsigned Examination::finish()
{
    String name = host_.authority();
    if (size_ > kMaxChainBytes || received_.size() > kMaxChain) {
        refusal_ = Error(EKEYREJECTED, "%s sent %zu certificates of %zu bytes, which is too much",
                         name.c_str(), received_.size(), size_);
        return BR_ERR_X509_LIMIT_EXCEEDED;
    }
    chain_.clear();
    for (Vector<unsigned char>& der : received_) {
        auto certificate = Certificate::parse(std::move(der));
        if (certificate) {
            chain_.push_back(certificate.take());
        } else if (chain_.empty()) {
            refusal_ = Error(EKEYREJECTED, "%s sent a broken certificate: %s", name.c_str(),
                             certificate.error().message().c_str());
            return BR_ERR_X509_UNEXPECTED;
        } else {
            log::debug("%s: %s", name.c_str(), certificate.error().message().c_str());
        }
    }
    received_.clear();
    if (!trust_.verifies() && !chain_.empty())
        return 0;
    auto judged = trust_.judge(chain_, host_);
    if (judged)
        return 0;
    refusal_ = std::move(judged).error();
    return BR_ERR_X509_NOT_TRUSTED;
}

}  // namespace kist::registry
