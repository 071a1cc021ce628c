// api.cpp - requests to one registry.

#include "registry/api.h"

#include "base/log.h"
#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::registry {

namespace {

constexpr size_t kMaxErrorBody = 64 << 10;
// Of one request: with no token, with an old one, with one that other threads have used up, ...
constexpr int kMaxRefusals = 5;

}  // namespace

Api::Api(std::unique_ptr<Client> client, Url base, std::optional<Url> plain, Account account)
    : client_(std::move(client)),
      host_(account.host),
      authorizer_(*client_, std::move(account)),
      base_(std::move(base)),
      plain_(std::move(plain))
{
}

Url Api::base()
{
    std::lock_guard lock(mutex_);
    return base_;
}

// Where to try without TLS after `error`; nothing when that is not allowed or would not help.
std::optional<Url> Api::without_tls(const Error& error)
{
    std::lock_guard lock(mutex_);
    return may_be_plain_http(error) ? plain_ : std::nullopt;
}

// After an answer from `url`: it is known now whether there is TLS, and nothing that happens later,
// by accident or by somebody on the way, makes us do without.
void Api::settle(const Url& url)
{
    std::lock_guard lock(mutex_);
    if (plain_ && !url.tls)
        base_ = *plain_;
    plain_.reset();
}

Result<std::unique_ptr<Response>> Api::send(Request& request)
{
    auto response = client_->send(request);
    if (!response) {
        if (auto plain = without_tls(response.error())) {
            log::debug("%s: %s; trying plain HTTP", host_.c_str(),
                       response.error().message().c_str());
            String path = request.url.path;
            request.url = *plain;
            request.url.path = path;
            // When that fails too, what was wrong with TLS is the better explanation.
            if (auto second = client_->send(request))
                response = std::move(second);
        }
    }
    if (response) {
        settle(request.url);
        return response;
    }
    Error error = std::move(response).error();
    if (error.message().find(host_) == String::npos)
        error = std::move(error).context("%s", host_.c_str());
    if (error.is(EPROTOTYPE) && error.hint().empty())
        return std::move(error).with_hint(
            "if this registry is meant to be without TLS, say --tls-verify=false");
    return error;
}

Result<std::unique_ptr<Response>> Api::get(const String& path, const Vector<Header>& headers)
{
    for (int refusals = 0; refusals < kMaxRefusals; refusals++) {
        Authorizer::Permit permit = TRY(authorizer_.permit());
        Request request;
        request.url = base();
        request.url.path = path;
        request.headers = headers;
        if (!permit.header.empty())
            request.headers.push_back({"Authorization", permit.header});
        auto response = TRY(send(request));
        if (response->status() != 401)
            return response;

        if (!response->url().same_origin(request.url))
            return Error(EACCES, "%s sends us to %s, which denies access", host_.c_str(),
                         response->url().host_and_port().c_str());
        // The connection is good for the next try when the body has been read.
        (void)read_body(*response, kMaxErrorBody);
        TRY(authorizer_.answer(*response, permit));
    }
    return Error(EACCES, "%s does not accept the tokens it had us fetch", host_.c_str())
        .with_hint(authorizer_.hint());
}

Error Api::refusal(Response& response, const String& what)
{
    int status = response.status();
    auto body = read_body(response, kMaxErrorBody);
    String reason = body ? reason_in(*body) : "";
    if (!reason.empty())
        reason = " (" + reason + ")";
    const String& by = response.url().host;
    switch (status) {
        case 404:
        case 410: return Error(ENOENT, "there is no %s%s", what.c_str(), reason.c_str());
        case 403:
            return Error(EACCES, "%s denies access to the %s%s", by.c_str(), what.c_str(),
                         reason.c_str())
                .with_hint(authorizer_.hint());
        case 429: {
            bool is_hub = host_ == "docker.io" && authorizer_.is_anonymous();
            return Error(EBUSY, "%s answers 429, too many requests%s", host_.c_str(),
                         reason.c_str())
                .with_hint(is_hub
                               ? "Docker Hub counts pulls without a login by address: kist login "
                                 "docker.io, or wait some hours"
                               : "wait a little and try again");
        }
        default:
            return Error(EIO, "%s answers %d%s to the request for the %s", host_.c_str(), status,
                         reason.c_str(), what.c_str());
    }
}

}  // namespace kist::registry
