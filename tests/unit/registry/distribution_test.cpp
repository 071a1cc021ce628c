// distribution_test.cpp - registry/distribution.h, over a registry in a function

#include "registry/distribution.h"

#include "base/string.h"
#include "check.h"
#include "registry/fake_repository.h"

namespace kist {
namespace {

using namespace registry;
using test::Answer;
using test::content;
using test::header_of;
using test::read_all;
using test::repository;
using test::serve;

const String kManifest =
    R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","layers":[]})";

Answer manifest(String body = kManifest, const char* type = kOciManifest)
{
    return {.headers = {{"Content-Type", type}}, .body = std::move(body)};
}

TEST(Distribution, AManifestIsAskedForWithAllTypes)
{
    Request seen;
    auto repo = MUST(repository([&](const Request& request) {
        seen = request;
        return manifest();
    }));
    auto document = MUST(repo->manifest("tag"));
    EXPECT_EQ(seen.url.text(), "https://reg.example/v2/a/b/manifests/tag");
    for (const char* type : {kOciIndex, kOciManifest, kDockerList, kDockerManifest})
        EXPECT_NE(header_of(seen.headers, "Accept").find(type), String::npos);
    EXPECT_EQ(document.contents, kManifest);
    EXPECT_EQ(document.media_type, kOciManifest);
    EXPECT_EQ(document.digest, Digest::of(kManifest));
    EXPECT_OK(repo->manifest(Digest::of(kManifest).text()));
}

TEST(Distribution, DockerHubsApiIsElsewhere)
{
    Request seen;
    auto repo = MUST(repository(
        [&](const Request& request) {
            seen = request;
            return manifest();
        },
        "alpine"));
    EXPECT_OK(repo->manifest("latest"));
    EXPECT_EQ(seen.url.text(), "https://registry-1.docker.io/v2/library/alpine/manifests/latest");
}

TEST(Distribution, TheTypeComesFromTheHeaderOrTheDocument)
{
    const struct {
        const char* header;
        const char* body;
        const char* type;
    } kRows[] = {
        {"application/json", R"({"manifests":[]})", kOciIndex},
        {"text/plain; charset=utf-8", R"({"layers":[]})", kOciManifest},
        {"", R"({"mediaType":"application/vnd.docker.distribution.manifest.v2+json"})",
         kDockerManifest},
        {"application/vnd.docker.distribution.manifest.list.v2+json;x=y", R"({"manifests":[]})",
         kDockerList},
    };
    for (auto& row : kRows) {
        auto repo =
            MUST(repository([&](const Request&) { return manifest(row.body, row.header); }));
        EXPECT_EQ(MUST(repo->manifest("t")).media_type, row.type) << row.header;
    }
}

TEST(Distribution, WhatIsNoManifestIsRefused)
{
    const struct {
        const char* header;
        String body;
        int code;
        const char* message;
    } kRows[] = {
        {"application/vnd.docker.distribution.manifest.v1+prettyjws", R"({"schemaVersion":1})",
         EBADMSG, "schema 1"},
        {kOciManifest, R"({"mediaType":"application/vnd.oci.image.index.v1+json"})", EBADMSG,
         "calls itself"},
        {kOciManifest, R"({"layers":[],"manifests":[]})", EBADMSG, "at once"},
        {"application/vnd.oci.artifact", "{}", EBADMSG, "\"application/vnd.oci.artifact\""},
        {"application/json", "{}", EBADMSG, "not a manifest"},
        {kOciManifest, "<html>", EBADMSG, "not JSON"},
        {kOciManifest, "[]", EBADMSG, "expected an object"},
        {kOciManifest, String(kMaxManifest + 1, ' '), EFBIG, "larger than 4194304"},
    };
    for (auto& row : kRows) {
        auto repo =
            MUST(repository([&](const Request&) { return manifest(row.body, row.header); }));
        auto result = repo->manifest("t");
        EXPECT_ERROR(result, row.code, row.message);
        EXPECT_ERROR(result, row.code, "reg.example");
    }
}

TEST(Distribution, AManifestOfAnotherDigestIsRefused)
{
    auto repo = MUST(repository([&](const Request&) { return manifest(); }));
    EXPECT_ERROR(repo->manifest(Digest::of("x").text()), EBADMSG, "another manifest");
    Answer damaged = manifest();
    damaged.headers.push_back({"Docker-Content-Digest", Digest::of("x").text()});
    repo = MUST(repository([&](const Request&) { return damaged; }));
    EXPECT_ERROR(repo->manifest("t"), EBADMSG, "damaged");
}

TEST(Distribution, RefusalsAreExplained)
{
    const struct {
        const char* name;
        Answer answer;
        int code;
        const char* message;
        const char* hint;
    } kRows[] = {
        {"alpine:9",
         {.status = 404, .body = R"({"errors":[{"message":"manifest unknown"}]})"},
         ENOENT,
         "there is no image alpine:9 in docker.io/library/alpine (manifest unknown)",
         ""},
        {"reg.example/a:9", {.status = 404}, ENOENT, "there is no image reg.example/a:9", ""},
        {"reg.example/a:9", {.status = 403}, EACCES, "denies access", "kist login reg.example"},
        {"alpine:9",
         {.status = 429},
         EBUSY,
         "docker.io answers 429, too many requests",
         "kist login docker.io"},
        {"reg.example/a:9", {.status = 429}, EBUSY, "too many requests", "wait"},
        {"reg.example/a:9", {.status = 503}, EIO, "reg.example answers 503", ""},
        {"reg.example/a:9", {.status = 401}, EACCES, "reg.example wants a login", ""},
        {"reg.example/a:9", {.status = 401, .from = "cdn"}, EACCES, "to cdn:443, which denies", ""},
        {"reg.example/a:9", {.fails = EPROTOTYPE}, EPROTOTYPE, "reg.example", "--tls-verify=false"},
        {"reg.example/a:9", {.fails = ECONNREFUSED}, ECONNREFUSED, "reg.example", ""},
    };
    for (auto& row : kRows) {
        auto repo = MUST(repository([&](const Request&) { return row.answer; }, row.name));
        auto result = repo->manifest("9");
        EXPECT_ERROR(result, row.code, row.message);
        ASSERT_FALSE(result);
        EXPECT_NE(result.error().hint().find(row.hint), String::npos) << result.error().hint();
    }
}

TEST(Distribution, ABrokenManifestIsAskedForAgain)
{
    int requests = 0;
    auto repo = MUST(repository([&](const Request&) {
        Answer answer = manifest();
        if (++requests < 3)
            answer.breaks_at = 10;
        return answer;
    }));
    EXPECT_OK(repo->manifest("t"));
    EXPECT_EQ(requests, 3);
    repo = MUST(repository([&](const Request&) {
        Answer answer = manifest();
        answer.breaks_at = 10;
        return answer;
    }));
    EXPECT_ERROR(repo->manifest("t"), ECONNRESET, "reg.example");
}

TEST(Distribution, PlainHttpIsTriedWhereItIsAllowed)
{
    auto plain_only = [](const Request& request) {
        if (request.url.tls)
            return Answer{.fails = EPROTOTYPE};
        return manifest();
    };
    auto repo = MUST(repository(plain_only, "localhost:5000/x"));
    EXPECT_OK(repo->manifest("t"));
    EXPECT_ERROR(MUST(repository(plain_only))->manifest("t"), EPROTOTYPE, "reg.example");
    EXPECT_OK(MUST(repository(plain_only, "reg.example/x", {.tls_verify = false}))->manifest("t"));
    EXPECT_ERROR(repository(plain_only, "http://reg.example/v2/x/manifests/t"), EINVAL,
                 "plain HTTP is for this machine only");
    EXPECT_OK(MUST(repository(plain_only, "http://[::1]:5000/v2/x/manifests/t"))->manifest("t"));
}

TEST(Distribution, TlsIsNotGivenUpOnceThereWasSome)
{
    int requests = 0;
    bool was_plain = false;
    auto repo = MUST(repository(
        [&](const Request& request) {
            was_plain |= !request.url.tls;
            return ++requests == 1 ? manifest() : Answer{.fails = ECONNRESET};
        },
        "localhost:5000/x"));
    EXPECT_OK(repo->manifest("t"));
    EXPECT_ERROR(repo->manifest("t"), ECONNRESET, "localhost:5000");
    EXPECT_FALSE(was_plain);
}

TEST(Distribution, TheErrorOfTlsIsShownWhenPlainHttpFailsToo)
{
    auto repo = MUST(repository(
        [&](const Request& request) {
            return Answer{.fails = request.url.tls ? ECONNRESET : EPROTO};
        },
        "localhost:5000/x"));
    EXPECT_ERROR(repo->manifest("t"), ECONNRESET, "https://localhost:5000");
}

TEST(Distribution, ATokenIsRenewedWhenItIsUsedUp)
{
    int tokens = 0, uses = 0;
    const String bytes = content(5000);
    auto repo = MUST(repository([&](const Request& request) {
        if (request.url.path.starts_with("/token")) {
            uses = 0;
            return Answer{.body = str::format(R"({"token":"t%d"})", ++tokens)};
        }
        String wanted = "Bearer t" + kist::test::to_text(tokens);
        if (tokens == 0 || header_of(request.headers, "Authorization") != wanted || ++uses > 2)
            return Answer{
                .status = 401,
                .headers = {{"WWW-Authenticate", R"(Bearer realm="https://reg.example/token")"}}};
        Answer answer =
            request.url.path.find("blobs") != String::npos ? serve(request, bytes) : manifest();
        if (answer.status == 200 && request.url.path.find("blobs") != String::npos)
            answer.breaks_at = 3000;
        return answer;
    }));
    EXPECT_OK(repo->manifest("t"));
    auto blob = MUST(repo->blob(Digest::of(bytes), bytes.size()));
    EXPECT_EQ(MUST(read_all(*blob)), bytes);
    EXPECT_EQ(tokens, 2);
}

TEST(Distribution, TokensThatAreNeverAcceptedAreAnErrorSoon)
{
    int requests = 0;
    auto repo = MUST(repository([&](const Request& request) {
        requests++;
        if (request.url.path.starts_with("/token"))
            return Answer{.body = R"({"token":"t"})"};
        return Answer{
            .status = 401,
            .headers = {{"WWW-Authenticate", R"(Bearer realm="https://reg.example/token")"}}};
    }));
    EXPECT_ERROR(repo->manifest("t"), EACCES, "reg.example does not accept the tokens");
    EXPECT_LE(requests, 10);
}

}  // namespace
}  // namespace kist
