// http_test.cpp - the Client against servers that behave, and against others.

#include "registry/http.h"

#include <atomic>
#include <cstdlib>
#include <mutex>

#include "base/clock.h"
#include "base/string.h"
#include "base/vector.h"
#include "check.h"
#include "loopback_server.h"

namespace kist::registry {
namespace {

constexpr const char* kHello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

std::unique_ptr<Client> client()
{
    for (const char* name :
         {"http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"})
        ::unsetenv(name);
    ClientOptions options;
    options.patience = {
        .tries = 4, .backoff_ms = 4, .longest_wait_ms = 3000, .connect_ms = 1000, .stall_ms = 300};
    return Client::create(options).take();
}

Request request(const String& url)
{
    return {.url = Url::parse(url).take()};
}

// "STATUS BODY", or the error's message.
String fetch(Client& client, const Request& request)
{
    auto response = client.send(request);
    if (!response)
        return response.error().message();
    auto body = read_body(**response, 1 << 20);
    return kist::test::to_text((*response)->status()) + " " +
           (body ? *body : body.error().message());
}

TEST(Client, SendsWhatWasAskedFor)
{
    String seen;
    LoopbackServer server([&](Peer& peer, int) {
        seen = peer.request();
        peer.answer(kHello);
    });
    Request asked = request(server.url("/v2/?a=b"));
    asked.headers = {{"Accept", "x/y"}, {"Authorization", "Bearer t"}};
    EXPECT_EQ(fetch(*client(), asked), "200 hello");
    EXPECT_TRUE(seen.starts_with("GET /v2/?a=b HTTP/1.1\r\nHost: localhost:")) << seen;
    EXPECT_NE(seen.find("\r\nUser-Agent: kist/"), seen.npos);
    EXPECT_NE(seen.find("\r\nAccept-Encoding: identity\r\n"), seen.npos);
    EXPECT_NE(seen.find("\r\nAccept: x/y\r\nAuthorization: Bearer t\r\n\r\n"), seen.npos);

    asked.headers = {{"A", "b\r\nC: d"}};
    EXPECT_EQ(fetch(*client(), asked), "the header A cannot be sent as it is");
}

TEST(Client, UsesConnectionsAgain)
{
    std::atomic<int> connections = 0;
    LoopbackServer server([&](Peer& peer, int) {
        connections++;
        while (!peer.request().empty())
            peer.answer(kHello);
    });
    auto all = client();
    for (int i = 0; i < 5; i++)
        EXPECT_EQ(fetch(*all, request(server.url())), "200 hello");
    {
        // The reader may stop at the announced length, without asking for the end.
        auto response = MUST(all->send(request(server.url())));
        EXPECT_EQ(MUST(response->next()), "hello");
    }
    EXPECT_EQ(fetch(*all, request(server.url())), "200 hello");
    EXPECT_EQ(connections, 1);
    {
        auto unread = MUST(all->send(request(server.url())));
    }
    all.reset();
    EXPECT_EQ(connections, 1);
}

TEST(Client, DoesNotUseWhatTheServerCloses)
{
    std::atomic<int> connections = 0;
    LoopbackServer server([&](Peer& peer, int) {
        connections++;
        (void)peer.request();
        peer.answer(connections % 2
                        ? "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx"
                        : "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx");
    });
    auto all = client();
    for (int i = 0; i < 4; i++)
        EXPECT_EQ(fetch(*all, request(server.url())), "200 x");
    EXPECT_EQ(connections, 4);
}

TEST(Client, GoesOnWhenAnIdleConnectionTurnsOutClosed)
{
    LoopbackServer server([&](Peer& peer, int) {
        (void)peer.request();
        peer.answer(kHello);  // says it stays, and goes
    });
    auto all = client();
    for (int i = 0; i < 4; i++)
        EXPECT_EQ(fetch(*all, request(server.url())), "200 hello");
}

TEST(Client, TriesAgainWhatMayPass)
{
    for (const char* first :
         {"HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n",
          "HTTP/1.1 429 Slow down\r\nRetry-After: 0\r\nContent-Length: 2\r\n\r\nno",
          "HTTP/1.1 500 Oops\r\n\r\nlong text", "", "HTTP/1.1 200 O"}) {
        LoopbackServer server([&](Peer& peer, int connection) {
            (void)peer.request();
            peer.answer(connection == 0 ? first : kHello);
            if (connection == 0)
                if (!peer.request().empty())
                    peer.answer(kHello);
        });
        EXPECT_EQ(fetch(*client(), request(server.url())), "200 hello") << first;
    }
}

TEST(Client, GivesUpInTheEnd)
{
    std::atomic<int> requests = 0;
    LoopbackServer server([&](Peer& peer, int) {
        while (!peer.request().empty()) {
            requests++;
            peer.answer("HTTP/1.1 503 Later\r\nContent-Length: 4\r\n\r\nbusy");
        }
    });
    EXPECT_EQ(fetch(*client(), request(server.url())), "503 busy");
    EXPECT_EQ(requests, 4);
}

TEST(Client, DoesNotRepeatWhatIsNotSafe)
{
    std::atomic<int> requests = 0;
    LoopbackServer server([&](Peer& peer, int) {
        if (!peer.request().empty())
            requests++;
    });
    Request post = request(server.url());
    post.method = "POST";
    auto sent = client()->send(post);
    EXPECT_ERROR(sent, ECONNRESET, "closed the connection in the middle of its answer");
    EXPECT_TRUE(is_broken_connection(sent.error()));
    EXPECT_EQ(requests, 1);
}

TEST(Client, HeedsRetryAfterWithinReason)
{
    String after;
    LoopbackServer server([&](Peer& peer, int connection) {
        (void)peer.request();
        peer.answer(connection % 2 ? kHello
                                   : "HTTP/1.1 429 No\r\nConnection: close\r\nContent-Length: 0\r\n"
                                     "Retry-After: " +
                                         after + "\r\n\r\n");
    });
    after = "1";
    int64_t begin = clock::steady_ms();
    EXPECT_EQ(fetch(*client(), request(server.url())), "200 hello");
    EXPECT_GE(clock::steady_ms() - begin, 1000);

    // An hour is too long to wait: the answer is handed on at once.
    after = "3600";
    EXPECT_EQ(fetch(*client(), request(server.url())), "429 ");
}

TEST(Client, FollowsRedirects)
{
    std::mutex mutex;
    Vector<String> seen;
    auto remember = [&](const String& text) {
        std::lock_guard lock(mutex);
        seen.push_back(text);
    };
    LoopbackServer storage([&](Peer& peer, int) {
        remember(peer.request());
        peer.answer(kHello);
    });
    LoopbackServer server([&](Peer& peer, int) {
        for (String text; !(text = peer.request()).empty();) {
            remember(text);
            bool first = text.starts_with("GET /a ");
            peer.answer("HTTP/1.1 307 There\r\nLocation: " +
                        (first ? String("b") : storage.url("/c?signed=1")) +
                        "\r\nContent-Length: 4\r\n\r\nmove");
        }
    });
    Request asked = request(server.url("/a"));
    asked.headers = {{"authorization", "Bearer secret"}, {"Accept", "x/y"}};
    auto all = client();
    auto response = MUST(all->send(asked));
    EXPECT_EQ(response->url().text(), storage.url("/c?signed=1"));
    EXPECT_EQ(MUST(read_body(*response, 100)), "hello");
    ASSERT_EQ(seen.size(), 3u);
    EXPECT_TRUE(seen[1].starts_with("GET /b HTTP/1.1\r\n"));
    EXPECT_NE(seen[1].find("secret"), seen[1].npos);
    EXPECT_TRUE(seen[2].starts_with("GET /c?signed=1 HTTP/1.1\r\n"));
    EXPECT_EQ(seen[2].find("secret"), seen[2].npos);
    EXPECT_NE(seen[2].find("Accept: x/y"), seen[2].npos);

    asked.follow_redirects = false;
    EXPECT_EQ(fetch(*all, asked), "307 move");
}

TEST(Client, RefusesRedirectsThatLeadAstray)
{
    String location;
    LoopbackServer server([&](Peer& peer, int) {
        while (!peer.request().empty())
            peer.answer("HTTP/1.1 302 Found\r\nLocation: " + location +
                        "\r\nContent-Length: 0\r\n\r\n");
    });
    auto all = client();
    location = "/";
    EXPECT_ERROR(all->send(request(server.url())), ELOOP, "redirects more than 10 times");
    location = "ftp://x/";
    EXPECT_ERROR(all->send(request(server.url())), EINVAL, "redirects badly");
    location = "http://user:password@localhost/";
    EXPECT_ERROR(all->send(request(server.url())), EINVAL, "redirects badly");
    location = "";
    EXPECT_EQ(fetch(*all, request(server.url())), "302 ");
}

TEST(Client, TellsABodyBrokenOff)
{
    LoopbackServer server([&](Peer& peer, int) {
        (void)peer.request();
        peer.answer("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello");
    });
    auto all = client();
    auto response = MUST(all->send(request(server.url())));
    EXPECT_EQ(response->length(), 50);
    EXPECT_EQ(MUST(response->next()), "hello");
    auto broken = response->next();
    EXPECT_ERROR(broken, ECONNRESET, "in the middle of its answer");
    EXPECT_TRUE(is_broken_connection(broken.error()));
}

TEST(Client, DoesNotWaitForEver)
{
    LoopbackServer server([&](Peer& peer, int) {
        (void)peer.request();
        peer.answer("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello");
        (void)peer.request();
    });
    auto all = client();
    auto response = MUST(all->send(request(server.url())));
    EXPECT_EQ(MUST(response->next()), "hello");
    auto stalled = response->next();
    EXPECT_ERROR(stalled, ETIMEDOUT, "has been silent");
    EXPECT_TRUE(is_broken_connection(stalled.error()));
}

TEST(Client, LimitsWhatIsReadAtOnce)
{
    LoopbackServer server([&](Peer& peer, int) {
        (void)peer.request();
        peer.answer(kHello);
    });
    auto all = client();
    auto response = MUST(all->send(request(server.url())));
    EXPECT_ERROR(read_body(*response, 4), EFBIG, "more than 4 bytes");
}

TEST(Client, NamesWhatCannotBeReached)
{
    int closed;
    {
        LoopbackServer server([](Peer&, int) {});
        closed = server.port();
    }
    auto refused = client()->send(request("http://127.0.0.1:" + kist::test::to_text(closed)));
    EXPECT_ERROR(refused, ECONNREFUSED,
                 "127.0.0.1:" + kist::test::to_text(closed) + " refuses connections");
    EXPECT_TRUE(may_be_plain_http(refused.error()));
    EXPECT_ERROR(client()->send(request("http://nobody.invalid/")), ENOENT, "nobody.invalid");
}

TEST(Client, ServesThreads)
{
    LoopbackServer server([&](Peer& peer, int) {
        (void)peer.request();
        peer.answer(kHello);
    });
    auto all = client();
    Vector<std::thread> threads;
    std::atomic<int> good = 0;
    for (int i = 0; i < 4; i++)
        threads.emplace_back([&] {
            for (int j = 0; j < 10; j++)
                good += fetch(*all, request(server.url())) == "200 hello";
        });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(good, 40);
}

TEST(Client, AsksAProxyForPlainHttp)
{
    String seen;
    String answer = kHello;
    LoopbackServer proxy([&](Peer& peer, int) {
        seen = peer.request();
        peer.answer(answer);
    });
    auto none = client();  // clears the variables
    ::setenv("http_proxy", ("http://u:p@127.0.0.1:" + kist::test::to_text(proxy.port())).c_str(),
             1);
    auto through = Client::create({}).take();
    EXPECT_EQ(fetch(*through, request("http://far.example:5000/x?y")), "200 hello");
    EXPECT_TRUE(
        seen.starts_with("GET http://far.example:5000/x?y HTTP/1.1\r\nHost: far.example:5000\r\n"));
    EXPECT_NE(seen.find("\r\nProxy-Authorization: Basic dTpw\r\n"), seen.npos);
    answer = "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n";
    EXPECT_ERROR(through->send(request("http://far.example:5000/x")), EACCES, "does not accept");
    ::unsetenv("http_proxy");
}

}  // namespace
}  // namespace kist::registry
