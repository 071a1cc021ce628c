// upstream.cpp - resolv.conf.

#include "network/upstream.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>

#include "base/str.h"

namespace kist::network {

namespace {

constexpr size_t kMaxServers = 8;
constexpr unsigned kMaxTimeout = 30;
constexpr unsigned kMaxAttempts = 5;

void read_limit(std::string_view word, std::string_view name, unsigned most, unsigned& value)
{
    if (!word.starts_with(name))
        return;
    auto given = str::to_integer(word.substr(name.size()));
    if (given)
        value = static_cast<unsigned>(std::clamp<long long>(*given, 1, most));
}

}  // namespace

bool Upstream::add(std::string_view text, uint16_t port)
{
    Server server{};
    std::string_view zone = text;
    String host(str::cut(zone, '%'));
    auto* four = reinterpret_cast<sockaddr_in*>(&server.address);
    if (::inet_pton(AF_INET, host.c_str(), &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        server.size = sizeof *four;
    } else if (::inet_pton(AF_INET6, host.c_str(), &server.address.sin6_addr) == 1) {
        server.address.sin6_family = AF_INET6;
        server.size = sizeof server.address;
        if (!zone.empty())
            server.address.sin6_scope_id = ::if_nametoindex(String(zone).c_str());
    } else {
        return false;
    }
    server.address.sin6_port = htons(port);  // where sockaddr_in has it
    if (servers.size() < kMaxServers)
        servers.push_back(server);
    return true;
}

void Upstream::read(std::string_view text, uint16_t port)
{
    while (!text.empty()) {
        Vector<std::string_view> words = str::words(str::cut(text, '\n'));
        if (words.size() < 2)
            continue;
        if (words[0] == "nameserver")
            add(words[1], port);
        if (words[0] != "options")
            continue;
        for (std::string_view word : words) {
            read_limit(word, "timeout:", kMaxTimeout, timeout);
            read_limit(word, "attempts:", kMaxAttempts, attempts);
            rotate |= word == "rotate";
        }
    }
}

uint64_t stamp_of(const String& path)
{
    struct stat file;
    if (::stat(path.c_str(), &file) < 0)
        return 0;
    uint64_t stamp = 1;
    for (uint64_t part : {uint64_t(file.st_ino), uint64_t(file.st_size),
                          uint64_t(file.st_mtim.tv_sec), uint64_t(file.st_mtim.tv_nsec)})
        stamp = (stamp ^ part) * 0x9e3779b97f4a7c15;
    return stamp | 1;
}

}  // namespace kist::network
