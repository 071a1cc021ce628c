// http.cpp - the Client: patience and redirects around single exchanges.

#include "registry/http.h"

#include <atomic>
#include <ctime>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/str.h"
#include "base/string.h"
#include "registry/http_client.h"
#include "registry/http_date.h"

namespace kist::registry {

namespace {

constexpr size_t kWorthDraining = 64 << 10;  // bytes cheaper to read than a new connection
constexpr int kTriesAtFirst = 2;             // as long as nothing has ever answered
constexpr int kNoticeableMs = 5000;

// A URL for the log: signed ones carry secrets in the query.
String shown(const Url& url)
{
    String text = url.text();
    size_t query = text.find('?');
    return query == text.npos ? text : text.substr(0, query) + "?...";
}

bool may_repeat(const Request& request)
{
    return request.method == "GET" || request.method == "HEAD";
}

bool is_passing(int status)
{
    return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 ||
           status == 504;
}

bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// Reads what is left of a short answer, so that its connection can be used again.
void drain(Response& response)
{
    for (size_t total = 0; total < kWorthDraining;) {
        auto bytes = response.next();
        if (!bytes || bytes->empty())
            return;
        total += bytes->size();
    }
}

// How long Retry-After says to wait, in milliseconds; -1 when it does not say.
int64_t asked_wait_ms(const Response& response)
{
    std::string_view text = response.header("Retry-After");
    if (text.empty())
        return -1;
    if (auto seconds = str::to_integer(text); seconds && *seconds >= 0)
        return *seconds > INT32_MAX ? INT32_MAX : *seconds * 1000;
    if (auto date = parse_http_date(text))
        return std::max<int64_t>(0, *date - clock::now()) * 1000;
    return -1;
}

void pause(int64_t ms)
{
    timespec left{time_t(ms / 1000), long(ms % 1000) * 1'000'000};
    while (::nanosleep(&left, &left) < 0 && errno == EINTR) {
    }
}

class HttpClient : public Client {
public:
    explicit HttpClient(const ClientOptions& options) : patience_(options.patience), pool_(options)
    {
    }

    Result<std::unique_ptr<Response>> send(const Request& request) override
    {
        Url url = request.url;
        for (int hop = 0; hop <= kMaxRedirects; hop++) {
            auto response = TRY(send_patiently(request, url));
            std::string_view location = response->header("Location");
            if (!request.follow_redirects || !may_repeat(request) ||
                !is_redirect(response->status()) || location.empty())
                return response;
            String from = url.host_and_port();
            Url next = TRY(url.resolve(location), "%s redirects badly", from.c_str());
            if (url.tls && !next.tls)
                return Error(EPROTO, "%s redirects to %s in plain HTTP, which is not followed",
                             from.c_str(), next.host_and_port().c_str())
                    .with_hint("what is asked for over HTTPS must be answered over HTTPS");
            log::debug("redirected to %s", shown(next).c_str());
            drain(*response);
            url = std::move(next);
        }
        return Error(ELOOP, "%s redirects more than %d times", request.url.host_and_port().c_str(),
                     kMaxRedirects);
    }

private:
    // Tries until there is an answer worth having, or patience ends.
    Result<std::unique_ptr<Response>> send_patiently(const Request& request, const Url& url)
    {
        for (int tried = 1;; tried++) {
            auto response = send_once(request, url);
            int64_t wait = backoff_ms(tried);
            bool last = !may_repeat(request) || tried >= tries();
            if (response) {
                answered_ = true;
                if (last || !is_passing((*response)->status()))
                    return response;
                // Nobody waits for an hour; the answer says why not now.
                int64_t asked = asked_wait_ms(**response);
                if (asked > patience_.longest_wait_ms)
                    return response;
                wait = std::max(wait, asked);
                announce(wait, str::format("%s answers %d", url.host_and_port().c_str(),
                                           (*response)->status()));
                drain(**response);
            } else {
                if (last || !is_broken_connection(response.error()))
                    return response;
                announce(wait, response.error().message());
            }
            pause(wait);
        }
    }

    Result<std::unique_ptr<Response>> send_once(const Request& request, const Url& url)
    {
        // The server may close an idle connection at the moment that it is used: then the request
        // has not been heard, and goes out again over a new one.
        std::unique_ptr<Connection> connection = may_repeat(request) ? pool_.idle(url) : nullptr;
        bool reused = connection != nullptr;
        if (!connection)
            connection = TRY(pool_.open(url));
        auto response = exchange(std::move(connection), request, url, pool_);
        if (!response && reused && is_broken_connection(response.error())) {
            connection = TRY(pool_.open(url));
            response = exchange(std::move(connection), request, url, pool_);
        }
        if (response)
            log::debug("%s %s: %d", request.method.c_str(), shown(url).c_str(),
                       (*response)->status());
        return response;
    }

    // A server that has answered once is worth waiting for; a misspelled name is not.
    int tries() const
    {
        return answered_ ? patience_.tries : std::min(patience_.tries, kTriesAtFirst);
    }

    // Doubles each time; a quarter more or less keeps many clients from coming back all at once.
    int64_t backoff_ms(int tried) const
    {
        int64_t wait = int64_t(patience_.backoff_ms) << std::min(tried - 1, 10);
        wait = std::min<int64_t>(wait, patience_.longest_wait_ms);
        return wait * 3 / 4 + int64_t(random::number() % uint64_t(wait / 2 + 1));
    }

    void announce(int64_t wait, const String& reason) const
    {
        String text = str::format("%s; trying again in %lld.%lld s", reason.c_str(),
                                  static_cast<long long>(wait / 1000),
                                  static_cast<long long>(wait % 1000 / 100));
        if (wait >= kNoticeableMs)
            log::warn("%s", text.c_str());
        else
            log::debug("%s", text.c_str());
    }

    Patience patience_;
    ConnectionPool pool_;
    std::atomic<bool> answered_ = false;
};

}  // namespace

bool is_broken_connection(const Error& error)
{
    switch (error.code()) {
        case EAGAIN:  // of a name server
        case ECONNABORTED:
        case ECONNREFUSED:
        case ECONNRESET:
        case EHOSTUNREACH:
        case ENETDOWN:
        case ENETUNREACH:
        case EPIPE:
        case ETIMEDOUT: return true;
        default: return false;
    }
}

bool may_be_plain_http(const Error& error)
{
    return error.is(EPROTOTYPE) || error.is(ECONNREFUSED) || error.is(ECONNRESET);
}

Result<String> read_body(Response& body, size_t limit)
{
    String text;
    while (true) {
        std::string_view bytes = TRY(body.next());
        if (bytes.empty())
            return text;
        if (text.size() + bytes.size() > limit)
            return Error(EFBIG, "%s answers with more than %zu bytes",
                         body.url().host_and_port().c_str(), limit);
        text += bytes;
    }
}

Result<std::unique_ptr<Client>> Client::create(const ClientOptions& options)
{
    return std::unique_ptr<Client>(std::make_unique<HttpClient>(options));
}

}  // namespace kist::registry
