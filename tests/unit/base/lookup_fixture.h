// lookup_fixture.h - look_up() with files and servers of a test's own.

#pragma once

#include <optional>

#include "base/clock.h"
#include "base/fs.h"
#include "base/lookup.h"
#include "base/str.h"
#include "check.h"
#include "name_server.h"
#include "temporary.h"

namespace kist::test {

inline String text_of(const SocketName& name)
{
    bool four = name.family() == AF_INET;
    EXPECT_EQ(name.size, four ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    auto* in = reinterpret_cast<const sockaddr_in*>(&name.address);
    EXPECT_EQ(ntohs(in->sin_port), 443);
    auto* bytes = four ? reinterpret_cast<const char*>(&in->sin_addr)
                       : reinterpret_cast<const char*>(&name.address.sin6_addr);
    String text = str::ip_address({bytes, four ? 4u : 16u});
    if (!four && name.address.sin6_scope_id)
        text += str::format("%%%u", name.address.sin6_scope_id);
    return text;
}

// The answer of a server that knows 127.0.0.5 and ::1 by all names.
inline Replies knows_all(const Heard& heard)
{
    return {answer(heard, {heard.type == 1 ? a("127.0.0.5") : aaaa("::1")})};
}

class LookupTest : public ::testing::Test {
protected:
    void SetUp() override
    {
        options_.resolv_conf = directory_.path() + "/resolv.conf";
        options_.grace_ms = 5000;  // lest a busy machine be taken for a router without IPv6
        options_.hosts = directory_.path() + "/hosts";
    }
    void file(const char* name, const String& text)
    {
        EXPECT_OK(fs::replace(directory_.fd(), name, text));
    }
    void serve(NameServers::Handler handler, unsigned count = 1, const char* more = "")
    {
        servers_.emplace(count, std::move(handler));
        options_.server_port = servers_->port();
        String text;
        for (unsigned i = 0; i < count; i++)
            text += str::format("nameserver 127.0.0.%u\n", 1 + i);
        file("resolv.conf", text + more);
    }
    // "::1 127.0.0.1", or the error.
    String addresses(const String& host)
    {
        auto found = look_up(host, 443, options_);
        if (!found)
            return found.error().message();
        String text;
        for (const SocketName& name : *found)
            text += (text.empty() ? "" : " ") + text_of(name);
        return text;
    }
    Result<Vector<SocketName>> find(const char* host) { return look_up(host, 443, options_); }
    // How long it takes.
    int64_t time_for(const char* host, const char* expected)
    {
        int64_t start = clock::steady_ms();
        EXPECT_EQ(addresses(host), expected);
        return clock::steady_ms() - start;
    }

    TemporaryDirectory directory_;
    LookupOptions options_;
    std::optional<NameServers> servers_;
};

inline constexpr const char* kNoOneAnswers =
    "the address of web.org cannot be found out now: no name server answers";

}  // namespace kist::test
