// blob_test.cpp - registry/blob.h, over a registry in a function

#include "registry/blob.h"

#include <thread>

#include "base/string.h"
#include "base/vector.h"
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

TEST(Blob, GoesOnWhereItBrokeOff)
{
    const String bytes = content(10'000);
    Vector<String> ranges;
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
    EXPECT_EQ(ranges, (Vector<String>{"", "bytes=1500-", "bytes=3000-", "bytes=4500-"}));
    EXPECT_EQ(MUST(blob->next()), "");
}

TEST(Blob, SkipsWhatComesAgain)
{
    const String bytes = content(10'000);
    for (int status : {200, 416}) {
        int requests = 0;
        auto repo = MUST(repository([&](const Request& request) {
            Answer answer = serve(Request(), bytes);
            if (status == 416 && !header_of(request.headers, "Range").empty())
                answer = {.status = 416};
            answer.breaks_at = ++requests == 1 ? 2500 : String::npos;
            return answer;
        }));
        auto blob = MUST(repo->blob(Digest::of(bytes), bytes.size()));
        EXPECT_EQ(MUST(read_all(*blob)), bytes);
    }
}

TEST(Blob, ABreakBehindTheLastByteDoesNotMatter)
{
    const String bytes = content(3000);
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
    const String bytes = content(3000);
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
    const String bytes = content(3000);
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
    const String bytes = content(3000);
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
    const String bytes = content(200'000);
    int requests = 0;
    auto repo = MUST(repository([&](const Request& request) {
        Answer answer = serve(request, bytes);
        if (++requests % 2)
            answer.breaks_at = 70'000;
        return answer;
    }));
    Vector<std::thread> threads;
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
