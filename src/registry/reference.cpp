// reference.cpp - image names, by docker's grammar.
//
// What comes before the first slash is a host when it could not be the start of a repository: it
// has a dot, a colon or an upper-case letter, or is "localhost".  All else lives on Docker Hub.

#include "registry/reference.h"

#include "base/str.h"
#include "base/string.h"

namespace kist::registry {

namespace {

constexpr size_t kMaxShown = 100;
constexpr size_t kMaxName = 255;  // of a host, and of a repository
constexpr size_t kMaxTag = 128;
constexpr size_t kMaxText = 1024;
constexpr std::string_view kHub = "docker.io";
constexpr std::string_view kHubApi = "registry-1.docker.io";

bool is_lower(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

bool has_upper(std::string_view text)
{
    for (char c : text)
        if (is_upper(c))
            return true;
    return false;
}

String lower(std::string_view text)
{
    String result(text);
    for (char& c : result)
        if (is_upper(c))
            c = static_cast<char>(c | 0x20);
    return result;
}

bool is_all(std::string_view text, std::string_view allowed)
{
    return !text.empty() && text.find_first_not_of(allowed) == text.npos;
}

// Letters and digits, with one dot, one or two underscores or any number of dashes between.
bool is_component(std::string_view text)
{
    if (text.empty() || !is_lower(text.front()) || !is_lower(text.back()))
        return false;
    for (size_t i = 0; i < text.size();) {
        size_t end = i;
        while (end < text.size() && !is_lower(text[end]))
            end++;
        std::string_view between = text.substr(i, end - i);
        if (!between.empty() && between != "." && between != "_" && between != "__" &&
            !is_all(between, "-"))
            return false;
        i = end + 1;
    }
    return true;
}

bool is_port(std::string_view text)
{
    auto number = str::to_integer(text);
    return number && is_all(text, "0123456789") && *number > 0 && *number < 65536;
}

bool is_host_name(std::string_view host)
{
    do {
        std::string_view label = str::cut(host, '.');
        if (label.empty() || label.starts_with('-') || label.ends_with('-'))
            return false;
        for (char c : label)
            if (!is_lower(c) && !is_upper(c) && c != '-')
                return false;
    } while (!host.empty());
    return true;
}

// HOST[:PORT], where HOST may be an IPv6 address in brackets.
bool is_host(std::string_view text)
{
    if (text.empty() || text.size() > kMaxName || text.ends_with('.'))
        return false;
    if (text.starts_with('[')) {
        size_t end = text.find(']');
        if (end == text.npos || !is_all(text.substr(1, end - 1), "0123456789abcdefABCDEF:.") ||
            text.substr(0, end).find(':') == text.npos)
            return false;
        std::string_view rest = text.substr(end + 1);
        return rest.empty() || (rest[0] == ':' && is_port(rest.substr(1)));
    }
    size_t colon = text.find(':');
    if (colon != text.npos && !is_port(text.substr(colon + 1)))
        return false;
    return is_host_name(text.substr(0, colon));
}

bool is_tag(std::string_view text)
{
    if (text.empty() || text.size() > kMaxTag || text[0] == '.' || text[0] == '-')
        return false;
    for (char c : text)
        if (!is_lower(c) && !is_upper(c) && c != '_' && c != '.' && c != '-')
            return false;
    return true;
}

Error refuse(std::string_view text, const String& reason)
{
    return Error(EINVAL, "\"%s\" is not an image name: %s", str::printable(text, kMaxShown).c_str(),
                 reason.c_str());
}

String quoted(std::string_view part)
{
    return "\"" + str::printable(part, kMaxShown) + "\"";
}

Result<void> check_repository(std::string_view text, std::string_view repository)
{
    if (repository.empty())
        return refuse(text, "there is no repository in it");
    if (repository.size() > kMaxName)
        return refuse(text, str::format("the repository is longer than %zu characters", kMaxName));
    if (has_upper(repository))
        return refuse(text, "the repository " + quoted(repository) + " must be in lower case")
            .with_hint("write " + quoted(lower(repository)));
    std::string_view rest = repository;
    for (bool more = true; more;) {
        more = rest.find('/') != rest.npos;
        std::string_view part = str::cut(rest, '/');
        if (!is_component(part))
            return refuse(text, quoted(part) +
                                    " has to be letters and digits, with single \".\" or \"_\", "
                                    "\"__\" or dashes between");
    }
    return {};
}

bool is_docker_hub(std::string_view host)
{
    return host == kHub || host == "index.docker.io" || host == kHubApi;
}

// Fills in what is known of a reference whose parts were cut out of `text`.
Result<Reference> assemble(std::string_view text, std::string_view host,
                           std::string_view repository)
{
    if (!is_host(host))
        return refuse(text, quoted(host) + " is not a host");
    Reference reference;
    reference.host = is_docker_hub(host) ? kHub : host;
    if (reference.host == kHub && repository.find('/') == repository.npos && !repository.empty())
        reference.repository = "library/";
    reference.repository += repository;
    TRY(check_repository(text, reference.repository));
    return reference;
}

Result<void> set_tag(std::string_view text, Reference& reference, std::string_view tag)
{
    if (!is_tag(tag))
        return refuse(text, "the tag " + quoted(tag) +
                                " has to be up to 128 letters, digits, \".\", \"_\" and \"-\", "
                                "and to begin with a letter, a digit or \"_\"");
    reference.tag = tag;
    return {};
}

Result<void> set_digest(std::string_view text, Reference& reference, std::string_view digest)
{
    auto parsed = Digest::parse(digest);
    if (!parsed)
        return refuse(text, parsed.error().message());
    reference.digest = *parsed;
    return {};
}

bool is_host_of_name(std::string_view first)
{
    return first.find_first_of(".:") != first.npos || first == "localhost" || has_upper(first);
}

// https://HOST/v2/NAME/manifests/REFERENCE
Result<Reference> parse_url(std::string_view text)
{
    std::string_view rest = text.substr(text.find("//") + 2);
    String host(str::cut(rest, '/'));
    constexpr std::string_view kMiddle = "/manifests/";
    size_t middle = rest.rfind(kMiddle);
    if (!rest.starts_with("v2/") || middle == rest.npos || middle < 3) {
        String plain(str::printable(text.substr(text.find("//") + 2), kMaxShown));
        return refuse(text, "as a URL it has to be https://HOST/v2/NAME/manifests/TAG")
            .with_hint("a name is written without a scheme, as in " + quoted(plain));
    }
    std::string_view repository = rest.substr(3, middle - 3);
    std::string_view name = rest.substr(middle + kMiddle.size());
    bool plain_http = text.starts_with("http:");
    // A name that begins with the host must still mean this host.
    if (is_host_name(host) && !is_host_of_name(host))
        host += plain_http ? ":80" : ":443";
    Reference reference = TRY(assemble(text, host, repository));
    reference.plain_http = plain_http;
    if (name.find(':') != name.npos)
        TRY(set_digest(text, reference, name));
    else
        TRY(set_tag(text, reference, name));
    return reference;
}

}  // namespace

Result<Reference> Reference::parse(std::string_view text)
{
    if (text.empty())
        return Error(EINVAL, "the name of an image is empty");
    if (text.size() > kMaxText)
        return refuse(text, str::format("it is longer than %zu characters", kMaxText));
    if (text.starts_with("https://") || text.starts_with("http://"))
        return parse_url(text);
    std::string_view name = text;
    if (name.starts_with("docker://"))
        name.remove_prefix(9);
    if (name.size() == 64 && is_all(name, "0123456789abcdef"))
        return refuse(text, "64 hexadecimal digits would be taken for an image's id");

    bool has_digest = name.find('@') != name.npos;
    std::string_view digest = name;
    name = str::cut(digest, '@');

    std::string_view host = kHub;
    size_t slash = name.find('/');
    if (slash != name.npos && is_host_of_name(name.substr(0, slash))) {
        host = name.substr(0, slash);
        name.remove_prefix(slash + 1);
    }
    bool has_tag = name.find(':') != name.npos;
    std::string_view tag = name;
    name = str::cut(tag, ':');

    Reference reference = TRY(assemble(text, host, name));
    if (has_tag)
        TRY(set_tag(text, reference, tag));
    if (has_digest)
        TRY(set_digest(text, reference, digest));
    if (!has_tag && !has_digest)
        reference.tag = "latest";
    return reference;
}

String Reference::text() const
{
    String name = host + "/" + repository;
    if (!tag.empty())
        name += ":" + tag;
    if (digest)
        name += "@" + digest->text();
    return name;
}

String Reference::familiar_name() const
{
    if (host != kHub)
        return host + "/" + repository;
    constexpr std::string_view kOfficial = "library/";
    if (repository.starts_with(kOfficial) &&
        repository.find('/', kOfficial.size()) == repository.npos)
        return repository.substr(kOfficial.size());
    // "docker.io/localhost/x" is another image than "localhost/x".
    return is_host_of_name(repository.substr(0, repository.find('/'))) ? host + "/" + repository
                                                                       : repository;
}

String Reference::familiar() const
{
    String name = familiar_name();
    if (!tag.empty())
        name += ":" + tag;
    if (digest)
        name += "@" + digest->text();
    return name;
}

String Reference::api_host() const
{
    return host == kHub ? String(kHubApi) : host;
}

}  // namespace kist::registry
