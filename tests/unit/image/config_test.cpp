// config_test.cpp - an image's configuration is read whole, or refused by name.

#include "image/config.h"
#include "base/string.h"
#include "base/vector.h"
#include "check.h"

namespace kist::image {

namespace {

constexpr char kDiffId[] =
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

String config_with(const String& members)
{
    return R"({"os":"linux","architecture":"arm64","rootfs":{"type":"layers","diff_ids":[")" +
           String(kDiffId) + "\"]}" + members + "}";
}

}  // namespace

TEST(Config, ReadsWhatRunNeeds)
{
    Config config = MUST(Config::parse(config_with(R"(,
        "created":"2024-01-01T00:00:00Z", "author":"me", "history":[{"empty_layer":true}],
        "config":{"User":"app:staff","Env":["A=1","PATH=/bin"],"Entrypoint":["/e"],"Cmd":["x","y"],
        "WorkingDir":"/work","Volumes":{"/data":{},"/log":{}},"ExposedPorts":{"80/tcp":{}},
        "Labels":{"b":"2","a":"1"},"StopSignal":"SIGQUIT","Healthcheck":{"Test":["CMD"]}})")));
    EXPECT_EQ(config.platform.text(), "linux/arm64/v8");
    EXPECT_EQ(config.created, "2024-01-01T00:00:00Z");
    const Execution& execution = config.execution;
    EXPECT_EQ(execution.user, "app:staff");
    EXPECT_EQ(execution.env, (Vector<String>{"A=1", "PATH=/bin"}));
    EXPECT_EQ(execution.entrypoint, Vector<String>{"/e"});
    EXPECT_EQ(execution.cmd, (Vector<String>{"x", "y"}));
    EXPECT_EQ(execution.working_directory, "/work");
    EXPECT_EQ(execution.volumes.size(), 2u);
    EXPECT_EQ(execution.volumes[1], "/log");
    EXPECT_EQ(execution.exposed_ports[0], "80/tcp");
    EXPECT_EQ(execution.labels[0].first, "b");
    EXPECT_EQ(execution.stop_signal, "SIGQUIT");
    ASSERT_EQ(config.diff_ids.size(), 1u);
    EXPECT_EQ(config.diff_ids[0].text(), kDiffId);
}

TEST(Config, TakesNullForNothing)
{
    Config config = MUST(Config::parse(config_with(
        R"(,"config":{"Env":null,"Cmd":null,"Entrypoint":null,"Volumes":null,"Labels":null})")));
    EXPECT_TRUE(config.execution.cmd.empty());
    EXPECT_OK(Config::parse(config_with(R"(,"config":null)")));
    EXPECT_TRUE(
        MUST(Config::parse(R"({"os":"linux","architecture":"arm","rootfs":{}})")).diff_ids.empty());
}

TEST(Config, NamesTheMemberThatIsWrong)
{
    EXPECT_ERROR(Config::parse("[]"), EBADMSG, "object");
    EXPECT_ERROR(Config::parse("{}"), EBADMSG, "os");
    EXPECT_ERROR(Config::parse(config_with(R"(,"config":{"Env":[1]})")), EBADMSG, "config.Env[0]");
    EXPECT_ERROR(Config::parse(config_with(R"(,"config":{"Cmd":"x"})")), EBADMSG, "config.Cmd");
    EXPECT_ERROR(
        Config::parse(R"({"os":"linux","architecture":"arm","rootfs":{"diff_ids":["sha256:12"]}})"),
        EBADMSG, "rootfs.diff_ids[0]");
    EXPECT_ERROR(Config::parse(R"({"os":"linux","architecture":"arm","rootfs":{"type":"tree"}})"),
                 EBADMSG, "rootfs.type");
}

TEST(Config, HasLimits)
{
    String many = "\"A=1\"";
    for (size_t i = 0; i < kMaxExecutionItems; i++)
        many += ",\"A=1\"";
    EXPECT_ERROR(Config::parse(config_with(",\"config\":{\"Env\":[" + many + "]}")), E2BIG, "Env");
    EXPECT_ERROR(Config::parse(String(kMaxConfig + 1, ' ')), E2BIG, "bytes");
    String ids = String("\"") + kDiffId + "\"";
    for (size_t i = 0; i < kMaxLayers; i++)
        ids += String(",\"") + kDiffId + "\"";
    EXPECT_ERROR(
        Config::parse(R"({"os":"linux","architecture":"arm","rootfs":{"diff_ids":[)" + ids + "]}}"),
        E2BIG, "diff_ids");
}

}  // namespace kist::image
