// trust.h - whether a server is who it says it is.
//
// The chain that a server sends is collected whole, put in order and handed to BearSSL's validator
// with the anchors that its names call for: compiled-in ones first; only when those do not settle
// it are files searched.  Names, IP addresses and the purpose are checked here, and so is every
// reason to refuse turned into a sentence.

#pragma once

#include <bearssl.h>

#include <memory>
#include <mutex>
#include <optional>

#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "registry/anchors.h"
#include "registry/certificate.h"
#include "registry/clock_floor.h"
#include "registry/url.h"

namespace kist::registry {

inline constexpr size_t kMaxChain = 16;  // certificates, as many as servers ever send
inline constexpr size_t kMaxChainBytes = 256 << 10;

struct TrustOptions {
    bool verify = true;  // false: every certificate is fine
    String clock_file;   // see clock_floor.h
    AnchorPlaces places = AnchorPlaces::of_this_machine();
    bool use_compiled_roots = true;
};

// What all connections of a process believe.  Safe to use from several threads.
class Trust {
public:
    explicit Trust(TrustOptions options);

    bool verifies() const { return options_.verify; }
    // Whether `chain`, as it was sent, proves the server to be `host`.  EKEYREJECTED, with the
    // reason: it does not.  The chain is put in order.
    Result<void> judge(Vector<Certificate>& chain, const Url& host);

private:
    struct Kept {
        String host;  // whose certs.d it came from; empty: for every host
        Certificate certificate;
    };
    struct Verdict {
        int error;     // BearSSL's, BR_ERR_X509_OK when all is well
        size_t index;  // of the certificate in question
        int64_t time;  // at which it was judged
    };

    Vector<br_x509_trust_anchor> compiled_anchors(const Vector<Certificate>& chain) const;
    Vector<br_x509_trust_anchor> kept_anchors(const Vector<Certificate>& chain,
                                              const Url& host) const;
    Result<void> search_files(const Vector<Certificate>& chain, const Url& host);
    Verdict validate(const Vector<Certificate>& chain,
                     const Vector<br_x509_trust_anchor>& anchors) const;
    // The certificate that vouches in vain, because its Name Constraints leave `host` out.
    const Certificate* overstepping(const Verdict& verdict, const Vector<Certificate>& chain,
                                    const Url& host) const;
    Error refusal(const Verdict& verdict, const Vector<Certificate>& chain,
                  const Vector<br_x509_trust_anchor>& anchors, const Url& host) const;

    TrustOptions options_;
    std::mutex mutex_;  // over what follows
    ClockFloor clock_;
    Vector<std::unique_ptr<Kept>> kept_;
};

// An authority vouches for a host that its Name Constraints leave out.
Error overstepping_error(const Certificate& authority, const Url& host);

// One server's chain on its way from the TLS engine to Trust: BearSSL's interface of a validator.
class Examination {
public:
    // Both are borrowed.
    Examination(Trust& trust, const Url& host);
    Examination(const Examination&) = delete;

    // What the engine wants; valid as long as this is.
    const br_x509_class** validator() { return &state_.methods; }
    // Why the server was refused, when it was.
    std::optional<Error>& refusal() { return refusal_; }

private:
    struct State {
        const br_x509_class* methods;
        Examination* self;
    };
    struct Methods;

    void append(const unsigned char* bytes, size_t size);
    unsigned finish();

    State state_;
    Trust& trust_;
    const Url& host_;
    Vector<Vector<unsigned char>> received_;
    size_t size_ = 0;
    Vector<Certificate> chain_;
    std::optional<Error> refusal_;
};

}  // namespace kist::registry
