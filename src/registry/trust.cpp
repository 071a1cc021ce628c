// trust.cpp - chains judged: order, anchors, time, names.
//
// BearSSL takes one time for a whole chain and has one error for "expired" and "not yet valid".
// When this machine's clock is known to be behind, a certificate that is not valid yet proves that
// it is later than we think: the chain is judged again at the time from which that certificate is
// valid.

#include "registry/trust.h"

#include <algorithm>

#include "base/clock.h"
#include "base/log.h"
#include "base/relocate.h"
#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "registry/roots.h"

namespace kist::registry {

namespace {

constexpr int64_t kDaysBefore1970 = 719528;  // since 1 January of year 0, as BearSSL counts
constexpr size_t kLeastRsaBytes = 256;

// Each certificate after the one that it vouches for, which not all servers see to.  What vouches
// for nobody is dropped.
void put_in_order(Vector<Certificate>& chain)
{
    for (size_t done = 1; done < chain.size(); done++) {
        const Certificate& last = chain[done - 1];
        size_t next = done;
        while (next < chain.size() && chain[next].subject != last.issuer)
            next++;
        if (next == chain.size() || last.is_self_issued()) {
            chain.erase(chain.begin() + ptrdiff_t(done), chain.end());
            return;
        }
        if (next != done)
            swap_with(chain[done], chain[next]);
    }
}

bool is_called_for(std::string_view name, const Vector<Certificate>& chain)
{
    for (const Certificate& certificate : chain)
        if (certificate.issuer == name)
            return true;
    return !chain.empty() && chain.front().subject == name;
}

struct Attempt {
    int error;
    size_t index;
};

Attempt attempt(const Vector<Certificate>& chain, const Vector<br_x509_trust_anchor>& anchors,
                int64_t time)
{
    auto context = std::make_unique<br_x509_minimal_context>();
    br_x509_minimal_init(context.get(), &br_sha256_vtable, anchors.data(), anchors.size());
    br_x509_minimal_set_rsa(context.get(), br_rsa_i31_pkcs1_vrfy);
    br_x509_minimal_set_ecdsa(context.get(), &br_ec_all_m31, br_ecdsa_i31_vrfy_asn1);
    br_x509_minimal_set_hash(context.get(), br_sha256_ID, &br_sha256_vtable);
    br_x509_minimal_set_hash(context.get(), br_sha384_ID, &br_sha384_vtable);
    br_x509_minimal_set_hash(context.get(), br_sha512_ID, &br_sha512_vtable);
    br_x509_minimal_set_minrsa(context.get(), int(kLeastRsaBytes));
    br_x509_minimal_set_time(context.get(), uint32_t(time / 86400 + kDaysBefore1970),
                             uint32_t(time % 86400));

    const br_x509_class** validator = &context->vtable;
    (*validator)->start_chain(validator, nullptr);  // names are our own business
    size_t index = 0;
    for (; index < chain.size() && context->err == 0; index++) {
        const Vector<unsigned char>& der = chain[index].der;
        (*validator)->start_cert(validator, uint32_t(der.size()));
        (*validator)->append(validator, der.data(), der.size());
        (*validator)->end_cert(validator);
    }
    unsigned error = (*validator)->end_chain(validator);
    return {error == 0 ? BR_ERR_X509_OK : int(error), index ? index - 1 : 0};
}

}  // namespace

Trust::Trust(TrustOptions options) : options_(std::move(options)), clock_(options_.clock_file) {}

Vector<br_x509_trust_anchor> Trust::compiled_anchors(const Vector<Certificate>& chain) const
{
    Vector<br_x509_trust_anchor> anchors;
    if (options_.use_compiled_roots && options_.places.replacement.empty())
        for (const Certificate& certificate : chain)
            find_compiled_roots(certificate.issuer, anchors);
    return anchors;
}

Vector<br_x509_trust_anchor> Trust::kept_anchors(const Vector<Certificate>& chain,
                                                 const Url& host) const
{
    Vector<br_x509_trust_anchor> anchors;
    for (const auto& kept : kept_) {
        const Certificate& certificate = kept->certificate;
        if (!kept->host.empty() && kept->host != host.host_and_port())
            continue;
        if (!is_called_for(certificate.subject, chain) || certificate.key.key_type == 0)
            continue;
        if (certificate.may_issue())
            anchors.push_back(certificate.anchor(true));
        // The server's own certificate, put where authorities go, is believed as it is.
        if (!certificate.may_issue() || certificate.der == chain.front().der)
            anchors.push_back(certificate.anchor(false));
    }
    return anchors;
}

Result<void> Trust::search_files(const Vector<Certificate>& chain, const Url& host)
{
    auto keep = [&](Vector<Certificate> found, const String& whose) {
        for (Certificate& certificate : found) {
            bool known = std::any_of(kept_.begin(), kept_.end(), [&](const auto& kept) {
                return kept->host == whose && kept->certificate.der == certificate.der;
            });
            if (!known)
                kept_.push_back(std::make_unique<Kept>(Kept{whose, std::move(certificate)}));
        }
    };
    keep(search_directories(options_.places, host, chain), host.host_and_port());
    if (!options_.places.replacement.empty()) {
        keep(TRY(search_bundle(options_.places.replacement, chain), "SSL_CERT_FILE"), "");
        return {};
    }
    for (const String& bundle : options_.places.bundles)
        if (auto found = search_bundle(bundle, chain)) {
            keep(found.take(), "");
            break;
        }
    return {};
}

Trust::Verdict Trust::validate(const Vector<Certificate>& chain,
                               const Vector<br_x509_trust_anchor>& anchors) const
{
    ClockFloor::Reading clock = clock_.read();
    int64_t time = clock.time;
    for (size_t tries = 0;; tries++) {
        auto [error, index] = attempt(chain, anchors, time);
        bool early = error == BR_ERR_X509_EXPIRED && chain[index].not_before > time;
        if (!early || !clock.behind || tries > chain.size())
            return {error, index, time};
        time = chain[index].not_before;
    }
}

const Certificate* Trust::overstepping(const Verdict& verdict, const Vector<Certificate>& chain,
                                       const Url& host) const
{
    for (size_t i = 1; i <= verdict.index; i++)
        if (!chain[i].may_vouch_for(host.host))
            return &chain[i];
    for (const auto& kept : kept_)
        if (kept->certificate.subject == chain[verdict.index].issuer &&
            (kept->host.empty() || kept->host == host.host_and_port()) &&
            !kept->certificate.may_vouch_for(host.host))
            return &kept->certificate;
    return nullptr;
}

Result<void> Trust::judge(Vector<Certificate>& chain, const Url& host)
{
    std::lock_guard lock(mutex_);
    if (chain.empty())
        return Error(EKEYREJECTED, "%s sent no certificate", host.authority().c_str());
    put_in_order(chain);

    if (clock_.read().behind)
        log::warn(
            "the clock says it is %s, which cannot be; certificates are judged as of %s or "
            "later",
            date_text(clock::now()).c_str(), date_text(clock_.read().time).c_str());

    Vector<br_x509_trust_anchor> compiled = compiled_anchors(chain);
    Vector<br_x509_trust_anchor> anchors = kept_anchors(chain, host);
    for (const br_x509_trust_anchor& anchor : compiled)
        anchors.push_back(anchor);
    Verdict verdict = validate(chain, anchors);
    if (verdict.error != BR_ERR_X509_OK) {
        TRY(search_files(chain, host));
        anchors = kept_anchors(chain, host);
        for (const br_x509_trust_anchor& anchor : compiled)
            anchors.push_back(anchor);
        verdict = validate(chain, anchors);
    }

    const Certificate& server = chain.front();
    if (verdict.error == BR_ERR_X509_OK)
        if (const Certificate* certificate = overstepping(verdict, chain, host))
            return overstepping_error(*certificate, host);
    if (verdict.error != BR_ERR_X509_OK || !server.is_for(host.host) || !server.for_servers)
        return refusal(verdict, chain, anchors, host);
    clock_.prove(server.not_before);
    return {};
}

}  // namespace kist::registry
