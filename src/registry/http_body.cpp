// http_body.cpp - bodies: by length, by chunks, or up to the end.

#include "registry/http_body.h"

#include <algorithm>

#include "base/str.h"
#include "base/string.h"

namespace kist::registry {

namespace {

constexpr size_t kMaxChunkLine = 4 << 10;  // size and extensions
constexpr size_t kMaxTrailers = 16 << 10;
constexpr size_t kMaxDigits = 15;  // of a length; 2^63 has 19

// Every Content-Length there is, which must agree; -1 when there is none.
Result<int64_t> content_length(const HttpHead& head, const String& peer)
{
    int64_t length = -1;
    for (const Header& header : head.headers) {
        if (!str::same_name(header.name, "Content-Length"))
            continue;
        std::string_view rest = header.value;
        do {
            std::string_view text = str::trim(str::cut(rest, ','));
            auto number = str::to_integer(text);
            bool good = number && *number >= 0 && text.size() <= kMaxDigits && text[0] != '-';
            if (!good || (length >= 0 && length != *number))
                return Error(EPROTO, "%s announces contradictory or impossible lengths",
                             peer.c_str());
            length = *number;
        } while (!rest.empty());
    }
    return length;
}

}  // namespace

Result<HttpBody> HttpBody::of(const HttpHead& head, std::string_view method, const String& peer)
{
    HttpBody body;
    body.peer_ = peer;
    int64_t length = TRY(content_length(head, peer));
    const String* coding = head.find("Transfer-Encoding");
    if (coding && length >= 0)
        return Error(EPROTO, "%s announces both a length and chunks", peer.c_str());

    if (method == "HEAD" || head.status == 204 || head.status == 304) {
        body.length_ = method == "HEAD" ? length : 0;
    } else if (coding) {
        if (!str::same_name(*coding, "chunked") || head.minor == 0)
            return Error(EPROTO, "%s sends a body in an unknown coding", peer.c_str());
        body.framing_ = Framing::chunked;
    } else if (length >= 0) {
        body.length_ = length;
        body.left_ = uint64_t(length);
    } else {
        body.framing_ = Framing::close;
    }
    return body;
}

// A chunk's size, after the line end of the last one; after the last chunk the trailers (RFC
// 9112, 7.1).
Result<void> HttpBody::next_chunk(Transport& transport)
{
    if (!first_chunk_) {
        String end = TRY(read_line(transport, 2, peer_));
        if (!end.empty())
            return Error(EPROTO, "%s sends a chunk longer than it said", peer_.c_str());
    }
    first_chunk_ = false;

    String line = TRY(read_line(transport, kMaxChunkLine, peer_));
    std::string_view text = line;
    std::string_view digits = str::trim(str::cut(text, ';'));
    if (digits.empty() || digits.size() > kMaxDigits)
        return Error(EPROTO, "%s sends a chunk without a size", peer_.c_str());
    left_ = 0;
    for (char c : digits) {
        char small = char(c | 0x20);
        bool is_letter = small >= 'a' && small <= 'f';
        if (!is_letter && (c < '0' || c > '9'))
            return Error(EPROTO, "%s sends a chunk without a size", peer_.c_str());
        left_ = left_ << 4 | unsigned(is_letter ? small - 'a' + 10 : c - '0');
    }
    if (left_ > 0)
        return {};

    for (size_t total = 0; total <= kMaxTrailers; total += line.size() + 1) {
        line = TRY(read_line(transport, kMaxTrailers, peer_));
        if (line.empty()) {
            framing_ = Framing::length;  // of which 0 is left: done
            return {};
        }
    }
    return Error(EPROTO, "%s sends endless trailers", peer_.c_str());
}

Result<std::string_view> HttpBody::next(Transport& transport)
{
    settle(transport);
    if (framing_ == Framing::chunked && left_ == 0)
        TRY(next_chunk(transport));
    if (is_done())
        return std::string_view();

    std::string_view bytes = TRY(transport.peek());
    if (bytes.empty()) {
        if (framing_ == Framing::close) {
            framing_ = Framing::length;
            return bytes;
        }
        return Error(ECONNRESET, "%s closed the connection in the middle of its answer",
                     peer_.c_str());
    }
    if (framing_ != Framing::close) {
        bytes = bytes.substr(0, size_t(std::min<uint64_t>(bytes.size(), left_)));
        left_ -= bytes.size();
    }
    shown_ = bytes.size();
    return bytes;
}

}  // namespace kist::registry
