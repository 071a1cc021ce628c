// exchange.cpp - one request and its answer over one connection.

#include "base/log.h"
#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "registry/http_client.h"
#include "version.h"

namespace kist::registry {

namespace {

class Answer : public Response {
public:
    Answer(std::unique_ptr<Connection> connection, ConnectionPool& pool, HttpHead head,
           HttpBody body, Url url)
        : connection_(std::move(connection)),
          pool_(pool),
          head_(std::move(head)),
          body_(std::move(body)),
          url_(std::move(url))
    {
        release_when_done();
    }
    // A reader that knows the length may not ask for the end.
    ~Answer() override
    {
        if (connection_ && body_.is_done()) {
            body_.settle(*connection_->transport);
            release_when_done();
        }
    }

    int status() const override { return head_.status; }
    std::string_view header(std::string_view name) const override
    {
        const String* value = head_.find(name);
        return value ? std::string_view(*value) : std::string_view();
    }
    Vector<std::string_view> all(std::string_view name) const override
    {
        Vector<std::string_view> values;
        for (const Header& header : head_.headers)
            if (str::same_name(header.name, name))
                values.emplace_back(header.value);
        return values;
    }
    int64_t length() const override { return body_.length(); }
    const Url& url() const override { return url_; }

    Result<std::string_view> next() override
    {
        if (!connection_)
            return std::string_view();
        std::string_view bytes = TRY(body_.next(*connection_->transport));
        if (bytes.empty())
            release_when_done();
        return bytes;
    }

private:
    // The last bytes are still in the connection's buffer when the body is complete, so it is only
    // let go once the reader has asked for more.
    void release_when_done()
    {
        if (!body_.is_done())
            return;
        bool stays = !ends_with_connection_ && !head_.lists("Connection", "close") &&
                     (head_.minor > 0 || head_.lists("Connection", "keep-alive"));
        if (stays)
            pool_.give_back(std::move(connection_));
        connection_ = nullptr;
    }

    std::unique_ptr<Connection> connection_;
    ConnectionPool& pool_;
    HttpHead head_;
    HttpBody body_;
    Url url_;
    bool ends_with_connection_ = body_.until_close();
};

String head_of(const Connection& connection, const Request& request, const Url& url)
{
    String text = request.method + " ";
    text += connection.through_proxy ? url.text() : url.path;
    text += " HTTP/1.1\r\nHost: " + url.authority() + "\r\nUser-Agent: kist/" + kVersion +
            "\r\nAccept-Encoding: identity\r\n";
    if (!connection.proxy_authorization.empty())
        text += "Proxy-Authorization: " + connection.proxy_authorization + "\r\n";
    if (!request.body.empty() || request.method == "POST" || request.method == "PUT")
        text += str::format("Content-Length: %zu\r\n", request.body.size());
    bool same_origin = url.same_origin(request.url);
    for (const Header& header : request.headers)
        if (same_origin || !str::same_name(header.name, "Authorization"))
            text += header.name + ": " + header.value + "\r\n";
    return text + "\r\n";
}

// What could end a header early, and begin another request.
Result<void> check(const Request& request)
{
    for (const Header& header : request.headers)
        if (header.name.find_first_of("\r\n: ") != String::npos ||
            header.value.find_first_of(std::string_view("\r\n\0", 3)) != String::npos)
            return Error(EINVAL, "the header %s cannot be sent as it is", header.name.c_str());
    return {};
}

}  // namespace

Result<std::unique_ptr<Response>> exchange(std::unique_ptr<Connection> connection,
                                           const Request& request, const Url& url,
                                           ConnectionPool& pool)
{
    TRY(check(request));
    String peer = url.host_and_port();
    TRY(connection->transport->write(head_of(*connection, request, url) + request.body));
    HttpHead head = TRY(read_head(*connection->transport, peer));
    if (head.status == 407 && connection->through_proxy) {
        std::optional<Proxy> proxy = TRY(pool.proxy_for(url));
        if (proxy)
            return proxy_authentication_error(*proxy);
    }
    HttpBody body = TRY(HttpBody::of(head, request.method, peer));
    return std::unique_ptr<Response>(std::make_unique<Answer>(
        std::move(connection), pool, std::move(head), std::move(body), url));
}

}  // namespace kist::registry
