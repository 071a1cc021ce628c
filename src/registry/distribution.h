// distribution.h - the registry's API (OCI distribution-spec 1.1, "Pull"): manifests and blobs.
//
// A Repository holds what all requests to one repository share: the way there (proxy, trust), the
// credential and the token, which is renewed when it expires.  It is safe to use from several
// threads at once; each blob has a connection of its own.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/digest.h"
#include "base/result.h"
#include "base/stream.h"
#include "base/string.h"
#include "registry/credentials.h"
#include "registry/http.h"
#include "registry/reference.h"

namespace kist::registry {

struct Access {
    bool tls_verify = true;  // false: any certificate, and plain HTTP, will do; said explicitly
    std::optional<Credential> credential;  // instead of the one in config.json
    // Where certificates seen valid leave the time they prove ("clock rule"); empty: nowhere.
    String clock_file;
};

struct Document {
    String media_type;  // from Content-Type, or the document's own mediaType
    String contents;    // at most kMaxManifest bytes
    Digest digest;      // of `contents`; equals what was asked for, when that was a digest
};

inline constexpr size_t kMaxManifest = 4 << 20;  // as docker and containerd

// A blob as it arrives.  A connection that breaks, stalls or answers 5xx is opened again and
// goes on with Range from the byte it had reached; when the registry cannot do that, the bytes
// already delivered are read again and skipped.  Ends after `size` bytes: more or fewer is an
// error.
class Blob : public Reader {
public:
    // Bytes delivered so far; may be read by another thread (for progress).
    virtual uint64_t position() const = 0;
};

class Repository {
public:
    // Makes no connection yet.  EINVAL: plain HTTP to a host that is not loopback.  Without a
    // credential in `access` the one filed for the host is used; EBADMSG: the file is broken.
    static Result<std::unique_ptr<Repository>> open(const Reference& reference,
                                                    const Access& access);
    // The same over a client that the caller made, and with the credential of `access` alone.
    static Result<std::unique_ptr<Repository>> over(std::unique_ptr<Client> client,
                                                    const Reference& reference,
                                                    const Access& access);
    virtual ~Repository() = default;

    // The manifest or index called `name`, a tag or a digest's text.  ENOENT: no such name.
    // EACCES: the registry refuses; the hint tells how to log in.  EBADMSG: what came is not what
    // was asked for, or is not a manifest of today (Docker's schema 1).  EBUSY: too many requests.
    virtual Result<Document> manifest(const String& name) = 0;

    // The blob `digest` of `size` bytes; the Repository outlives it.  The first answer is waited
    // for, so that ENOENT, EACCES and EBUSY show here.  The caller verifies the digest.
    virtual Result<std::unique_ptr<Blob>> blob(const Digest& digest, uint64_t size) = 0;
};

// Media types (OCI image-spec 1.1; Docker image manifest version 2, schema 2).
inline constexpr const char* kOciManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr const char* kOciIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr const char* kDockerManifest =
    "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr const char* kDockerList =
    "application/vnd.docker.distribution.manifest.list.v2+json";

// Asks `host` whether the credential is accepted (GET /v2/ with the token flow); EACCES: it is not.
Result<void> try_login(const String& host, const Credential& credential, const Access& access);

}  // namespace kist::registry
