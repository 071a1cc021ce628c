// distribution_test.cpp - registry/distribution.h, over a registry in a function

#include "registry/distribution.h"

#include <thread>

#include "base/base64.h"
#include "check.h"
#include "registry/blob.h"
#include "registry/fake_client.h"

namespace kist {
namespace {

using namespace registry;
using test::Answer;
using test::FakeClient;
using test::header_of;

const std::string kManifest =
    R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","layers":[]})";

Answer manifest(std::string body = kManifest, const char* type = kOciManifest)
{
    return {.headers = {{"Content-Type", type}}, .body = std::move(body)};
}

Result<std::unique_ptr<Repository>> repository(FakeClient::Handler handler,
                                               const char* name = "reg.example/a/b",
                                               const Access& access = {})
{
    Reference reference = TRY(Reference::parse(name));
    return Repository::over(std::make_unique<FakeClient>(std::move(handler)), reference, access);
}

Result<std::string> read_all(Blob& blob)
{
    std::string all;
    for (;;) {
        std::string_view bytes = TRY(blob.next());
        if (bytes.empty())
            return all;
        all += bytes;
    }
}

std::string content(size_t size)
{
    std::string bytes(size, '\0');
    for (size_t i = 0; i < size; i++)
        bytes[i] = static_cast<char>(i * 31 + i / 251);
    return bytes;
}

// Answers a request for `bytes` as a registry that knows Range does.
Answer serve(const Request& request, const std::string& bytes)
{
    std::string_view range = header_of(request.headers, "Range");
    if (range.empty())
        return {.headers = {{"Content-Length", std::to_string(bytes.size())}}, .body = bytes};
    auto first = static_cast<size_t>(str::to_integer(range.substr(6, range.size() - 7)).take());
    return {.status = 206,
            .headers = {{"Content-Range",
                         str::format("bytes %zu-%zu/%zu", first, bytes.size() - 1, bytes.size())}},
            .body = bytes.substr(first)};
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
        EXPECT_NE(header_of(seen.headers, "Accept").find(type), std::string::npos);
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
        std::string body;
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
        {kOciManifest, std::string(kMaxManifest + 1, ' '), EFBIG, "larger than 4194304"},
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
         "docker.io: too many requests",
         "kist login docker.io"},
        {"reg.example/a:9", {.status = 429}, EBUSY, "too many requests", "wait"},
        {"reg.example/a:9", {.status = 503}, EIO, "reg.example answers 503", ""},
        {"reg.example/a:9", {.status = 401}, EACCES, "reg.example wants a login", ""},
        {"reg.example/a:9", {.status = 401, .from = "cdn"}, EACCES, "to cdn:443, which denies", ""},
        {"reg.example/a:9",
         {.fails = EPROTOTYPE},
         EPROTOTYPE,
         "reg.example: ",
         "--tls-verify=false"},
        {"reg.example/a:9", {.fails = ECONNREFUSED}, ECONNREFUSED, "reg.example: ", ""},
    };
    for (auto& row : kRows) {
        auto repo = MUST(repository([&](const Request&) { return row.answer; }, row.name));
        auto result = repo->manifest("9");
        EXPECT_ERROR(result, row.code, row.message);
        ASSERT_FALSE(result);
        EXPECT_NE(result.error().hint().find(row.hint), std::string::npos) << result.error().hint();
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
    const std::string bytes = content(5000);
    auto repo = MUST(repository([&](const Request& request) {
        if (request.url.path.starts_with("/token")) {
            uses = 0;
            return Answer{.body = str::format(R"({"token":"t%d"})", ++tokens)};
        }
        std::string wanted = "Bearer t" + std::to_string(tokens);
        if (tokens == 0 || header_of(request.headers, "Authorization") != wanted || ++uses > 2)
            return Answer{
                .status = 401,
                .headers = {{"WWW-Authenticate", R"(Bearer realm="https://reg.example/token")"}}};
        Answer answer = request.url.path.find("blobs") != std::string::npos ? serve(request, bytes)
                                                                            : manifest();
        if (answer.status == 200 && request.url.path.find("blobs") != std::string::npos)
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

TEST(Blob, GoesOnWhereItBrokeOff)
{
    const std::string bytes = content(10'000);
    std::vector<std::string> ranges;
    auto repo = MUST(repository([&](const Request& request) {
        ranges.emplace_back(header_of(request.headers, "Range"));
        Answer answer = serve(request, bytes);
        if (ranges.size() < 4)
            answer.breaks_at = 1500;
        return answer;
    }));
    auto blob = MUST(repo->blob(Digest::of(bytes), bytes.size()));
    EXPECT_EQ(MUST(read_all(*blob)), bytes);
    EXPECT_EQ(blob->position(), bytes.size());
    EXPECT_EQ(ranges, (std::vector<std::string>{"", "bytes=1500-", "bytes=3000-", "bytes=4500-"}));
    EXPECT_EQ(MUST(blob->next()), "");
}

TEST(Blob, SkipsWhatComesAgain)
{
    const std::string bytes = content(10'000);
    for (int status : {200, 416}) {
        int requests = 0;
        auto repo = MUST(repository([&](const Request& request) {
            Answer answer = serve(Request(), bytes);
            if (status == 416 && !header_of(request.headers, "Range").empty())
                answer = {.status = 416};
            answer.breaks_at = ++requests == 1 ? 2500 : std::string::npos;
            return answer;
        }));
        auto blob = MUST(repo->blob(Digest::of(bytes), bytes.size()));
        EXPECT_EQ(MUST(read_all(*blob)), bytes);
    }
}

TEST(Blob, ABreakBehindTheLastByteDoesNotMatter)
{
    const std::string bytes = content(3000);
    auto repo = MUST(repository([&](const Request& request) {
        Answer answer = serve(request, bytes);
        answer.breaks_at = bytes.size();
        return answer;
    }));
    auto blob = MUST(repo->blob(Digest::of(bytes), bytes.size()));
    EXPECT_EQ(MUST(read_all(*blob)), bytes);
}

TEST(Blob, GivesUpWithoutProgress)
{
    const std::string bytes = content(3000);
    int requests = 0;
    auto repo = MUST(repository([&](const Request& request) {
        Answer answer = serve(request, bytes);
        answer.breaks_at = requests++ ? 0 : 100;
        return answer;
    }));
    auto blob = MUST(repo->blob(Digest::of(bytes), bytes.size()));
    EXPECT_ERROR(read_all(*blob), ECONNRESET, "at byte 100 of 3000");
    EXPECT_LE(requests, 8);
}

TEST(Blob, ItsSizeMustBeExact)
{
    const std::string bytes = content(3000);
    auto honest = [&](const Request& request) { return serve(request, bytes); };
    auto chunked = [&](const Request&) { return Answer{.body = bytes}; };
    for (uint64_t wrong : {0, 2999, 3001}) {
        auto result = MUST(repository(honest))->blob(Digest::of(bytes), wrong);
        EXPECT_ERROR(result, EBADMSG, "has 3000 bytes; its manifest says");
        auto repo = MUST(repository(chunked));
        auto blob = MUST(repo->blob(Digest::of(bytes), wrong));
        EXPECT_ERROR(read_all(*blob), EBADMSG, "its manifest says");
    }
    auto repo = MUST(repository([](const Request&) { return Answer(); }));
    auto empty = MUST(repo->blob(Digest::of(""), 0));
    EXPECT_EQ(MUST(read_all(*empty)), "");
}

TEST(Blob, AnotherRangeThanAskedForIsNotBelieved)
{
    const std::string bytes = content(3000);
    for (const char* range : {"bytes 990-2999/3000", "bytes 1000-2000/3000", "bytes 1000-2999/4000",
                              "bytes */3000", "", "bytes 1000-2999"}) {
        int requests = 0;
        auto repo = MUST(repository([&](const Request& request) {
            Answer answer = serve(request, bytes);
            if (requests++ == 0)
                answer.breaks_at = 1000;
            else
                answer.headers = {{"Content-Range", range}};
            return answer;
        }));
        auto blob = MUST(repo->blob(Digest::of(bytes), bytes.size()));
        EXPECT_FALSE(read_all(*blob)) << range;
    }
}

TEST(Blob, WhatIsMissingIsNamed)
{
    auto repo = MUST(repository([](const Request&) { return Answer{.status = 404}; }));
    EXPECT_ERROR(repo->blob(Digest::of("x"), 1), ENOENT, "there is no blob sha256:2d711642");
}

TEST(Blob, SeveralThreadsMayReadAtOnce)
{
    const std::string bytes = content(200'000);
    int requests = 0;
    auto repo = MUST(repository([&](const Request& request) {
        Answer answer = serve(request, bytes);
        if (++requests % 2)
            answer.breaks_at = 70'000;
        return answer;
    }));
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++)
        threads.emplace_back([&] {
            auto blob = MUST(repo->blob(Digest::of(bytes), bytes.size()));
            EXPECT_EQ(MUST(read_all(*blob)), bytes);
        });
    for (std::thread& thread : threads)
        thread.join();
}

TEST(ContentRange, IsReadStrictly)
{
    auto range = MUST(ContentRange::parse("bytes 5-9/10"));
    EXPECT_EQ(range.first, 5u);
    EXPECT_EQ(range.last, 9u);
    EXPECT_EQ(range.total, 10);
    EXPECT_EQ(MUST(ContentRange::parse("bytes 0-0/*")).total, -1);
    for (const char* text :
         {"", "bytes", "bytes 9-5/10", "bytes 5-10/10", "bytes -5/10", "bytes 5-/10", "bits 5-9/10",
          "bytes 5-9/x", "bytes 5-9/", "bytes +5-9/10", "bytes 5-9/99999999999999999999"})
        EXPECT_ERROR(ContentRange::parse(text), EPROTO, "not a range") << text;
}

}  // namespace
}  // namespace kist
