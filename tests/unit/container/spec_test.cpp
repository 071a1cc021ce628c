// spec_test.cpp - container/spec.h: docker's rules for merging the words with the image.

#include "container/spec.h"

#include <cstdlib>

#include "base/string.h"
#include "base/vector.h"
#include "check.h"

namespace kist::container {
namespace {

using Words = Vector<String>;

image::Image an_image()
{
    image::Image image;
    image.config.execution.entrypoint = {"/entry", "-x"};
    image.config.execution.cmd = {"serve"};
    image.config.execution.env = {"PATH=/bin", "A=image"};
    image.config.execution.user = "app";
    image.config.execution.working_directory = "/srv";
    image.config.execution.volumes = {"/data"};
    image.config.execution.labels = {{"k", "image"}};
    return image;
}

Result<Spec> made(const RunOptions& options, const Words& command = {})
{
    image::Image image = an_image();
    return make_spec(options, "app", &image, command);
}

bool has(const Words& list, const String& word)
{
    for (const String& each : list)
        if (each == word)
            return true;
    return false;
}

TEST(Spec, TheCommandReplacesCmdAndTheEntrypointFlagReplacesBoth)
{
    RunOptions options;
    EXPECT_EQ(MUST(made(options)).argv, (Words{"/entry", "-x", "serve"}));
    EXPECT_EQ(MUST(made(options, {"ls"})).argv, (Words{"/entry", "-x", "ls"}));
    options.entrypoint = "/other";
    EXPECT_EQ(MUST(made(options)).argv, Words{"/other"});
    EXPECT_EQ(MUST(made(options, {"a"})).argv, (Words{"/other", "a"}));
    options.entrypoint = "";
    EXPECT_EQ(MUST(made(options, {"a"})).argv, Words{"a"});
    EXPECT_ERROR(made(options), EINVAL, "no command to run");
}

TEST(Spec, TheEnvironmentIsTheImagesThenTheFlags)
{
    ::setenv("KIST_TEST_VARIABLE", "here", 1);
    RunOptions options;
    options.environment = {"A=flag", "B=2", "KIST_TEST_VARIABLE", "KIST_TEST_ABSENT"};
    Spec spec = MUST(made(options));
    for (const char* wanted : {"A=flag", "B=2", "PATH=/bin", "KIST_TEST_VARIABLE=here"})
        EXPECT_TRUE(has(spec.env, wanted)) << wanted;
    EXPECT_FALSE(has(spec.env, "A=image"));
    EXPECT_TRUE(has(spec.env, "HOSTNAME=" + spec.hostname));
    EXPECT_EQ(spec.hostname, spec.id.substr(0, 12));
}

TEST(Spec, VolumesOfTheImageYieldToThoseOfTheFlags)
{
    RunOptions options;
    Spec spec = MUST(made(options));
    const Mount& anonymous = spec.mounts[0];
    EXPECT_TRUE(anonymous.kind == Mount::Kind::volume && anonymous.anonymous && anonymous.copy_up);
    EXPECT_EQ(anonymous.source.size(), 64u);
    options.volumes = {"/tmp:/data:ro"};
    spec = MUST(made(options));
    ASSERT_EQ(spec.mounts.size(), 1u);
    EXPECT_TRUE(spec.mounts[0].kind == Mount::Kind::bind && spec.mounts[0].read_only);
}

TEST(Spec, InheritedMountsYieldToFlagsAndCoverTheImagesVolumes)
{
    RunOptions options;
    options.volumes = {"named:/own"};
    Vector<Mount> inherited(2);
    const Vector<String> command = {"x"};
    inherited[0].target = "/own";
    inherited[1].target = "/data";
    inherited[1].source = "/theirs";
    image::Image image;
    image.config.execution.volumes = {"/data"};
    Spec spec = MUST(make_spec(options, "image", &image, command, inherited));
    ASSERT_EQ(spec.mounts.size(), 2u);
    EXPECT_EQ(spec.mounts[0].source, "named");
    EXPECT_EQ(spec.mounts[1].source, "/theirs");
}

TEST(Spec, MistakesAreNamed)
{
    const struct {
        void (*set)(RunOptions&);
        const char* message;
    } kMistakes[] = {
        {[](RunOptions& o) { o.volumes = {"/a:b"}; }, "must be absolute"},
        {[](RunOptions& o) { o.volumes = {"/a:/"}; }, "cannot be mounted over"},
        {[](RunOptions& o) { o.volumes = {"/a:/b:rx"}; }, "unknown option \"rx\""},
        {[](RunOptions& o) { o.volumes = {"a/b:/b"}; }, "cannot be a volume's name"},
        {[](RunOptions& o) {
             o.volumes = {"/a:/b", "/c:/b"};
         },
         "/b is mounted twice"},
        {[](RunOptions& o) { o.mounts = {"type=bind,target=/b"}; }, "source is missing"},
        {[](RunOptions& o) { o.mounts = {"type=bind,source=name,target=/b"}; }, "is a path"},
        {[](RunOptions& o) { o.mounts = {"source=../b,target=/b"}; }, "cannot be a volume's name"},
        {[](RunOptions& o) { o.mounts = {"target=/b,volume-driver=nfs"}; }, "volume-driver"},
        {[](RunOptions& o) { o.mounts = {"type=tmpfs,target=/b,colour=red"}; },
         "unknown key \"colour\""},
        {[](RunOptions& o) { o.mounts = {"type=bind,source=/a,target=/b,bind-propagation=odd"}; },
         "bind-propagation"},
        {[](RunOptions& o) { o.tmpfs = {"/t:fast"}; }, "unknown option \"fast\""},
        {[](RunOptions& o) { o.devices = {"ttyS0"}; }, "absolute path"},
        {[](RunOptions& o) { o.devices = {"/dev/null:/dev/x:rwz"}; }, "r, w and m"},
        {[](RunOptions& o) { o.ulimits = {"nofile=9:3"}; }, "above the hard one"},
        {[](RunOptions& o) { o.ulimits = {"files=9"}; }, "unknown limit"},
        {[](RunOptions& o) {
             o.networks = {"bridge", "host"};
         },
         "cannot be combined"},
        {[](RunOptions& o) { o.pid = "container:x"; }, "expected host or private"},
        {[](RunOptions& o) { o.security = {"apparmor=custom"}; }, "is not supported"},
        {[](RunOptions& o) { o.umask = "9"; }, "octal"},
        {[](RunOptions& o) { o.stop_signal = "SIGFOO"; }, "is not a signal"},
        {[](RunOptions& o) { o.workdir = "here"; }, "must be absolute"},
        {[](RunOptions& o) { o.name = "-x"; }, "cannot be a container's name"},
        {[](RunOptions& o) { o.hosts = {"x"}; }, "expected NAME:ADDRESS"},
        {[](RunOptions& o) { o.uts = "host", o.hostname = "x"; }, "cannot be set with --uts host"},
        {[](RunOptions& o) { o.oom_score_adj = 2000; }, "between -1000 and 1000"},
    };
    for (auto& mistake : kMistakes) {
        RunOptions options;
        mistake.set(options);
        EXPECT_ERROR(made(options), EINVAL, mistake.message) << mistake.message;
    }
}

TEST(Spec, PrivilegedLiftsWhatItSays)
{
    RunOptions options;
    options.privileged = true;
    Spec spec = MUST(made(options));
    EXPECT_TRUE(spec.seccomp_unconfined && spec.systempaths_unconfined);
    EXPECT_EQ(spec.capabilities, all_capabilities());
}

TEST(Spec, ComesBackFromItsFileAsItWas)
{
    RunOptions options;
    options.volumes = {"/tmp:/data:ro,noexec"};
    options.mounts = {"src=named,dst=/n,volume-label=a=b,volume-opt=type=tmpfs"};
    options.environment = {"ODD=\xff\x01\n"};
    options.ulimits = {"nofile=unlimited"};
    options.umask = "0";
    options.limits.memory_swap = -1;
    options.labels = {"a=b"};
    Spec spec = MUST(made(options, {"x", ""}));
    Spec again = MUST(spec_from_json(to_json(spec)));
    EXPECT_EQ(to_json(again), to_json(spec));
    EXPECT_EQ(again.umask, 0u);
    EXPECT_EQ(again.argv, spec.argv);
    EXPECT_EQ(again.env, spec.env);
}

TEST(Spec, WhatWasTurnedOffStaysOffInItsFile)
{
    RunOptions options;
    options.networks = {"none"};
    options.restart = "on-failure:4";
    options.stop_timeout = 0;
    options.health_cmd = "true";
    options.health_on_failure = "kill";
    Spec spec = MUST(made(options));
    Spec back = MUST(spec_from_json(to_json(spec)));
    EXPECT_EQ(back.network, Namespace::own);
    EXPECT_TRUE(back.network_none);
    EXPECT_EQ(back.pid, Namespace::own);
    EXPECT_EQ(back.stop_timeout, 0U);
    EXPECT_EQ(to_text(back.restart), "on-failure:4");
    ASSERT_TRUE(back.health);
    EXPECT_EQ(back.health->on_failure, HealthPlan::OnFailure::kill);
    EXPECT_EQ(back.health->retries, 3U);
}

TEST(Spec, ANewersFormatIsRefused)
{
    Spec spec = MUST(made(RunOptions()));
    spec.version++;
    EXPECT_ERROR(spec_from_json(to_json(spec)), ENOTSUP, "newer kist");
}

}  // namespace
}  // namespace kist::container
