// api.h - requests to one registry: the scheme, the credential and the errors that all of them
// share.
//
// The inside of distribution.h; nothing above this module includes it.

#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "base/string.h"
#include "base/vector.h"
#include "registry/auth.h"
#include "registry/http.h"

namespace kist::registry {

class Api {
public:
    // `base` is where the API is; `plain` the same without TLS, for when a first request finds no
    // TLS there and this is allowed.
    Api(std::unique_ptr<Client> client, Url base, std::optional<Url> plain, Account account);

    // GETs `path` ("/v2/...") and answers challenges on the way.  What is handed back has a status
    // other than 401.
    Result<std::unique_ptr<Response>> get(const String& path, const Vector<Header>& headers);

    // Why an answer that is not the hoped-for one came, for errors about `what` ("image alpine:9"):
    // ENOENT for 404, EACCES for 403, EBUSY for 429, EIO for others.  Reads the body for its
    // reason.
    Error refusal(Response& response, const String& what);

    const String& host() const { return host_; }

private:
    Url base();
    std::optional<Url> without_tls(const Error& error);
    void settle(const Url& url);
    Result<std::unique_ptr<Response>> send(Request& request);

    std::unique_ptr<Client> client_;
    const String host_;
    Authorizer authorizer_;

    std::mutex mutex_;  // guards what follows
    Url base_;
    std::optional<Url> plain_;
};

}  // namespace kist::registry
