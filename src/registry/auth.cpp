// auth.cpp - how a registry is convinced: tokens and passwords.
//
// A password goes to the registry itself (Basic) or to the token server that the registry names
// (Bearer), and never over plain HTTP unless that server is this machine or the user said so.  It
// is the password filed for this very registry: a registry that names a strange token server could
// have had it directly.
//
// How long a token lives is measured from its arrival by the steady clock.  "issued_at" is left
// alone: it is the server's time, and a board's own clock may be years off.

#include "registry/auth.h"

#include <algorithm>

#include "base/base64.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "base/string.h"

namespace kist::registry {

namespace {

constexpr size_t kMaxTokenBody = 256 << 10;
constexpr size_t kMaxToken = 32 << 10;  // more would not fit into a request's head anyway
constexpr long long kLeastLife = 60;    // seconds: what the specification grants every token
constexpr long long kMostLife = 24 * 3600;

struct Token {
    String token;
    String access_token;  // the same, by its OAuth 2.0 name
    long long expires_in = 0;
};
constexpr json::Field kToken[] = {
    json::field<&Token::token>("token", json::optional),
    json::field<&Token::access_token>("access_token", json::optional),
    json::field<&Token::expires_in>("expires_in", json::optional),
};
std::span<const json::Field> fields_of(const Token*)
{
    return kToken;
}

// application/x-www-form-urlencoded, for queries and bodies alike.
void add_pair(String& form, const char* name, std::string_view value)
{
    constexpr std::string_view kPlain = "-._~:/,";
    if (!form.empty())
        form += '&';
    form += name;
    form += '=';
    for (char c : value) {
        bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                        (c >= 'A' && c <= 'Z') || kPlain.find(c) != kPlain.npos;
        if (is_plain)
            form += c;
        else
            form += str::format("%%%02X", static_cast<unsigned char>(c));
    }
}

// What may stand in a header: a token with a line break in it would be a header of its own.
bool is_visible(std::string_view text)
{
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
}

String basic(const Credential& credential)
{
    return "Basic " + base64::encode(credential.user + ":" + credential.password);
}

}  // namespace

String Authorizer::hint() const
{
    if (account_.credential)
        return str::format("%s may have no right to it; to be someone else: kist login %s",
                           account_.credential->user.empty()
                               ? "this user"
                               : str::printable(account_.credential->user, 60).c_str(),
                           account_.host.c_str());
    return str::format("check the name; if it is private: kist login %s", account_.host.c_str());
}

Error Authorizer::refused(std::string_view reason) const
{
    String words = reason.empty() ? "" : str::format(" (%.*s)", int(reason.size()), reason.data());
    if (!account_.credential)
        return Error(EACCES, "%s wants a login%s", account_.host.c_str(), words.c_str())
            .with_hint(hint());
    return Error(EACCES, "%s refuses the user name or password%s", account_.host.c_str(),
                 words.c_str())
        .with_hint(str::format("kist login %s", account_.host.c_str()));
}

Result<Authorizer::Permit> Authorizer::permit()
{
    std::lock_guard lock(mutex_);
    if (renew_at_ && clock::steady_ms() >= renew_at_)
        TRY(fetch_token());
    return Permit{header_, generation_};
}

Result<void> Authorizer::answer(const Response& refusal, const Permit& used)
{
    std::lock_guard lock(mutex_);
    if (used.generation != generation_)
        return {};  // another thread has been here: try with what it got

    std::optional<Challenge> bearer, basic_challenge;
    for (std::string_view header : refusal.all("WWW-Authenticate"))
        for (Challenge& challenge : parse_challenges(header)) {
            if (challenge.scheme == "bearer" && !bearer && !challenge.parameter("realm").empty())
                bearer = std::move(challenge);
            else if (challenge.scheme == "basic" && !basic_challenge)
                basic_challenge = std::move(challenge);
        }
    if (bearer) {
        // Refused with a fresh token that was given for just this: another would be no better.
        if (!header_.empty() && bearer->parameter("error") == "insufficient_scope")
            return Error(EACCES, "%s denies access", account_.host.c_str()).with_hint(hint());
        challenge_ = std::move(*bearer);
        return fetch_token();
    }
    if (!basic_challenge)
        return Error(EACCES, "%s wants a login, but of no kind that kist knows",
                     account_.host.c_str());
    if (!account_.credential || !header_.empty())
        return refused("");
    if (!refusal.url().tls && !refusal.url().is_loopback() && !account_.plain_http)
        return Error(EACCES, "%s wants the password without TLS", account_.host.c_str());
    header_ = basic(*account_.credential);
    generation_++;
    return {};
}

Result<Request> Authorizer::token_request(const Url& realm) const
{
    Request request;
    request.url = realm;
    String form;
    std::string_view scope = challenge_.parameter("scope");
    if (scope.empty())
        scope = account_.scope;
    if (std::string_view service = challenge_.parameter("service"); !service.empty())
        add_pair(form, "service", service);

    bool by_refresh = account_.credential && !account_.credential->identity_token.empty();
    if (by_refresh) {
        add_pair(form, "grant_type", "refresh_token");
        add_pair(form, "client_id", "kist");
        add_pair(form, "refresh_token", account_.credential->identity_token);
        if (!scope.empty())
            add_pair(form, "scope", scope);
        request.method = "POST";
        request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
        request.body = std::move(form);
        return request;
    }
    for (std::string_view one : str::words(scope))
        add_pair(form, "scope", one);
    if (account_.credential) {
        add_pair(form, "account", account_.credential->user);
        request.headers.push_back({"Authorization", basic(*account_.credential)});
    }
    if (!form.empty())
        request.url.path += (realm.path.find('?') == String::npos ? "?" : "&") + form;
    if (request.url.path.size() > kMaxUrl)
        return Error(EPROTO, "the request for a token would be too long");
    return request;
}

// The mutex is held.
Result<void> Authorizer::fetch_token()
{
    String text(challenge_.parameter("realm"));
    Url realm = TRY(Url::parse(text), "%s names \"%s\" as its token server", account_.host.c_str(),
                    str::printable(text, 100).c_str());
    if (!realm.tls && !realm.is_loopback() && !account_.plain_http)
        return Error(EACCES, "%s sends us for a token to %s, without TLS", account_.host.c_str(),
                     realm.host_and_port().c_str())
            .with_hint("if that is meant to be so, say --tls-verify=false");

    log::debug("asking %s for a token", realm.host_and_port().c_str());
    Request request = TRY(token_request(realm));
    auto response = TRY(client_.send(request), "cannot get a token for %s from %s",
                        account_.host.c_str(), realm.host_and_port().c_str());
    String body = TRY(read_body(*response, kMaxTokenBody), "cannot get a token for %s from %s",
                      account_.host.c_str(), realm.host_and_port().c_str());
    int status = response->status();
    if (status == 401 || status == 403 || (status == 400 && request.method == "POST"))
        return refused(reason_in(body));
    if (status != 200)
        return Error(EPROTO, "cannot get a token for %s: %s answers %d %s", account_.host.c_str(),
                     realm.host_and_port().c_str(), status, reason_in(body).c_str());
    return keep_token(body);
}

Result<void> Authorizer::keep_token(const String& body)
{
    Token token = TRY(json::parse<Token>(body), "the token server of %s", account_.host.c_str());
    String& text = token.token.empty() ? token.access_token : token.token;
    if (!is_visible(text) || text.size() > kMaxToken)
        return Error(EPROTO, "the token server of %s gave no usable token", account_.host.c_str());
    long long life = std::clamp(token.expires_in, kLeastLife, kMostLife);
    header_ = "Bearer " + text;
    generation_++;
    // A sixth before its end: a request that waits in a queue should still be in time.
    renew_at_ = clock::steady_ms() + life * 1000 * 5 / 6;
    return {};
}

}  // namespace kist::registry
