// auth.h - how a registry is convinced: challenges, tokens and passwords.
//
// A registry answers 401 and says in WWW-Authenticate what it wants: a password with every request
// (Basic, RFC 7617), or a token that another server hands out (Bearer, RFC 6750), with or without a
// password.  The flow is that of the distribution project's "Token Authentication Specification"
// and, for identity tokens, "OAuth2 Token Authentication".

#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "registry/credentials.h"
#include "registry/http.h"

namespace kist::registry {

// One way in that a server offers (RFC 9110, section 11.3).
struct Challenge {
    String scheme;                                 // in lower case
    Vector<std::pair<String, String>> parameters;  // names in lower case

    // "" when there is none.
    std::string_view parameter(std::string_view name) const;
};

inline constexpr size_t kMaxChallenges = 16;
inline constexpr size_t kMaxParameters = 16;  // of one challenge

// The challenges in the value of one WWW-Authenticate header.  What is not understood is left out.
Vector<Challenge> parse_challenges(std::string_view header);

// What an error body of a registry or token server says, fit for a line; "" when it says nothing:
// {"errors": [{"message": ...}]} of the distribution-spec, and the forms that token servers use.
String reason_in(std::string_view body);

// Whom to convince, and how far to go.
struct Account {
    String host;   // as the user calls it; for hints and errors
    String scope;  // "repository:library/alpine:pull", when the challenge names none
    std::optional<Credential> credential;
    bool plain_http = false;  // said explicitly: passwords and tokens may travel without TLS
};

// Gets, keeps and renews what has to go into the Authorization header.  Safe to use from several
// threads at once: while one fetches a token the others wait for it.
class Authorizer {
public:
    // `client` is borrowed.
    Authorizer(Client& client, Account account) : client_(client), account_(std::move(account)) {}

    struct Permit {
        String header;            // "" when nothing has been asked for yet
        unsigned generation = 0;  // which one it is: a refused one is not used again
    };
    // For a request that is made now.  A token about to end is renewed first.
    Result<Permit> permit();

    // After an answer of 401 to a request that went out with `used`: gets what it asks for, unless
    // another thread has done so.  EACCES: there is nothing (more) to offer; the hint says how to
    // log in.
    Result<void> answer(const Response& refusal, const Permit& used);

    // "kist login HOST", or why that will not help.
    String hint() const;
    bool is_anonymous() const { return !account_.credential; }

private:
    Result<void> fetch_token();
    Result<Request> token_request(const Url& realm) const;
    Result<void> keep_token(const String& body);
    Error refused(std::string_view reason) const;

    Client& client_;
    const Account account_;

    std::mutex mutex_;     // guards what follows
    Challenge challenge_;  // the one we answer
    String header_;
    unsigned generation_ = 0;
    int64_t renew_at_ = 0;  // steady milliseconds; 0: what we have does not end
};

}  // namespace kist::registry
