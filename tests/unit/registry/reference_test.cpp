// reference_test.cpp - registry/reference.h

#include "registry/reference.h"

#include "base/string.h"
#include "check.h"

namespace kist {
namespace {

using registry::Reference;

const String kHex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const String kDigest = "sha256:" + kHex;

TEST(Reference, NamesAreCompletedAsDockerDoes)
{
    const struct {
        String text, full, familiar;
    } kRows[] = {
        {"alpine", "docker.io/library/alpine:latest", "alpine:latest"},
        {"alpine:3.20", "docker.io/library/alpine:3.20", "alpine:3.20"},
        {"user/app", "docker.io/user/app:latest", "user/app:latest"},
        {"library/alpine", "docker.io/library/alpine:latest", "alpine:latest"},
        {"docker.io/alpine", "docker.io/library/alpine:latest", "alpine:latest"},
        {"index.docker.io/alpine", "docker.io/library/alpine:latest", "alpine:latest"},
        {"registry-1.docker.io/u/a", "docker.io/u/a:latest", "u/a:latest"},
        {"ghcr.io/a/b:tag", "ghcr.io/a/b:tag", "ghcr.io/a/b:tag"},
        {"docker.io/localhost/x", "docker.io/localhost/x:latest", "docker.io/localhost/x:latest"},
        {"docker.io/a.b/c", "docker.io/a.b/c:latest", "docker.io/a.b/c:latest"},
        {"localhost/x", "localhost/x:latest", "localhost/x:latest"},
        {"localhost:5000/x", "localhost:5000/x:latest", "localhost:5000/x:latest"},
        {"host:5000/x:y", "host:5000/x:y", "host:5000/x:y"},
        {"[::1]:5000/x", "[::1]:5000/x:latest", "[::1]:5000/x:latest"},
        {"[2001:db8::1]/a/b:1", "[2001:db8::1]/a/b:1", "[2001:db8::1]/a/b:1"},
        {"127.0.0.1/x", "127.0.0.1/x:latest", "127.0.0.1/x:latest"},
        {"Uppercase/x", "Uppercase/x:latest", "Uppercase/x:latest"},
        {"localhost:5000", "docker.io/library/localhost:5000", "localhost:5000"},
        {"a@" + kDigest, "docker.io/library/a@" + kDigest, "a@" + kDigest},
        {"a:t@" + kDigest, "docker.io/library/a:t@" + kDigest, "a:t@" + kDigest},
        {"docker://quay.io/a/b", "quay.io/a/b:latest", "quay.io/a/b:latest"},
        {"a--b/c__d.e_f", "docker.io/a--b/c__d.e_f:latest", "a--b/c__d.e_f:latest"},
        {"library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest"},
        {"a:" + String(128, 't'), "docker.io/library/a:" + String(128, 't'),
         "a:" + String(128, 't')},
        {kHex + ":1", "docker.io/library/" + kHex + ":1", kHex + ":1"},
    };
    for (auto& row : kRows) {
        auto reference = MUST(Reference::parse(row.text));
        EXPECT_EQ(reference.text(), row.full) << row.text;
        EXPECT_EQ(reference.familiar(), row.familiar) << row.text;
        EXPECT_FALSE(reference.plain_http);
        auto again = MUST(Reference::parse(reference.text()));
        EXPECT_EQ(again.text(), row.full);
        again = MUST(Reference::parse(reference.familiar()));
        EXPECT_EQ(again.text(), row.full);
    }
}

TEST(Reference, UrlsOfManifestsAreNamesToo)
{
    const struct {
        String text, full;
        bool plain;
    } kRows[] = {
        {"https://registry-1.docker.io/v2/library/hello-world/manifests/latest",
         "docker.io/library/hello-world:latest", false},
        {"https://ghcr.io/v2/a/b/manifests/" + kDigest, "ghcr.io/a/b@" + kDigest, false},
        {"https://registry/v2/a/manifests/1", "registry:443/a:1", false},
        {"http://registry/v2/a/manifests/1", "registry:80/a:1", true},
        {"http://localhost:5000/v2/x/manifests/1", "localhost:5000/x:1", true},
        {"https://h.example/v2/a/manifests/b/manifests/c", "h.example/a/manifests/b:c", false},
    };
    for (auto& row : kRows) {
        auto reference = MUST(Reference::parse(row.text));
        EXPECT_EQ(reference.text(), row.full);
        EXPECT_EQ(reference.plain_http, row.plain);
    }
}

TEST(Reference, MistakesAreExplained)
{
    const struct {
        String text;
        const char* message;
    } kMistakes[] = {
        {"", "is empty"},
        {"Alpine", "must be in lower case"},
        {"a/B", "\"a/B\" must be in lower case"},
        {"-a", "\"-a\" has to be"},
        {"a-", "has to be"},
        {"a..b", "has to be"},
        {"a___b", "has to be"},
        {"a._b", "has to be"},
        {"a//b", "\"\" has to be"},
        {"a/", "\"\" has to be"},
        {"/a", "\"\" has to be"},
        {"a b", "has to be"},
        {"a:", "the tag \"\""},
        {"a:.x", "the tag \".x\""},
        {"a:b/c", "is not a host"},
        {"a:b:c", "the tag \"b:c\""},
        {"a:" + String(129, 't'), "the tag"},
        {"ghcr.io/", "no repository"},
        {"@" + kDigest, "no repository"},
        {"a@", "not an image name"},
        {"a@sha256:12", "not an image name"},
        {"a@md5:" + kHex, "not an image name"},
        {"a@" + kDigest + "@" + kDigest, "not an image name"},
        {kHex, "image's id"},
        {"host:0/a", "is not a host"},
        {"host:65536/a", "is not a host"},
        {"host:x/a", "is not a host"},
        {"-h.io/a", "is not a host"},
        {"h_.io/a", "is not a host"},
        {"a..io/a", "is not a host"},
        {"h.io./a", "is not a host"},
        {"[::1/a", "is not a host"},
        {"[]:5000/a", "is not a host"},
        {"[::1]x/a", "is not a host"},
        {"user@host.io/a", "not an image name"},
        {String(256, 'a'), "longer than 255"},
        {String(2000, 'a'), "longer than 1024"},
        {"https://ghcr.io/a/b", "as a URL"},
        {"https://ghcr.io/v2/manifests/x", "as a URL"},
        {"https:///v2/a/manifests/x", "is not a host"},
        {"https://h.io/v2/A/manifests/x", "lower case"},
        {"https://h.io/v2/a/manifests/x?y", "the tag"},
        {"ftp://h.io/a", "not an image name"},
        {String("a\0b", 3), "has to be"},
        {"a\nb", "has to be"},
    };
    for (auto& mistake : kMistakes)
        EXPECT_ERROR(Reference::parse(mistake.text), EINVAL, mistake.message) << mistake.text;
}

TEST(Reference, AHintShowsTheLowerCaseName)
{
    auto result = Reference::parse("ghcr.io/Org/App:1");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().hint(), "write \"org/app\"");
}

TEST(Reference, OnlyDockerHubHasItsApiElsewhere)
{
    EXPECT_EQ(MUST(Reference::parse("alpine")).api_host(), "registry-1.docker.io");
    EXPECT_EQ(MUST(Reference::parse("localhost:5000/a")).api_host(), "localhost:5000");
}

}  // namespace
}  // namespace kist
