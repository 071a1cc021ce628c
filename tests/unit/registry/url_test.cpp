// url_test.cpp - URLs taken apart and put together.

#include "registry/url.h"

#include "base/string.h"
#include "check.h"

namespace kist::registry {
namespace {

TEST(Url, IsTakenApart)
{
    const struct {
        const char* text;
        bool tls;
        const char* host;
        int port;
        const char* path;
    } kUrls[] = {
        {"https://registry.example/v2/", true, "registry.example", 443, "/v2/"},
        {"http://localhost:5000", false, "localhost", 5000, "/"},
        {"HTTPS://Registry.Example:8443/A?b=C#d", true, "registry.example", 8443, "/A?b=C"},
        {"https://[::1]:5000/x", true, "::1", 5000, "/x"},
        {"https://192.0.2.1?q", true, "192.0.2.1", 443, "/?q"},
        {"https://a/\xc3\xa4", true, "a", 443, "/%C3%A4"},
        {"https://a#b", true, "a", 443, "/"},
    };
    for (auto& expected : kUrls) {
        Url url = MUST(Url::parse(expected.text));
        EXPECT_EQ(url.tls, expected.tls) << expected.text;
        EXPECT_EQ(url.host, expected.host);
        EXPECT_EQ(url.port, expected.port);
        EXPECT_EQ(url.path, expected.path);
    }
}

TEST(Url, RefusesWhatIsNone)
{
    for (const char* text : {"",
                             "registry.example",
                             "ftp://a/",
                             "https://",
                             "https:///x",
                             "https://a:0/",
                             "https://a:65536/",
                             "https://a:+1/",
                             "https://a:/",
                             "https://user@a/",
                             "https://u:p@a/",
                             "https://[::1/",
                             "https://[x]/",
                             "https://[::1]x/",
                             "https://a b/",
                             "https://a/b c",
                             "https://a/\r\nHost: b",
                             "https://a\n/",
                             "https://a\\b/",
                             "https://a%41/"})
        EXPECT_FALSE(Url::parse(text)) << text;
    EXPECT_FALSE(Url::parse("https://a/" + String(kMaxUrl, 'x')));
}

TEST(Url, ResolvesLocations)
{
    Url here = MUST(Url::parse("https://a.example:8443/v2/x/blobs/uploads?s=1"));
    const struct {
        const char* location;
        const char* result;
    } kLocations[] = {
        {"https://b.example/y", "https://b.example/y"},
        {"//b.example/y?z", "https://b.example/y?z"},
        {"/y", "https://a.example:8443/y"},
        {"y", "https://a.example:8443/v2/x/blobs/y"},
        {"../y", "https://a.example:8443/v2/x/y"},
        {"../../../../y", "https://a.example:8443/y"},
        {"./", "https://a.example:8443/v2/x/blobs/"},
        {"?t=2", "https://a.example:8443/v2/x/blobs/uploads?t=2"},
        {"/a/../b?c=/../d", "https://a.example:8443/b?c=/../d"},
        {"/y?u=http://c", "https://a.example:8443/y?u=http://c"},
        {"http://b.example:80/", "http://b.example/"},
    };
    for (auto& row : kLocations) {
        Url url = MUST(here.resolve(row.location));
        EXPECT_EQ(url.text(), row.result) << row.location;
    }
    EXPECT_FALSE(here.resolve("javascript:alert(1)"));
    EXPECT_FALSE(here.resolve("/a b"));
}

TEST(Url, IsPutTogether)
{
    Url six = MUST(Url::parse("https://[2001:db8::1]:443/"));
    EXPECT_EQ(six.text(), "https://[2001:db8::1]/");
    EXPECT_EQ(six.authority(), "[2001:db8::1]");
    EXPECT_EQ(six.host_and_port(), "[2001:db8::1]:443");
    Url named = MUST(Url::from_authority("a.example:5000", false));
    EXPECT_EQ(named.text(), "http://a.example:5000/");
}

TEST(Url, KnowsItsOrigin)
{
    Url url = MUST(Url::parse("https://a.example/x"));
    EXPECT_TRUE(url.same_origin(MUST(Url::parse("https://A.example:443/y"))));
    EXPECT_FALSE(url.same_origin(MUST(Url::parse("http://a.example:443/y"))));
    EXPECT_FALSE(url.same_origin(MUST(Url::parse("https://a.example:444/"))));
    EXPECT_FALSE(url.same_origin(MUST(Url::parse("https://b.a.example/"))));
}

TEST(Url, KnowsLoopback)
{
    for (const char* host : {"127.0.0.1", "127.9.9.9", "[::1]", "localhost", "x.localhost"})
        EXPECT_TRUE(MUST(Url::from_authority(host, false)).is_loopback()) << host;
    for (const char* host : {"128.0.0.1", "[::2]", "localhost.example", "notlocalhost", "1270.0.1"})
        EXPECT_FALSE(MUST(Url::from_authority(host, false)).is_loopback()) << host;
}

}  // namespace
}  // namespace kist::registry
