// proxy.cpp - the choice of a proxy.

#include "registry/proxy.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "base/base64.h"
#include "base/str.h"
#include "base/string.h"

namespace kist::registry {

namespace {

// An address of either family as 16 bytes; IPv4 as ::ffff:a.b.c.d.
bool to_address(const String& text, unsigned char bytes[16])
{
    if (::inet_pton(AF_INET6, text.c_str(), bytes) == 1)
        return true;
    memset(bytes, 0, 10);
    bytes[10] = bytes[11] = 0xff;
    return ::inet_pton(AF_INET, text.c_str(), bytes + 12) == 1;
}

bool in_network(const String& host, std::string_view network)
{
    size_t slash = network.find('/');
    String base(network.substr(0, slash));
    auto bits = str::to_integer(network.substr(slash + 1));
    unsigned char left[16], right[16];
    if (!bits || !to_address(host, left) || !to_address(base, right))
        return false;
    bool is_four = base.find(':') == base.npos;
    long long prefix = *bits + (is_four ? 96 : 0);
    if (*bits < 0 || prefix > 128)
        return false;
    for (long long bit = 0; bit < prefix; bit++) {
        int mask = 0x80 >> (bit % 8);
        if ((left[bit / 8] & mask) != (right[bit / 8] & mask))
            return false;
    }
    return true;
}

bool is_address(const String& host, std::string_view word)
{
    unsigned char left[16], right[16];
    return to_address(host, left) && to_address(String(word), right) &&
           memcmp(left, right, sizeof left) == 0;
}

// One word of NO_PROXY.
bool covers_word(const Url& url, std::string_view word)
{
    if (word.find('/') != word.npos)
        return in_network(url.host, word);
    if (is_address(url.host, word))
        return true;
    // A port behind a name, an IPv4 address or an IPv6 address in brackets.
    size_t colon = word.rfind(':');
    if (colon != word.npos && colon > 0 && (word.find(':') == colon || word[colon - 1] == ']')) {
        if (word.substr(colon + 1) != str::format("%u", url.port))
            return false;
        word = word.substr(0, colon);
    }
    if (word.starts_with('[') && word.ends_with(']'))
        word = word.substr(1, word.size() - 2);
    unsigned char unused[16];
    if (to_address(url.host, unused))
        return is_address(url.host, word);
    if (word.starts_with('*'))
        word.remove_prefix(1);
    if (word.starts_with('.'))
        word.remove_prefix(1);
    return !word.empty() && (url.host == word || url.host.ends_with("." + String(word)));
}

// "%40" is "@": passwords have such characters.
Result<String> unescape(std::string_view text)
{
    String result;
    for (size_t i = 0; i < text.size(); i++) {
        if (text[i] != '%') {
            result += text[i];
            continue;
        }
        unsigned value = 0;
        for (size_t digit = 1; digit <= 2; digit++) {
            char c = i + digit < text.size() ? text[i + digit] : ' ';
            char small = char(c | 0x20);
            if (c >= '0' && c <= '9')
                value = value * 16 + unsigned(c - '0');
            else if (small >= 'a' && small <= 'f')
                value = value * 16 + unsigned(small - 'a') + 10;
            else
                return Error(EINVAL, "\"%%\" is not followed by two hex digits");
        }
        result += char(value);
        i += 2;
    }
    return result;
}

Result<Proxy> parse(std::string_view text)
{
    size_t end = text.find("://");
    std::string_view scheme = end == text.npos ? "http" : text.substr(0, end);
    if (end != text.npos)
        text.remove_prefix(end + 3);
    if (scheme.starts_with("socks"))
        return Error(EINVAL, "SOCKS proxies are not supported");
    if (scheme == "https")
        return Error(EINVAL, "proxies that want TLS themselves (https://) are not supported");
    if (scheme != "http")
        return Error(EINVAL, "%.*s:// is not a kind of proxy", int(scheme.size()), scheme.data());

    text = text.substr(0, text.find('/'));
    Proxy proxy;
    if (size_t at = text.rfind('@'); at != text.npos) {
        std::string_view password = text.substr(0, at);
        String user = TRY(unescape(str::cut(password, ':')));
        String secret = TRY(unescape(password));
        proxy.authorization = "Basic " + base64::encode(user + ":" + secret);
        text.remove_prefix(at + 1);
    }
    proxy.url = TRY(Url::from_authority(text, false));
    return proxy;
}

}  // namespace

NoProxy::NoProxy(std::string_view text)
{
    while (!text.empty()) {
        size_t end = std::min(text.find_first_of(", \t"), text.size());
        String word(text.substr(0, end));
        for (char& c : word)
            if (c >= 'A' && c <= 'Z')
                c = char(c | 0x20);
        if (!word.empty())
            words_.push_back(std::move(word));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

bool NoProxy::covers(const Url& url) const
{
    for (const String& word : words_)
        if (word == "*" || covers_word(url, word))
            return true;
    return false;
}

Proxies Proxies::from(const char* (*environment)(const char* name))
{
    auto look = [&](const char* small, const char* capital) {
        const char* value = environment(small);
        if (!value || !*value)
            value = capital ? environment(capital) : nullptr;
        return String(value ? value : "");
    };
    Proxies proxies;
    proxies.for_https_ = look("https_proxy", "HTTPS_PROXY");
    // In a CGI program HTTP_PROXY is what a stranger sent as the header "Proxy".
    proxies.for_http_ = look("http_proxy", environment("REQUEST_METHOD") ? nullptr : "HTTP_PROXY");
    String for_all = look("all_proxy", "ALL_PROXY");
    if (proxies.for_https_.empty())
        proxies.for_https_ = for_all;
    if (proxies.for_http_.empty())
        proxies.for_http_ = for_all;
    proxies.none_ = NoProxy(look("no_proxy", "NO_PROXY"));
    return proxies;
}

Result<std::optional<Proxy>> Proxies::find(const Url& url) const
{
    const String& text = url.tls ? for_https_ : for_http_;
    if (text.empty() || url.is_loopback() || none_.covers(url))
        return std::optional<Proxy>();
    auto proxy = parse(text);
    if (!proxy)
        return std::move(proxy)
            .error()
            .context("%s", url.tls ? "HTTPS_PROXY" : "HTTP_PROXY")
            .with_hint("write it as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT");
    return std::optional<Proxy>(proxy.take());
}

}  // namespace kist::registry
