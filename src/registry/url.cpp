// url.cpp - URLs taken apart and put together.

#include "registry/url.h"

#include <arpa/inet.h>

#include <algorithm>

#include "base/str.h"
#include "base/string.h"

namespace kist::registry {

namespace {

bool is_ip6(const String& host)
{
    in6_addr address;
    return ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

bool is_host_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

// Names compare in any case, and only ASCII letters have one here.
String lower(std::string_view text)
{
    String result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z')
            c = char(c | 0x20);
    return result;
}

Result<uint16_t> to_port(std::string_view text)
{
    auto number = str::to_integer(text);
    if (!number || *number < 1 || *number > 65535 || text.size() > 5)
        return Error(EINVAL, "\"%.*s\" is not a port", int(text.size()), text.data());
    return static_cast<uint16_t>(*number);
}

// What may stand in a path or query; the rest is escaped (bytes above 127) or refused.
Result<String> clean_path(std::string_view text)
{
    String path;
    for (char c : text) {
        auto byte = static_cast<unsigned char>(c);
        if (byte <= ' ' || byte == 127)
            return Error(EINVAL, "a URL has no room for spaces and control characters");
        if (byte > 127)
            path += str::format("%%%02X", byte);
        else
            path += c;
    }
    return path;
}

// "/a/b/../c" is "/a/c" (RFC 3986, section 5.2.4).
String without_dots(std::string_view path)
{
    std::string_view query;
    if (size_t at = path.find('?'); at != path.npos) {
        query = path.substr(at);
        path = path.substr(0, at);
    }
    String result;
    path.remove_prefix(1);
    while (true) {
        size_t end = path.find('/');
        std::string_view segment = path.substr(0, end);
        bool last = end == path.npos;
        if (segment == "..") {
            size_t parent = result.rfind('/');
            result.resize(parent == result.npos ? 0 : parent);
        } else if (segment != ".") {
            result += '/';
            result += segment;
        }
        if (last) {
            if (segment == "." || segment == "..")
                result += '/';
            break;
        }
        path.remove_prefix(end + 1);
    }
    result += query;
    return result;
}

}  // namespace

Result<Url> Url::from_authority(std::string_view authority, bool tls)
{
    Url url;
    url.tls = tls;
    url.port = tls ? 443 : 80;
    int length = int(authority.size());

    std::string_view rest = authority;
    if (rest.starts_with('[')) {
        size_t end = rest.find(']');
        url.host = lower(rest.substr(1, end == rest.npos ? end : end - 1));
        if (end == rest.npos || !is_ip6(url.host))
            return Error(EINVAL, "\"%.*s\" is not an IPv6 address", length, authority.data());
        rest.remove_prefix(end + 1);
    } else {
        size_t end = std::min(rest.find(':'), rest.size());
        url.host = lower(rest.substr(0, end));
        rest.remove_prefix(end);
        bool good = !url.host.empty() && url.host.size() <= 253;
        for (char c : url.host)
            good = good && is_host_character(c);
        if (!good)
            return Error(EINVAL, "\"%.*s\" is not a host name", length, authority.data());
    }
    if (rest.starts_with(':'))
        url.port = TRY(to_port(rest.substr(1)));
    else if (!rest.empty())
        return Error(EINVAL, "\"%.*s\" is not a host and a port", length, authority.data());
    return url;
}

Result<Url> Url::parse(std::string_view text)
{
    if (text.size() > kMaxUrl)
        return Error(EINVAL, "a URL of %zu bytes is too long", text.size());
    size_t colon = text.find("://");
    String scheme = colon > 8 ? "" : lower(text.substr(0, colon));
    if (scheme != "https" && scheme != "http")
        return Error(EINVAL, "\"%.*s\" is neither an https:// nor an http:// URL",
                     int(std::min(text.size(), size_t(64))), text.data());
    text.remove_prefix(scheme.size() + 3);
    text = text.substr(0, text.find('#'));

    size_t end = std::min(text.find_first_of("/?"), text.size());
    std::string_view authority = text.substr(0, end);
    if (authority.find('@') != authority.npos)
        return Error(EINVAL, "a URL with a user name or password is not accepted");
    Url url = TRY(from_authority(authority, scheme == "https"));
    url.path = TRY(clean_path(text.substr(end)));
    if (!url.path.starts_with('/'))
        url.path = "/" + url.path;
    return url;
}

Result<Url> Url::resolve(std::string_view location) const
{
    if (location.size() > kMaxUrl)
        return Error(EINVAL, "a URL of %zu bytes is too long", location.size());
    location = location.substr(0, location.find('#'));
    if (location.starts_with("//"))
        return parse((tls ? "https:" : "http:") + String(location));
    size_t colon = location.find(':');
    if (colon < location.find_first_of("/?"))
        return parse(location);

    Url url = *this;
    std::string_view here = path;
    here = here.substr(0, here.find('?'));
    String cleaned = TRY(clean_path(location));
    if (cleaned.starts_with('/'))
        url.path = without_dots(cleaned);
    else if (cleaned.starts_with('?'))
        url.path = String(here) + cleaned;
    else if (!cleaned.empty())
        url.path = without_dots(String(here.substr(0, here.rfind('/') + 1)) + cleaned);
    return url;
}

String Url::text() const
{
    return (tls ? "https://" : "http://") + authority() + path;
}

String Url::authority() const
{
    if (port != (tls ? 443 : 80))
        return host_and_port();
    return is_ip6(host) ? "[" + host + "]" : host;
}

String Url::host_and_port() const
{
    return str::format(is_ip6(host) ? "[%s]:%u" : "%s:%u", host.c_str(), port);
}

bool Url::same_origin(const Url& other) const
{
    return tls == other.tls && host == other.host && port == other.port;
}

bool Url::is_loopback() const
{
    in_addr four;
    in6_addr six;
    if (::inet_pton(AF_INET, host.c_str(), &four) == 1)
        return (ntohl(four.s_addr) >> 24) == 127;
    if (::inet_pton(AF_INET6, host.c_str(), &six) == 1)
        return IN6_IS_ADDR_LOOPBACK(&six);
    return host == "localhost" || host.ends_with(".localhost");
}

}  // namespace kist::registry
