// blob.cpp - a blob as it arrives.
//
// A reader of the stream sees one thing, however many connections it takes: after a break the
// request is made again from the start (redirects and tokens may have changed), with Range for the
// bytes that are missing.  A registry that ignores Range sends all of it again, and what was
// delivered before is skipped.

#include "registry/blob.h"

#include <time.h>

#include <algorithm>
#include <atomic>

#include "base/log.h"
#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::registry {

namespace {

constexpr int kMaxBreaks = 5;             // in a row, without progress between
constexpr uint64_t kProgress = 64 << 10;  // bytes that make up for the breaks before
constexpr int kFirstPauseMs = 250;        // before the third try; doubles

void sleep_ms(long milliseconds)
{
    timespec left = {milliseconds / 1000, milliseconds % 1000 * 1'000'000};
    while (::nanosleep(&left, &left) < 0 && errno == EINTR)
        ;
}

class ResumingBlob : public Blob {
public:
    ResumingBlob(Api& api, String path, const Digest& digest, uint64_t size)
        : api_(api), path_(std::move(path)), name_("blob " + digest.text()), size_(size)
    {
    }

    uint64_t position() const override { return position_.load(std::memory_order_relaxed); }

    Result<std::string_view> next() override
    {
        for (;;) {
            if (is_finished_)
                return std::string_view();
            if (!response_) {
                auto opened = open();
                if (!opened) {
                    TRY(survive(std::move(opened).error()));
                    continue;
                }
            }
            auto bytes = response_->next();
            if (!bytes) {
                TRY(survive(std::move(bytes).error()));
                continue;
            }
            if (bytes->empty()) {
                if (at_ < size_ || skip_ > 0)
                    return wrong_size("ends after", at_ - skip_);
                is_finished_ = true;
                continue;
            }
            std::string_view fresh = *bytes;
            uint64_t skipped = std::min<uint64_t>(skip_, fresh.size());
            fresh.remove_prefix(skipped);
            skip_ -= skipped;
            if (fresh.size() > size_ - at_)
                return wrong_size("goes on behind", size_);
            if (fresh.empty())
                continue;
            at_ += fresh.size();
            position_.store(at_, std::memory_order_relaxed);
            return fresh;
        }
    }

    // Asks for what is missing.
    Result<void> open()
    {
        Vector<Header> headers;
        bool ranged = at_ > 0 && !no_range_;
        if (ranged)
            headers.push_back(
                {"Range", str::format("bytes=%llu-", static_cast<unsigned long long>(at_))});
        auto response = TRY(api_.get(path_, headers));
        opened_at_ = at_;
        skip_ = 0;
        switch (response->status()) {
            case 200: TRY(begin_whole(*response)); break;
            case 206: TRY(begin_range(*response)); break;
            case 416:
                if (!ranged)
                    return api_.refusal(*response, name_);
                no_range_ = true;
                return open();
            default: return api_.refusal(*response, name_);
        }
        response_ = std::move(response);
        return {};
    }

private:
    Result<void> begin_whole(const Response& response)
    {
        int64_t length = response.length();
        if (length >= 0 && static_cast<uint64_t>(length) != size_)
            return wrong_size("has", static_cast<uint64_t>(length));
        skip_ = at_;
        return {};
    }

    Result<void> begin_range(const Response& response)
    {
        std::string_view text = response.header("Content-Range");
        auto range = TRY(ContentRange::parse(text), "%s: %s", api_.host().c_str(), name_.c_str());
        if (range.total >= 0 && static_cast<uint64_t>(range.total) != size_)
            return wrong_size("has", static_cast<uint64_t>(range.total));
        if (range.first != at_ || range.last + 1 != size_)
            return Error(EPROTO, "%s: %s: asked for the bytes from %llu on, it sends %s",
                         api_.host().c_str(), name_.c_str(), static_cast<unsigned long long>(at_),
                         str::printable(text, 60).c_str());
        return {};
    }

    // Decides after an error whether to go on.
    Result<void> survive(Error error)
    {
        response_.reset();
        if (at_ == size_ && is_broken_connection(error)) {
            is_finished_ = true;  // broken, but nothing is missing
            return {};
        }
        if (at_ - opened_at_ >= kProgress)
            breaks_ = 0;
        if (!is_broken_connection(error) || ++breaks_ > kMaxBreaks)
            return std::move(error).context("%s: %s, at byte %llu of %llu", api_.host().c_str(),
                                            name_.c_str(), static_cast<unsigned long long>(at_),
                                            static_cast<unsigned long long>(size_));
        log::debug("%s: %s, at byte %llu; going on", name_.c_str(), error.message().c_str(),
                   static_cast<unsigned long long>(at_));
        if (breaks_ > 1)
            sleep_ms(kFirstPauseMs << (breaks_ - 2));
        return {};
    }

    Error wrong_size(const char* verb, uint64_t bytes) const
    {
        return Error(EBADMSG, "%s: %s %s %llu bytes; its manifest says %llu", api_.host().c_str(),
                     name_.c_str(), verb, static_cast<unsigned long long>(bytes),
                     static_cast<unsigned long long>(size_));
    }

    Api& api_;
    const String path_;
    const String name_;
    const uint64_t size_;
    std::unique_ptr<Response> response_;
    uint64_t at_ = 0;                     // delivered, counted by the reading thread
    std::atomic<uint64_t> position_ = 0;  // the same, for others
    uint64_t opened_at_ = 0;
    uint64_t skip_ = 0;  // bytes to come that were delivered before
    int breaks_ = 0;
    bool no_range_ = false;
    bool is_finished_ = false;
};

}  // namespace

Result<ContentRange> ContentRange::parse(std::string_view text)
{
    Error wrong(EPROTO, "\"%s\" is not a range of bytes", str::printable(text, 60).c_str());
    auto number = [](std::string_view digits, uint64_t& value) {
        unsigned long long read = 0;
        bool is_number = str::read_natural(digits, read);
        value = read;
        return is_number;
    };
    if (!text.starts_with("bytes "))
        return wrong;
    text = str::trim(text.substr(6));
    size_t dash = text.find('-'), slash = text.find('/');
    if (dash == text.npos || slash == text.npos || dash > slash)
        return wrong;
    ContentRange range;
    if (!number(text.substr(0, dash), range.first) ||
        !number(text.substr(dash + 1, slash - dash - 1), range.last) || range.first > range.last)
        return wrong;
    if (text.substr(slash + 1) == "*")
        return range;
    uint64_t total = 0;
    if (!number(text.substr(slash + 1), total) || range.last >= total || total > INT64_MAX)
        return wrong;
    range.total = static_cast<int64_t>(total);
    return range;
}

Result<std::unique_ptr<Blob>> open_blob(Api& api, const String& path, const Digest& digest,
                                        uint64_t size)
{
    auto blob = std::make_unique<ResumingBlob>(api, path, digest, size);
    TRY(blob->open());
    return std::unique_ptr<Blob>(std::move(blob));
}

}  // namespace kist::registry
