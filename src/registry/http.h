// http.h - a client for HTTP/1.1 (RFC 9110, RFC 9112), as much of it as registries need.
//
// A Client keeps what requests share: the way there (proxy, trust, TLS sessions) and the
// connections that are idle.  It may be used by several threads at once.  A Response is the
// answer's head and a Reader of its body, which comes straight from the connection's buffer, or
// from TLS's.

#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "base/stream.h"
#include "base/string.h"
#include "base/vector.h"
#include "registry/url.h"

namespace kist::registry {

struct Header {
    String name;
    String value;
};

struct Request {
    String method = "GET";
    Url url;
    // Besides these, Host, User-Agent, Accept-Encoding and Content-Length are sent.
    // "Authorization" goes to the request's own scheme, host and port, and nowhere else.
    Vector<Header> headers;
    String body;
    // False: a redirect is handed back as it is.
    bool follow_redirects = true;
};

// How often and how patiently.  Times are in milliseconds.
struct Patience {
    int tries = 5;                 // of one request, the first included
    int backoff_ms = 500;          // before the second try; doubles, give or take a quarter
    int longest_wait_ms = 60'000;  // of one pause; a Retry-After beyond it ends the tries
    int connect_ms = 10'000;       // for one address to answer
    int stall_ms = 60'000;         // without a byte in either direction
};

struct ClientOptions {
    // False: any certificate will do.  Plain HTTP needs no permission here: it is what a Url says.
    bool tls_verify = true;
    // Where the time that certificates prove is kept ("clock rule" in src/README.md); empty:
    // nowhere.
    String clock_file;
    Patience patience;
};

// An answer whose head has arrived.  next() gives the body, of its announced length or by chunks,
// already unwrapped.  Destroying it early closes the connection; reading it to the end keeps the
// connection for the next request.
class Response : public Reader {
public:
    virtual int status() const = 0;
    // The first header called `name`, in any case; "" when there is none.
    virtual std::string_view header(std::string_view name) const = 0;
    // Every header called `name` (WWW-Authenticate may come more than once).
    virtual Vector<std::string_view> all(std::string_view name) const = 0;
    // Bytes the body will have, when the answer says so; -1 when it does not.
    virtual int64_t length() const = 0;
    // Where the answer came from, after redirects.
    virtual const Url& url() const = 0;
};

// True when the connection, not the answer, was at fault: broken, stalled, refused, no address for
// now.  The same request may well succeed when made again, and a body that ended so can be gone on
// with by Range.
bool is_broken_connection(const Error& error);
// True when the other side does not speak TLS (EPROTOTYPE) or refuses the connection: when plain
// HTTP is allowed, it is worth a try.
bool may_be_plain_http(const Error& error);

// The rest of `body`; more than `limit` bytes is EFBIG.
Result<String> read_body(Response& body, size_t limit);

class Client {
public:
    static Result<std::unique_ptr<Client>> create(const ClientOptions& options);
    virtual ~Client() = default;

    // Sends and waits for the head of the answer, whatever its status.  GET and HEAD are tried
    // again when the connection breaks and on 408, 429, 500, 502, 503 and 504, with a pause that
    // grows or that Retry-After names; what the last try answered is handed back.  Redirects (301,
    // 302, 303, 307, 308; kMaxRedirects of them) are followed for GET and HEAD, never from https to
    // http. Every hop is logged at debug level. The Client outlives its responses.
    //
    // Errors: EKEYREJECTED the certificate is not trusted; EPROTOTYPE the port speaks plain HTTP;
    // EPROTO what came is not HTTP or breaks its rules; EACCES the proxy refuses; ELOOP too many
    // redirects; ENOENT no such host; ETIMEDOUT, ECONNREFUSED, ECONNRESET, ... as connect(2) and
    // read(2) have them.
    virtual Result<std::unique_ptr<Response>> send(const Request& request) = 0;
};

inline constexpr int kMaxRedirects = 10;
inline constexpr size_t kMaxHead = 64 << 10;  // status line and all headers of one answer
inline constexpr size_t kMaxHeaders = 200;

}  // namespace kist::registry
