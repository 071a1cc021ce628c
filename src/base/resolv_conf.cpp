// resolv_conf.cpp - resolv.conf.

#include "base/resolv_conf.h"

#include <algorithm>

#include "base/fs.h"
#include "base/str.h"

namespace kist {

namespace {

constexpr size_t kMaxFile = 64 << 10;
constexpr size_t kMaxServers = 8;
constexpr size_t kMaxSearch = 1024;
constexpr unsigned kMaxDots = 15;
constexpr unsigned kMaxTimeout = 30;
constexpr unsigned kMaxAttempts = 5;

void read_limit(std::string_view word, std::string_view name, unsigned least, unsigned most,
                unsigned& value)
{
    long long given;
    if (word.starts_with(name) && str::read_integer(word.substr(name.size()), given))
        value = static_cast<unsigned>(std::clamp<long long>(given, least, most));
}

}  // namespace

void ResolvConf::add(std::string_view text, uint16_t port)
{
    auto server = SocketName::read(text, port);
    if (server && servers.size() < kMaxServers)
        servers.push_back(*server);
}

void ResolvConf::read(std::string_view text, uint16_t port)
{
    while (!text.empty()) {
        std::string_view line = str::trim(str::cut(text, '\n'));
        Vector<std::string_view> words = str::words(line);
        if (words.empty())
            continue;
        if ((words[0] == "search" || words[0] == "domain") && line.size() <= kMaxSearch)
            search = str::trim(line.substr(words[0].size()));
        if (words.size() > 1 && words[0] == "nameserver")
            add(words[1], port);
        if (words[0] != "options")
            continue;
        for (std::string_view word : words) {
            read_limit(word, "ndots:", 0, kMaxDots, ndots);
            read_limit(word, "timeout:", 1, kMaxTimeout, timeout);
            read_limit(word, "attempts:", 1, kMaxAttempts, attempts);
            rotate |= word == "rotate";
        }
    }
}

void ResolvConf::read_file(const String& path, uint16_t port)
{
    if (auto text = fs::read_path(path, kMaxFile))
        read(*text, port);
}

}  // namespace kist
