// tls_test.cpp - HTTPS against a server of BearSSL's own, and against what is none.

#include "registry/tls.h"

#include <cstdlib>

#include "base/fs.h"
#include "base/string.h"
#include "base/vector.h"
#include "certificates.h"
#include "check.h"
#include "loopback_server.h"
#include "registry/http.h"

namespace kist::registry {
namespace {

constexpr const char* kHello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

std::unique_ptr<Client> client(bool verify = true)
{
    for (const char* name : {"https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"})
        ::unsetenv(name);
    ::setenv("SSL_CERT_FILE", certificate_file("ca.pem").c_str(), 1);
    ClientOptions options;
    options.tls_verify = verify;
    options.patience = {.tries = 2, .backoff_ms = 4, .connect_ms = 1000, .stall_ms = 2000};
    auto made = Client::create(options).take();
    ::unsetenv("SSL_CERT_FILE");
    return made;
}

Request request(const String& url)
{
    return {.url = Url::parse(url).take()};
}

TEST(Tls, CarriesRequests)
{
    String large(3'000'000, 'x');
    LoopbackServer server(
        [&](Peer& peer, int) {
            for (String text; !(text = peer.request()).empty();)
                if (text.starts_with("GET /large"))
                    peer.answer("HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + large);
                else
                    peer.answer(kHello);
        },
        LoopbackServer::Kind::tls);
    auto all = client();
    for (const char* path : {"/", "/large", "/"}) {
        auto response = MUST(all->send(request(server.url(path))));
        String body = MUST(read_body(*response, 4 << 20));
        EXPECT_EQ(body, String(path) == "/" ? "hello" : large);
    }
    String by_address = "https://127.0.0.1:" + kist::test::to_text(server.port());
    all.reset();
    all = client();
    EXPECT_EQ(MUST(all->send(request(by_address)))->status(), 200);
}

TEST(Tls, ResumesSessions)
{
    Vector<String> sessions;
    LoopbackServer server(
        [&](Peer& peer, int) {
            (void)peer.request();
            sessions.push_back(peer.session());
            peer.answer("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        },
        LoopbackServer::Kind::tls);
    auto all = client();
    for (int i = 0; i < 3; i++)
        EXPECT_EQ(MUST(all->send(request(server.url())))->status(), 200);
    ASSERT_EQ(sessions.size(), 3u);
    EXPECT_EQ(sessions[0].size(), 32u);
    EXPECT_EQ(sessions[1], sessions[0]);
    EXPECT_EQ(sessions[2], sessions[0]);
    EXPECT_EQ(MUST(client()->send(request(server.url())))->status(), 200);
    EXPECT_NE(sessions[3], sessions[0]);
}

TEST(Tls, RefusesStrangers)
{
    LoopbackServer server([](Peer& peer, int) { (void)peer.request(); }, LoopbackServer::Kind::tls);
    ::setenv("SSL_CERT_FILE", certificate_file("other-ca.pem").c_str(), 1);
    auto strict = Client::create({}).take();
    ::unsetenv("SSL_CERT_FILE");
    EXPECT_ERROR(strict->send(request(server.url())), EKEYREJECTED,
                 "nothing here says is to be trusted");
}

TEST(Tls, TakesAnyCertificateWhenToldTo)
{
    LoopbackServer server(
        [](Peer& peer, int) {
            (void)peer.request();
            peer.answer(kHello);
        },
        LoopbackServer::Kind::tls);
    ::setenv("SSL_CERT_FILE", certificate_file("other-ca.pem").c_str(), 1);
    auto lax = Client::create({.tls_verify = false}).take();
    ::unsetenv("SSL_CERT_FILE");
    EXPECT_EQ(MUST(lax->send(request(server.url())))->status(), 200);
}

TEST(Tls, EndWithoutGoodbyeIsNoEnd)
{
    bool goodbye = true;
    LoopbackServer server(
        [&](Peer& peer, int) {
            (void)peer.request();
            peer.answer("HTTP/1.1 200 OK\r\n\r\nup to the end");
            if (!goodbye)
                peer.be_rude();
        },
        LoopbackServer::Kind::tls);
    auto all = client();
    auto response = MUST(all->send(request(server.url())));
    EXPECT_EQ(MUST(read_body(*response, 100)), "up to the end");
    goodbye = false;
    auto cut = MUST(all->send(request(server.url())));
    EXPECT_ERROR(read_body(*cut, 100), ECONNRESET, "without saying so");
}

TEST(Tls, NamesWhatIsNoTls)
{
    const struct {
        String answer;
        int code;
        const char* words;
    } kCases[] = {
        {"HTTP/1.1 400 Bad Request\r\n\r\n", EPROTOTYPE, "seems to speak plain HTTP"},
        {"SSH-2.0-OpenSSH_9\r\n", EPROTOTYPE, "does not answer in TLS"},
        {String("\x15\x03\x03\x00\x02\x02\x46", 7), EPROTO, "TLS 1.3 only"},
        {String("\x15\x03\x03\x00\x02\x02\x28", 7), EPROTO, "no cipher"},
        {String("\x15\x03\x03\x00\x02\x02\x5a", 7), EPROTO, "alert 90"},
        {String("\x15\x03\x01\x00\x02\x02\x46", 7), EPROTO, "TLS"},
    };
    for (auto& row : kCases) {
        LoopbackServer server([&](Peer& peer, int) {
            peer.answer(row.answer);
            // Reading before the close keeps the answer from being lost to a reset.
            (void)peer.request();
        });
        String url = "https://localhost:" + kist::test::to_text(server.port());
        auto failed = client()->send(request(url));
        EXPECT_ERROR(failed, row.code, row.words);
        EXPECT_EQ(may_be_plain_http(failed.error()), row.code == EPROTOTYPE);
    }
}

TEST(Tls, HandshakeCutShortIsABrokenConnection)
{
    LoopbackServer server([](Peer&, int) {});
    auto failed =
        client()->send(request("https://localhost:" + kist::test::to_text(server.port())));
    ASSERT_FALSE(failed);
    EXPECT_TRUE(is_broken_connection(failed.error())) << failed.error().message();
}

TEST(Tls, TellsWhenTheProxyRefuses)
{
    LoopbackServer proxy([](Peer& peer, int) {
        (void)peer.request();
        peer.answer("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    });
    auto none = client();
    ::setenv("https_proxy", ("127.0.0.1:" + kist::test::to_text(proxy.port())).c_str(), 1);
    auto through = Client::create({}).take();
    ::unsetenv("https_proxy");
    EXPECT_ERROR(through->send(request("https://far.example/")), EACCES,
                 "answers 403 (Forbidden) to a connection to far.example:443");
}

}  // namespace
}  // namespace kist::registry
