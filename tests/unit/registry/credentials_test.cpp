// credentials_test.cpp - registry/credentials.h

#include "registry/credentials.h"

#include <cstdlib>

#include "base/base64.h"
#include "base/json.h"
#include "base/string.h"
#include "check.h"
#include "temporary.h"

namespace kist {
namespace {

using namespace registry;

class CredentialsTest : public testing::Test {
protected:
    CredentialsTest()
    {
        ::setenv("DOCKER_CONFIG", (place.path() + "/docker").c_str(), 1);
        ::setenv("REGISTRY_AUTH_FILE", (place.path() + "/auth.json").c_str(), 1);
    }
    ~CredentialsTest() override
    {
        ::unsetenv("DOCKER_CONFIG");
        ::unsetenv("REGISTRY_AUTH_FILE");
    }
    void put(const String& config)
    {
        Fd directory = fs::make_directory(place.fd(), "docker").take();
        ASSERT_TRUE(fs::replace(directory, "config.json", config, 0644));
    }
    String config() { return fs::read_path(credentials_path()).take(); }

    test::TemporaryDirectory place;
};
using Credentials = CredentialsTest;

TEST_F(Credentials, NothingKeptIsNoError)
{
    EXPECT_FALSE(MUST(find_credential("docker.io")));
    put("");
    EXPECT_FALSE(MUST(find_credential("docker.io")));
    put("{\"auths\": {\"docker.io\": {}, \"x\": null}}");
    EXPECT_FALSE(MUST(find_credential("docker.io")));
    EXPECT_FALSE(MUST(find_credential("x")));
    EXPECT_FALSE(MUST(forget_credential("y")));
}

TEST_F(Credentials, WhatIsKeptIsFoundUntilItIsForgotten)
{
    EXPECT_OK(keep_credential("localhost:5000", {"ann", "pa:ss\"w\xc3\xb6rd", ""}));
    EXPECT_OK(keep_credential("docker.io", {"bob", "", "refresh"}));
    auto ann = MUST(find_credential("localhost:5000"));
    ASSERT_TRUE(ann);
    EXPECT_EQ(ann->user, "ann");
    EXPECT_EQ(ann->password, "pa:ss\"w\xc3\xb6rd");
    auto bob = MUST(find_credential("docker.io"));
    ASSERT_TRUE(bob);
    EXPECT_EQ(bob->user, "bob");
    EXPECT_EQ(bob->identity_token, "refresh");
    EXPECT_NE(config().find("\"https://index.docker.io/v1/\""), String::npos);

    struct stat facts = MUST(sys::stat_at(sys::borrow(AT_FDCWD), credentials_path()));
    EXPECT_EQ(facts.st_mode & 0777, 0600u);
    EXPECT_TRUE(MUST(forget_credential("docker.io")));
    EXPECT_FALSE(MUST(forget_credential("docker.io")));
    EXPECT_FALSE(MUST(find_credential("docker.io")));
    EXPECT_TRUE(MUST(find_credential("localhost:5000")));
}

TEST_F(Credentials, KeysMayBeHostsOrUrls)
{
    auto entry = [](const String& key) {
        return "{\"auths\": {" + json::quote(key) + ": {\"auth\": \"" + base64::encode("u:p") +
               "\"}}}";
    };
    const struct {
        const char* key;
        const char* host;
        bool found;
    } kRows[] = {
        {"https://index.docker.io/v1/", "docker.io", true},
        {"docker.io", "docker.io", true},
        {"index.docker.io", "docker.io", true},
        {"https://registry-1.docker.io/v2/", "docker.io", true},
        {"ghcr.io", "ghcr.io", true},
        {"https://ghcr.io", "ghcr.io", true},
        {"http://h:5000/v2/", "h:5000", true},
        {"h:5000", "h", false},
        {"ghcr.io/org", "ghcr.io", false},
        {"evil-ghcr.io", "ghcr.io", false},
    };
    for (auto& row : kRows) {
        put(entry(row.key));
        EXPECT_EQ(MUST(find_credential(row.host)).has_value(), row.found) << row.key;
    }
}

TEST_F(Credentials, UserAndPasswordMayBeInTheClear)
{
    put(R"({"auths": {"h": {"username": "u", "password": "p", "email": "e"}}})");
    auto found = MUST(find_credential("h"));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->user + "/" + found->password, "u/p");

    put(R"({"auths": {"h": {"auth": ")" + base64::encode("<token>:refresh") + "\"}}}");
    found = MUST(find_credential("h"));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->identity_token, "refresh");
    EXPECT_EQ(found->password, "");
}

TEST_F(Credentials, AllButAuthsIsKeptByteForByte)
{
    const String before = "{ \"HttpHeaders\" : {\"a\":\t[1.50 ]},\n  \"auths\": ";
    const String after = " ,\n\t\"psFormat\": \"\\u0041 x\" }\n\n";
    put(before + "{\"other\": { \"auth\":\"YTpi\", \"x\": 1 }, \"h\": {}}" + after);
    EXPECT_OK(keep_credential("h", {"u", "p", ""}));
    String now = config();
    EXPECT_TRUE(now.starts_with(before)) << now;
    EXPECT_TRUE(now.ends_with(after)) << now;
    EXPECT_NE(now.find("\"other\": { \"auth\":\"YTpi\", \"x\": 1 }"), String::npos) << now;
    EXPECT_TRUE(MUST(find_credential("h")));

    EXPECT_TRUE(MUST(forget_credential("h")));
    EXPECT_TRUE(MUST(forget_credential("other")));
    EXPECT_EQ(config(), before + "{}" + after);

    put(R"({"auths": {"x": {}}, "auths": null})");
    EXPECT_OK(keep_credential("h", {"u", "p", ""}));
    EXPECT_TRUE(MUST(find_credential("h")));

    put("  {\"a\": 1}");
    EXPECT_OK(keep_credential("h", {"u", "p", ""}));
    EXPECT_TRUE(config().ends_with(",\"a\": 1}")) << config();
    EXPECT_TRUE(MUST(find_credential("h")));
}

TEST_F(Credentials, ASymbolicLinkStaysOne)
{
    put("{}");
    EXPECT_OK(sys::rename_at(place.fd(), "docker/config.json", "real.json"));
    EXPECT_OK(sys::symlink_at("../real.json", place.fd(), "docker/config.json"));
    EXPECT_OK(keep_credential("h", {"u", "p", ""}));
    EXPECT_EQ(MUST(sys::readlink_at(place.fd(), "docker/config.json")), "../real.json");
    EXPECT_TRUE(MUST(find_credential("h")));
}

TEST_F(Credentials, PodmansFileIsASecondSource)
{
    EXPECT_OK(fs::replace(place.fd(), "auth.json", R"({"auths": {"h": {"auth": "dTpw"}}})"));
    auto found = MUST(find_credential("h"));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->user, "u");
    EXPECT_FALSE(MUST(forget_credential("h")));
    EXPECT_OK(keep_credential("h", {"mine", "p", ""}));
    EXPECT_EQ(MUST(find_credential("h"))->user, "mine");
}

TEST_F(Credentials, MistakesNameTheFileAndThePlace)
{
    const struct {
        const char* config;
        const char* message;
    } kMistakes[] = {
        {"{", "config.json: not JSON, at line 1"},
        {R"({"auths": []})", "config.json: auths: expected an object"},
        {R"({"auths": {"h": 1}})", "config.json: auths.h: expected an object"},
        {R"({"auths": {"h": {"auth": "!"}}})", "config.json: auths.h: auth: not base64"},
        {R"({"auths": {"h": {"auth": "dXA="}}})", "expected base64 of \"user:password\""},
    };
    for (auto& mistake : kMistakes) {
        put(mistake.config);
        EXPECT_ERROR(find_credential("h"), EBADMSG, mistake.message);
    }
    put("{");
    EXPECT_ERROR(keep_credential("h", {"u", "p", ""}), EBADMSG, "config.json: not JSON");
    EXPECT_EQ(config(), "{");
    EXPECT_ERROR(keep_credential("h", {"u:v", "p", ""}), EINVAL, "colon");
}

TEST(CredentialsPath, FollowsTheEnvironment)
{
    ::setenv("DOCKER_CONFIG", "/x", 1);
    EXPECT_EQ(credentials_path(), "/x/config.json");
    ::unsetenv("DOCKER_CONFIG");
    String home = ::getenv("HOME") ? ::getenv("HOME") : "";
    ::setenv("HOME", "/home/ann", 1);
    EXPECT_EQ(credentials_path(), "/home/ann/.docker/config.json");
    ::setenv("HOME", home.c_str(), 1);
}

}  // namespace
}  // namespace kist
