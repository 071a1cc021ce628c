// proxy_test.cpp - which proxy is used, and how it is asked.

#include "registry/proxy.h"

#include <cstring>

#include "base/string.h"
#include "base/vector.h"
#include "check.h"
#include "scripted_transport.h"

namespace kist::registry {
namespace {

bool covers(const char* words, const char* url)
{
    return NoProxy(words).covers(Url::parse(url).take());
}

TEST(NoProxy, KnowsNamesAddressesAndNetworks)
{
    const struct {
        const char* words;
        const char* url;
        bool covered;
    } kCases[] = {
        {"", "https://a.example/", false},
        {"*", "https://a.example/", true},
        {"a.example", "https://a.example/", true},
        {"a.example", "https://b.a.example/", true},
        {".a.example", "https://b.a.example/", true},
        {".a.example", "https://a.example/", true},
        {"*.a.example", "https://b.a.example/", true},
        {"a.example", "https://ba.example/", false},
        {"A.EXAMPLE", "https://a.example/", true},
        {"x, a.example ,y", "https://a.example/", true},
        {"x a.example", "https://a.example/", true},
        {"a.example:443", "https://a.example/", true},
        {"a.example:444", "https://a.example/", false},
        {"192.0.2.7", "https://192.0.2.7/", true},
        {"192.0.2.7:443", "https://192.0.2.7/", true},
        {"192.0.2.7:80", "https://192.0.2.7/", false},
        {"2.7", "https://192.0.2.7/", false},
        {"10.0.0.0/8", "https://10.1.2.3/", true},
        {"10.0.0.0/8", "https://11.1.2.3/", false},
        {"10.128.0.0/9", "https://10.127.0.1/", false},
        {"10.0.0.0/33", "https://10.0.0.0/", false},
        {"10.0.0.0/x", "https://10.0.0.0/", false},
        {"10.0.0.0/8", "https://ten.example/", false},
        {"2001:db8::/32", "https://[2001:db8:1::1]/", true},
        {"2001:db8::/32", "https://[2001:db9::1]/", false},
        {"2001:db8::1", "https://[2001:db8:0::1]/", true},
        {"[2001:db8::1]:443", "https://[2001:db8::1]/", true},
        {"[2001:db8::1]:80", "https://[2001:db8::1]/", false},
        {".", "https://a.example/", false},
        {",,", "https://a.example/", false},
    };
    for (auto& row : kCases)
        EXPECT_EQ(covers(row.words, row.url), row.covered) << row.words << " " << row.url;
}

const char* const* g_environment;  // NAME, VALUE, ..., nullptr

const char* environment(const char* name)
{
    for (const char* const* at = g_environment; *at; at += 2)
        if (!strcmp(*at, name))
            return at[1];
    return nullptr;
}

// "HOST:PORT" of the proxy, "-" for none, or the error.
String proxy_for(const char* url, std::initializer_list<const char*> variables)
{
    Vector<const char*> list(variables);
    list.push_back(nullptr);
    g_environment = list.data();
    auto proxy = Proxies::from(environment).find(Url::parse(url).take());
    if (!proxy)
        return proxy.error().message();
    return *proxy ? (*proxy)->url.host_and_port() : "-";
}

TEST(Proxies, AreChosenByTheEnvironment)
{
    EXPECT_EQ(proxy_for("https://a/", {}), "-");
    EXPECT_EQ(proxy_for("https://a/", {"HTTPS_PROXY", "http://p:3128"}), "p:3128");
    EXPECT_EQ(proxy_for("https://a/", {"HTTPS_PROXY", "p:3128"}), "p:3128");
    EXPECT_EQ(proxy_for("https://a/", {"HTTPS_PROXY", "http://p/"}), "p:80");
    EXPECT_EQ(proxy_for("https://a/", {"HTTPS_PROXY", "p:1", "https_proxy", "q:2"}), "q:2");
    EXPECT_EQ(proxy_for("https://a/", {"HTTP_PROXY", "p:1"}), "-");
    EXPECT_EQ(proxy_for("http://a/", {"HTTP_PROXY", "p:1"}), "p:1");
    EXPECT_EQ(proxy_for("http://a/", {"HTTP_PROXY", "p:1", "REQUEST_METHOD", "GET"}), "-");
    EXPECT_EQ(proxy_for("https://a/", {"ALL_PROXY", "p:1"}), "p:1");
    EXPECT_EQ(proxy_for("https://a/", {"ALL_PROXY", "p:1", "NO_PROXY", "a"}), "-");
    EXPECT_EQ(proxy_for("https://localhost/", {"ALL_PROXY", "p:1"}), "-");
    EXPECT_EQ(proxy_for("https://127.0.0.1:5000/", {"ALL_PROXY", "p:1"}), "-");
    EXPECT_EQ(proxy_for("https://a/", {"HTTPS_PROXY", ""}), "-");
}

TEST(Proxies, OfUnknownKindsAreRefusedInWords)
{
    EXPECT_EQ(proxy_for("https://a/", {"HTTPS_PROXY", "socks5://p:1"}),
              "HTTPS_PROXY: SOCKS proxies are not supported");
    EXPECT_NE(proxy_for("https://a/", {"HTTPS_PROXY", "https://p:1"}).find("not supported"),
              String::npos);
    EXPECT_NE(proxy_for("https://a/", {"HTTPS_PROXY", "http://p:x"}).find("not a port"),
              String::npos);
    EXPECT_EQ(proxy_for("http://a/", {"HTTPS_PROXY", "socks5://p:1"}), "-");
}

Proxy proxy_of(const char* value)
{
    static const char* list[] = {"https_proxy", nullptr, nullptr};
    list[1] = value;
    g_environment = list;
    return *Proxies::from(environment).find(Url::parse("https://a/").take()).take();
}

TEST(Proxies, TakeUserAndPassword)
{
    EXPECT_EQ(proxy_of("http://user:pass@p:1").authorization, "Basic dXNlcjpwYXNz");
    EXPECT_EQ(proxy_of("http://us%40er:p%3a%2Fs@p:1").authorization, "Basic dXNAZXI6cDovcw==");
    EXPECT_EQ(proxy_of("user@p:1").authorization, "Basic dXNlcjo=");
    EXPECT_EQ(proxy_of("p:1").authorization, "");
}

Result<void> tunnel(const char* answer, String* asked = nullptr, const char* proxy = "p:1")
{
    ScriptedTransport transport(answer);
    auto opened = open_tunnel(transport, proxy_of(proxy), Url::parse("https://[::2]/").take());
    if (asked)
        *asked = transport.written;
    return opened;
}

TEST(Tunnel, IsAskedFor)
{
    String asked;
    EXPECT_OK(tunnel("HTTP/1.0 200 Connection established\r\n\r\n", &asked, "u:p@p:1"));
    EXPECT_EQ(asked,
              "CONNECT [::2]:443 HTTP/1.1\r\nHost: [::2]:443\r\n"
              "Proxy-Authorization: Basic dTpw\r\n\r\n");
}

TEST(Tunnel, RefusalsSayWhatToDo)
{
    auto unknown =
        tunnel("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
    EXPECT_ERROR(unknown, EACCES, "the proxy p:1 wants a user name and a password");
    EXPECT_EQ(unknown.error().hint(), "set HTTPS_PROXY=http://USER:PASSWORD@p:1");
    EXPECT_ERROR(tunnel("HTTP/1.1 407 No\r\n\r\n", nullptr, "u:p@p:1"), EACCES, "does not accept");
    EXPECT_ERROR(tunnel("HTTP/1.1 403 Filtered\r\n\r\n"), EACCES,
                 "the proxy p:1 answers 403 (Filtered) to a connection to [::2]:443");
    EXPECT_ERROR(tunnel("HTTP/1.1 503 Gone fishing\r\n\r\n"), ECONNREFUSED, "503");
    EXPECT_ERROR(tunnel("SSH-2.0-OpenSSH\r\n\r\n"), EPROTO, "does not answer in HTTP/1");
    EXPECT_ERROR(tunnel(""), ECONNRESET, "closed the connection");
}

}  // namespace
}  // namespace kist::registry
