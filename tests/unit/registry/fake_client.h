// fake_client.h - a registry in a function, in place of the network.

#pragma once

#include <cstring>
#include <functional>
#include <memory>
#include <mutex>

#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "registry/http.h"

namespace kist::test {

struct Answer {
    int status = 200;
    Vector<registry::Header> headers;
    String body;
    size_t breaks_at = String::npos;  // the connection ends after that many bytes of body
    int fails = 0;                    // errno instead of an answer
    String from;                      // another host answers, after redirects
};

inline std::string_view header_of(const Vector<registry::Header>& headers, const char* name)
{
    for (auto& header : headers)
        if (strcasecmp(header.name.c_str(), name) == 0)
            return header.value;
    return {};
}

class FakeResponse : public registry::Response {
public:
    FakeResponse(Answer answer, registry::Url url)
        : answer_(std::move(answer)), url_(std::move(url))
    {
    }
    int status() const override { return answer_.status; }
    std::string_view header(std::string_view name) const override
    {
        return header_of(answer_.headers, String(name).c_str());
    }
    Vector<std::string_view> all(std::string_view name) const override
    {
        Vector<std::string_view> found;
        for (auto& header : answer_.headers)
            if (strcasecmp(header.name.c_str(), String(name).c_str()) == 0)
                found.push_back(header.value);
        return found;
    }
    int64_t length() const override
    {
        auto text = header("Content-Length");
        return text.empty() ? -1 : str::to_integer(text).take();
    }
    const registry::Url& url() const override { return url_; }

    Result<std::string_view> next() override
    {
        constexpr size_t kPiece = 1000;
        size_t end = std::min({answer_.body.size(), at_ + kPiece, answer_.breaks_at});
        if (at_ == answer_.breaks_at)
            return Error(ECONNRESET, "connection reset");
        std::string_view piece = std::string_view(answer_.body).substr(at_, end - at_);
        at_ = end;
        return piece;
    }

private:
    Answer answer_;
    registry::Url url_;
    size_t at_ = 0;
};

class FakeClient : public registry::Client {
public:
    using Handler = std::function<Answer(const registry::Request&)>;
    explicit FakeClient(Handler handler) : handler_(std::move(handler)) {}

    Result<std::unique_ptr<registry::Response>> send(const registry::Request& request) override
    {
        Answer answer;
        {
            std::lock_guard lock(mutex_);
            answer = handler_(request);
        }
        if (answer.fails)
            return Error(answer.fails, "%s: %s", request.url.text().c_str(),
                         strerror(answer.fails));
        registry::Url url = request.url;
        if (!answer.from.empty())
            url.host = answer.from;
        return std::unique_ptr<registry::Response>(
            std::make_unique<FakeResponse>(std::move(answer), std::move(url)));
    }

private:
    std::mutex mutex_;
    Handler handler_;
};

}  // namespace kist::test
