// http_head.cpp - status line and headers.

#include "registry/http_head.h"

#include <algorithm>

#include "base/str.h"
#include "base/string.h"

namespace kist::registry {

namespace {

constexpr int kMaxInterim = 10;
constexpr size_t kMaxReason = 100;

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? char(c | 0x20) : c;
}

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// RFC 9110, section 5.6.2.
bool is_token(std::string_view text)
{
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    for (char c : text)
        if (!is_digit(c) && !(lower(c) >= 'a' && lower(c) <= 'z') && kMarks.find(c) == kMarks.npos)
            return false;
    return !text.empty();
}

bool has_controls(std::string_view text)
{
    for (char c : text)
        if (static_cast<unsigned char>(c) < ' ' && c != '\t')
            return true;
    return text.find('\x7f') != text.npos;
}

Error not_http(const String& peer, std::string_view line)
{
    // A TLS record: an alert, as a server for HTTPS answers what it does not understand.
    if (line.starts_with("\x15\x03"))
        return Error(EPROTO, "%s speaks TLS, and was asked in plain HTTP", peer.c_str())
            .with_hint("use https");
    return Error(EPROTO, "%s does not answer in HTTP/1", peer.c_str())
        .with_hint("check the port: something else than a registry listens there");
}

// "HTTP/1.1 200 OK"; careless servers leave out the last space.
Result<HttpHead> status_line(std::string_view line, const String& peer)
{
    HttpHead head;
    bool good = line.size() >= 12 && line.starts_with("HTTP/1.") && is_digit(line[7]) &&
                line[8] == ' ' && is_digit(line[9]) && is_digit(line[10]) && is_digit(line[11]) &&
                line[9] != '0' && (line.size() == 12 || line[12] == ' ');
    if (!good)
        return not_http(peer, line);
    head.minor = line[7] - '0';
    head.status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
    std::string_view reason = str::trim(line.substr(12)).substr(0, kMaxReason);
    for (char c : reason)
        head.reason += c < ' ' || c == 127 ? '?' : c;
    return head;
}

}  // namespace

const String* HttpHead::find(std::string_view name) const
{
    for (const Header& header : headers)
        if (str::same_name(header.name, name))
            return &header.value;
    return nullptr;
}

bool HttpHead::lists(std::string_view name, std::string_view word) const
{
    for (const Header& header : headers) {
        if (!str::same_name(header.name, name))
            continue;
        std::string_view rest = header.value;
        while (!rest.empty())
            if (str::same_name(str::trim(str::cut(rest, ',')), word))
                return true;
    }
    return false;
}

Result<String> read_line(Transport& transport, size_t limit, const String& peer)
{
    String line;
    while (true) {
        std::string_view bytes = TRY(transport.peek());
        if (bytes.empty())
            return Error(ECONNRESET, "%s closed the connection in the middle of its answer",
                         peer.c_str());
        size_t end = bytes.find('\n');
        size_t size = end == bytes.npos ? bytes.size() : end;
        if (line.size() + size > limit)
            return Error(EPROTO, "%s sends headers of more than %zu bytes", peer.c_str(), kMaxHead);
        line += bytes.substr(0, size);
        // What is not text is recognised early: it may never have a line's end.
        if (line.starts_with('\x15'))
            return not_http(peer, line);
        transport.consume(end == bytes.npos ? size : size + 1);
        if (end == bytes.npos)
            continue;
        if (line.ends_with('\r'))
            line.pop_back();
        return line;
    }
}

Result<HttpHead> read_head(Transport& transport, const String& peer)
{
    size_t left = kMaxHead;
    for (int interim = 0; interim <= kMaxInterim; interim++) {
        String line = TRY(read_line(transport, left, peer));
        HttpHead head = TRY(status_line(line, peer));
        while (true) {
            left -= std::min(left, line.size() + 1);
            line = TRY(read_line(transport, left, peer));
            if (line.empty())
                break;
            if (head.headers.size() == kMaxHeaders)
                return Error(EPROTO, "%s sends more than %zu headers", peer.c_str(), kMaxHeaders);
            std::string_view value = line;
            std::string_view name = str::cut(value, ':');
            if (name.size() == line.size() || !is_token(name) || has_controls(value))
                return Error(EPROTO, "%s sends a malformed header", peer.c_str());
            head.headers.push_back({String(name), String(str::trim(value))});
        }
        // 101 would change the protocol, which nobody asked for; the others announce the real one.
        if (head.status >= 200 || head.status == 101)
            return head;
    }
    return Error(EPROTO, "%s sends no final answer", peer.c_str());
}

}  // namespace kist::registry
