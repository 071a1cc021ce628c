// auth_test.cpp - registry/auth.h

#include "registry/auth.h"

#include "base/base64.h"
#include "base/string.h"
#include "base/vector.h"
#include "check.h"
#include "registry/fake_client.h"

namespace kist {
namespace {

using namespace registry;
using test::Answer;
using test::FakeClient;
using test::FakeResponse;

// "scheme name=value name=value; scheme ..." of what was understood.
String shown(std::string_view header)
{
    String text;
    for (const Challenge& challenge : parse_challenges(header)) {
        text += (text.empty() ? "" : "; ") + challenge.scheme;
        for (auto& [name, value] : challenge.parameters)
            text += " " + name + "=" + value;
    }
    return text;
}

TEST(Challenge, HeadersAreTakenApart)
{
    const struct {
        const char* header;
        const char* understood;
    } kRows[] = {
        {R"(Bearer realm="https://a/t",service="s",scope="repository:a/b:pull")",
         "bearer realm=https://a/t service=s scope=repository:a/b:pull"},
        {R"(BASIC Realm = "a \"b\" \\c")", R"(basic realm=a "b" \c)"},
        {R"(Basic realm="x", Bearer realm=y , error=z)", "basic realm=x; bearer realm=y error=z"},
        {R"(Bearer scope="a:b:pull,push c:d:pull")", "bearer scope=a:b:pull,push c:d:pull"},
        {"Negotiate abc123+/==, Basic realm=\"x\"", "negotiate; basic realm=x"},
        {"Negotiate, Basic", "negotiate; basic"},
        {"Negotiate", "negotiate"},
        {"NTLM, ,, Basic realm=x,,", "ntlm; basic realm=x"},
        {"Bearer realm=\"not closed", "bearer realm=not closed"},
        {"Bearer realm=\"ends in \\", "bearer realm=ends in \\"},
        {"Bearer realm=", "bearer"},
        {"Bearer =x", "bearer"},
        {"= , \"", ""},
        {"", ""},
        {"Bearer realm=\"a\" service=\"b\"", "bearer realm=a service=b"},
    };
    for (auto& row : kRows)
        EXPECT_EQ(shown(row.header), row.understood) << row.header;
}

TEST(Challenge, TheirNumberIsLimited)
{
    String many, wide = "Bearer ";
    for (int i = 0; i < 1000; i++) {
        many += "Basic a=b, ";
        wide += "a=b, ";
    }
    EXPECT_EQ(parse_challenges(many).size(), kMaxChallenges);
    EXPECT_EQ(parse_challenges(wide)[0].parameters.size(), kMaxParameters);
}

TEST(Challenge, ReasonsAreFoundInTheBodiesOfErrors)
{
    const struct {
        const char* body;
        const char* reason;
    } kRows[] = {
        {R"({"errors":[{"code":"DENIED","message":"no\nway","detail":{}}]})", "no way"},
        {R"({"errors":[{"code":"DENIED","message":""}]})", "DENIED"},
        {R"({"errors":[]})", ""},
        {R"({"details":"wrong password"})", "wrong password"},
        {R"({"error":"invalid_grant","error_description":"token expired"})", "token expired"},
        {"<html>", ""},
        {"", ""},
        {"[1]", ""},
    };
    for (auto& row : kRows)
        EXPECT_EQ(reason_in(row.body), row.reason) << row.body;
    String longest = R"({"message":")" + String(5000, 'x') + "\"}";
    EXPECT_LT(reason_in(longest).size(), 300u);
}

// A registry's refusal with these challenges.
FakeResponse refusal(const Vector<String>& challenges, const char* url = "https://reg/v2/")
{
    Answer answer{.status = 401};
    for (const String& challenge : challenges)
        answer.headers.push_back({"WWW-Authenticate", challenge});
    return FakeResponse(std::move(answer), Url::parse(url).take());
}

const String kBearer = R"(Bearer realm="https://auth/token?x=1",service="a b",scope="s:1 s:2")";

TEST(Auth, ATokenIsFetchedWithoutALogin)
{
    Request seen;
    FakeClient client([&](const Request& request) {
        seen = request;
        return Answer{.body = R"({"token": "abc", "expires_in": 300})"};
    });
    Authorizer authorizer(client, {"reg", "own", {}, false});
    auto permit = MUST(authorizer.permit());
    EXPECT_EQ(permit.header, "");
    EXPECT_OK(authorizer.answer(refusal({"Basic realm=x", kBearer}), permit));
    EXPECT_EQ(seen.url.text(), "https://auth/token?x=1&service=a%20b&scope=s:1&scope=s:2");
    EXPECT_EQ(test::header_of(seen.headers, "Authorization"), "");
    auto next = MUST(authorizer.permit());
    EXPECT_EQ(next.header, "Bearer abc");
    EXPECT_NE(next.generation, permit.generation);
}

TEST(Auth, TheOwnScopeIsAskedForWhenTheChallengeNamesNone)
{
    Request seen;
    FakeClient client([&](const Request& request) {
        seen = request;
        return Answer{.body = R"({"access_token": "abc"})"};
    });
    Authorizer authorizer(client, {"reg", "repository:a:pull", {}, false});
    EXPECT_OK(authorizer.answer(refusal({R"(Bearer realm="https://auth/t")"}), {}));
    EXPECT_EQ(seen.url.path, "/t?scope=repository:a:pull");
    EXPECT_EQ(MUST(authorizer.permit()).header, "Bearer abc");
}

TEST(Auth, ThePasswordGoesToTheTokenServer)
{
    Request seen;
    FakeClient client([&](const Request& request) {
        seen = request;
        return Answer{.body = R"({"token": "abc"})"};
    });
    Authorizer authorizer(client, {"reg", "", Credential{"a&b", "p", ""}, false});
    EXPECT_OK(authorizer.answer(refusal({kBearer}), {}));
    EXPECT_TRUE(seen.url.path.ends_with("&account=a%26b")) << seen.url.path;
    EXPECT_EQ(test::header_of(seen.headers, "Authorization"), "Basic " + base64::encode("a&b:p"));
}

TEST(Auth, AnIdentityTokenIsExchangedByPost)
{
    Request seen;
    FakeClient client([&](const Request& request) {
        seen = request;
        return Answer{.body = R"({"access_token": "abc", "refresh_token": "new"})"};
    });
    Authorizer authorizer(client, {"reg", "", Credential{"u", "", "re+fresh"}, false});
    EXPECT_OK(authorizer.answer(refusal({kBearer}), {}));
    EXPECT_EQ(seen.method, "POST");
    EXPECT_EQ(seen.body,
              "service=a%20b&grant_type=refresh_token&client_id=kist&refresh_token=re%2Bfresh&"
              "scope=s:1%20s:2");
}

TEST(Auth, BasicSendsThePasswordToTheRegistryOnce)
{
    FakeClient client([](const Request&) { return Answer{.status = 500}; });
    Authorizer authorizer(client, {"reg", "", Credential{"u", "p", ""}, false});
    EXPECT_OK(authorizer.answer(refusal({"Basic realm=x"}), {}));
    auto permit = MUST(authorizer.permit());
    EXPECT_EQ(permit.header, "Basic " + base64::encode("u:p"));
    auto again = authorizer.answer(refusal({"Basic realm=x"}), permit);
    EXPECT_ERROR(again, EACCES, "reg refuses the user name or password");
    EXPECT_EQ(again.error().hint(), "kist login reg");
}

TEST(Auth, NothingGoesOverPlainHttpUnlessSaid)
{
    FakeClient client([](const Request&) { return Answer{.body = R"({"token": "abc"})"}; });
    const String plain = R"(Bearer realm="http://auth.example/t")";
    const String loopback = R"(Bearer realm="http://127.0.0.1:5001/t")";
    {
        Authorizer authorizer(client, {"reg", "", Credential{"u", "p", ""}, false});
        EXPECT_ERROR(authorizer.answer(refusal({plain}), {}), EACCES, "without TLS");
        EXPECT_ERROR(authorizer.answer(refusal({"Basic realm=x"}, "http://reg/v2/"), {}), EACCES,
                     "without TLS");
        EXPECT_OK(authorizer.answer(refusal({loopback}), {}));
    }
    Authorizer allowed(client, {"reg", "", Credential{"u", "p", ""}, true});
    EXPECT_OK(allowed.answer(refusal({plain}), {}));
}

TEST(Auth, WhatCannotBeAnsweredIsExplained)
{
    Answer answer;
    FakeClient client([&](const Request&) { return answer; });
    const struct {
        Answer answer;
        String challenge;
        int code;
        const char* message;
    } kRows[] = {
        {{}, "Negotiate", EACCES, "of no kind that kist knows"},
        {{}, "", EACCES, "of no kind that kist knows"},
        {{}, "Basic realm=x", EACCES, "reg wants a login"},
        {{}, R"(Bearer realm="nonsense")", EINVAL, "names \"nonsense\" as its token server"},
        {{.status = 401, .body = R"({"details":"who?"})"},
         kBearer,
         EACCES,
         "reg wants a login (who?)"},
        {{.status = 500}, kBearer, EPROTO, "answers 500"},
        {{.body = "{}"}, kBearer, EPROTO, "no usable token"},
        {{.body = R"({"token":"a\r\nX: y"})"}, kBearer, EPROTO, "no usable token"},
        {{.body = R"({"token":5})"}, kBearer, EBADMSG, "token: expected a string"},
        {{.body = "<html>"}, kBearer, EBADMSG, "not JSON"},
        {{.body = String(1 << 20, ' ')}, kBearer, EFBIG, "more than"},
        {{.fails = ETIMEDOUT}, kBearer, ETIMEDOUT, "cannot get a token for reg from auth:443"},
    };
    for (auto& row : kRows) {
        answer = row.answer;
        Authorizer authorizer(client, {"reg", "", {}, false});
        EXPECT_ERROR(authorizer.answer(refusal({row.challenge}), {}), row.code, row.message);
    }
}

TEST(Auth, ARefusedTokenIsRenewedOnceForAllThreads)
{
    int fetched = 0;
    FakeClient client([&](const Request&) {
        return Answer{.body = str::format(R"({"token": "t%d"})", ++fetched)};
    });
    Authorizer authorizer(client, {"reg", "", {}, false});
    Authorizer::Permit first = MUST(authorizer.permit());
    EXPECT_OK(authorizer.answer(refusal({kBearer}), first));
    EXPECT_OK(authorizer.answer(refusal({kBearer}), first));
    EXPECT_EQ(fetched, 1);
    Authorizer::Permit second = MUST(authorizer.permit());
    EXPECT_EQ(second.header, "Bearer t1");
    EXPECT_OK(authorizer.answer(refusal({kBearer}), second));
    EXPECT_EQ(MUST(authorizer.permit()).header, "Bearer t2");
    auto denied = authorizer.answer(refusal({kBearer + ",error=\"insufficient_scope\""}),
                                    MUST(authorizer.permit()));
    EXPECT_ERROR(denied, EACCES, "reg denies access");
    EXPECT_EQ(fetched, 2);
}

}  // namespace
}  // namespace kist
