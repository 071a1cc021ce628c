// spec_words_test.cpp - container/spec_words.h

#include "container/spec_words.h"

#include <csignal>

#include "check.h"

namespace kist::container {
namespace {

TEST(SpecWords, SignalsHaveNamesAndNumbers)
{
    const struct {
        const char* text;
        int number;
    } kSignals[] = {{"SIGTERM", SIGTERM}, {"term", SIGTERM}, {"15", 15},    {"SIGRTMIN", 34},
                    {"RTMIN+3", 37},      {"RTMAX-1", 63},   {"RTMAX", 64}, {"KILL", 9}};
    for (auto& row : kSignals)
        EXPECT_EQ(MUST(parse_signal(row.text)), row.number) << row.text;
    for (const char* text : {"", "0", "65", "SIG", "FOO", "RTMIN+99", "RTMIN+x", "-1"})
        EXPECT_ERROR(parse_signal(text), EINVAL, "is not a signal") << text;
}

TEST(SpecWords, DevicesHaveATargetAndRights)
{
    Device device = MUST(parse_device("/dev/ttyUSB0"));
    EXPECT_EQ(device.target, "/dev/ttyUSB0");
    EXPECT_EQ(device.permissions, "rwm");
    device = MUST(parse_device("/dev/ttyUSB0:r"));
    EXPECT_EQ(device.target, "/dev/ttyUSB0");
    EXPECT_EQ(device.permissions, "r");
    device = MUST(parse_device("/dev/ttyUSB0:/dev/modem:rw"));
    EXPECT_EQ(device.target, "/dev/modem");
    EXPECT_EQ(device.permissions, "rw");
}

TEST(SpecWords, MountsKnowDockersKeys)
{
    Mount mount = MUST(parse_mount("type=bind,src=/a/../b,dst=/c,ro,bind-propagation=rslave"));
    EXPECT_EQ(mount.source, "/b");
    EXPECT_EQ(mount.target, "/c");
    EXPECT_TRUE(mount.read_only && mount.must_exist);
    EXPECT_EQ(mount.propagation, "rslave");
    mount = MUST(parse_mount("type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=700"));
    EXPECT_EQ(mount.options, "size=1m,mode=700");
    mount = MUST(parse_tmpfs("/t:size=1m,exec,ro"));
    EXPECT_TRUE(mount.read_only && !mount.no_exec && mount.no_suid);
    EXPECT_EQ(mount.options, "size=1m");
}

TEST(SpecWords, ABareWordIsAVolume)
{
    Mount mount = MUST(parse_volume("my.data_1-x:/d:ro,nocopy"));
    EXPECT_EQ(mount.kind, Mount::Kind::volume);
    EXPECT_EQ(mount.source, "my.data_1-x");
    EXPECT_TRUE(mount.read_only && !mount.copy_up);
    mount = MUST(parse_mount("dst=/d,source=name,volume-label=a=b=c,volume-label=d,volume-nocopy"));
    EXPECT_EQ(mount.kind, Mount::Kind::volume);
    EXPECT_EQ(mount.source, "name");
    EXPECT_EQ(mount.labels, (json::Map{{"a", "b=c"}, {"d", ""}}));
    EXPECT_FALSE(mount.copy_up);
    EXPECT_TRUE(MUST(parse_mount("type=volume,dst=/d")).copy_up);
    EXPECT_EQ(MUST(parse_volume("./x:/d")).kind, Mount::Kind::bind);
    for (const char* hostile : {"-x:/d", "x:/d:wrong", "a b:/d", "_x:/d", "x/..:/d"})
        EXPECT_FALSE(parse_volume(hostile)) << hostile;
}

TEST(SpecWords, ATargetNeverLeavesTheContainer)
{
    EXPECT_EQ(MUST(parse_volume("/a:/../../etc")).target, "/etc");
}

}  // namespace
}  // namespace kist::container
