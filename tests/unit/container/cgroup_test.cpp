// cgroup_test.cpp - limits and the life of a container's cgroup, on a directory tree that looks
// like one.

#include "container/cgroup.h"

#include <sys/stat.h>

#include "base/string.h"
#include "check.h"
#include "container/cgroup_files.h"
#include "fake_cgroups.h"

namespace kist::container {

namespace {

using test::FakeCgroups;

// A container "c" with the files that limits are written to.
class CgroupTest : public testing::Test {
protected:
    CgroupTest()
    {
        tree_.cgroup("/kist");
        tree_.cgroup("/kist/c");
        for (const char* file :
             {"cpu.max", "cpu.weight", "cpuset.cpus", "cpuset.mems", "memory.low", "memory.max",
              "memory.swap.max", "memory.high", "pids.max", "io.max", "cgroup.freeze"})
            tree_.write(file_of(file), "");
    }
    static String file_of(const char* name) { return String("tree/kist/c/") + name; }

    // What the files say once `limits` are applied: "memory.max=5 pids.max=7".
    String apply(const Limits& limits)
    {
        auto place = tree_.find();
        auto group = Cgroup::create(*place, "c");
        EXPECT_OK(group);
        auto done = group->limit(limits);
        if (!done)
            return done.error().message() + " / " + done.error().hint();
        String text;
        for (const char* file :
             {"cpu.max", "cpu.weight", "cpuset.cpus", "cpuset.mems", "memory.high", "memory.low",
              "memory.max", "memory.swap.max", "pids.max"}) {
            String value = tree_.read(file_of(file));
            if (!value.empty())
                text += (text.empty() ? "" : " ") + String(file) + "=" + value;
        }
        return text;
    }

    FakeCgroups tree_;
};

TEST_F(CgroupTest, WritesNothingWithoutLimits)
{
    Limits none;
    EXPECT_FALSE(none.any());
    EXPECT_EQ(apply(none), "");
    EXPECT_EQ(tree_.read("tree/cgroup.subtree_control"), "");
}

TEST_F(CgroupTest, CountsSwapAsDockerDoes)
{
    EXPECT_EQ(apply({.memory = 1000}), "memory.max=1000 memory.swap.max=1000");
    EXPECT_EQ(tree_.read("tree/cgroup.subtree_control"), "+memory");
    EXPECT_EQ(tree_.read("tree/kist/cgroup.subtree_control"), "+memory");
}

TEST_F(CgroupTest, CountsSwapWithinTheTotal)
{
    EXPECT_EQ(apply({.memory = 1000, .memory_swap = 1500, .memory_reservation = 600}),
              "memory.low=600 memory.max=1000 memory.swap.max=500");
}

TEST_F(CgroupTest, TakesUnlimitedSwap)
{
    EXPECT_EQ(apply({.memory = 1000, .memory_swap = -1}), "memory.max=1000 memory.swap.max=max");
}

TEST_F(CgroupTest, SaysWhenSwapIsNotCounted)
{
    unlink((tree_.root() + "/" + file_of("memory.swap.max")).c_str());
    Delegation place = MUST(tree_.find());
    auto group = MUST(Cgroup::create(place, "c"));
    EXPECT_OK(group.limit({.memory = 1000}));
    EXPECT_OK(group.limit({.memory = 1000, .memory_swap = -1}));
    EXPECT_ERROR(group.limit({.memory = 1000, .memory_swap = 1000}), ENOTSUP,
                 "does not count swap");
}

TEST_F(CgroupTest, WritesProcessorsAndProcesses)
{
    EXPECT_EQ(
        apply({.nano_cpus = 500'000'000, .cpu_shares = 1024, .cpuset_cpus = "0-1", .pids = 7}),
        "cpu.max=50000 100000 cpu.weight=39 cpuset.cpus=0-1 pids.max=7");
}

TEST_F(CgroupTest, NeedsNothingForWhatIsUnlimited)
{
    tree_.write("tree/cgroup.controllers", "cpu\n");
    for (const char* file : {"memory.swap.max", "pids.max", "cpu.max"})
        unlink((tree_.root() + "/" + file_of(file)).c_str());
    Limits unlimited = {.memory_swap = -1, .cpu_quota = -1, .pids = -1};
    EXPECT_FALSE(unlimited.any());
    EXPECT_EQ(apply(unlimited).find("cannot"), String::npos);
    EXPECT_EQ(tree_.read("tree/cgroup.subtree_control"), "");
    EXPECT_TRUE(Limits({.pids = 1}).any());
}

TEST_F(CgroupTest, WritesQuotaAndPeriod)
{
    EXPECT_EQ(apply({.cpu_quota = 5000, .cpu_period = 10000, .pids = -1}),
              "cpu.max=5000 10000 pids.max=max");
}

TEST_F(CgroupTest, TurnsSharesIntoWeights)
{
    const struct {
        unsigned shares;
        const char* weight;
    } kCases[] = {{1, "1"},     {2, "1"},          {256, "10"},
                  {1024, "39"}, {262144, "10000"}, {999999, "10000"}};
    for (auto& row : kCases) {
        tree_.write(file_of("cpu.weight"), "");
        EXPECT_EQ(apply({.cpu_shares = row.shares}), String("cpu.weight=") + row.weight);
    }
}

TEST_F(CgroupTest, WritesConfAsItIs)
{
    EXPECT_EQ(apply({.conf = {"memory.high=64M", "cgroup.freeze=1"}}), "memory.high=64M");
    EXPECT_EQ(tree_.read(file_of("cgroup.freeze")), "1");
}

TEST_F(CgroupTest, RefusesALimitWithoutItsController)
{
    tree_.write("tree/cgroup.controllers", "cpu pids\n");
    tree_.write("proc/cmdline", "cgroup_disable=memory");
    String refused = apply({.memory = 1000});
    EXPECT_NE(refused.find("cannot apply --memory: the memory controller is off"), String::npos)
        << refused;
    EXPECT_NE(refused.find("cgroup_enable=memory cgroup_memory=1"), String::npos) << refused;
    EXPECT_EQ(tree_.read(file_of("memory.max")), "");
}

TEST_F(CgroupTest, RefusesDevicesThatAreNotDisks)
{
    Delegation place = MUST(tree_.find());
    auto group = MUST(Cgroup::create(place, "c"));
    EXPECT_ERROR(group.limit({.device_read_bps = {{"/dev/null", 5}}}), ENOTBLK,
                 "cannot apply --device-read-bps: /dev/null is not a block device");
    EXPECT_ERROR(group.limit({.device_write_bps = {{"/dev/no-such", 5}}}), ENOENT, "/dev/no-such");
}

TEST_F(CgroupTest, ReadsEvents)
{
    Delegation place = MUST(tree_.find());
    auto group = MUST(Cgroup::create(place, "c"));
    EXPECT_EQ(group.usage().oom_kills, 0u);
    tree_.write(file_of("memory.events"), "low 0\nhigh 3\nmax 9\noom 2\noom_kill 1\n");
    tree_.write(file_of("memory.peak"), "123456\n");
    tree_.write(file_of("cgroup.events"), "populated 1\nfrozen 0\n");
    EXPECT_EQ(group.usage().oom_kills, 1u);
    EXPECT_EQ(group.usage().memory_peak, 123456u);
    EXPECT_TRUE(MUST(group.populated()));
    tree_.write(file_of("cgroup.events"), "populated 0\nfrozen 0\n");
    EXPECT_FALSE(MUST(group.populated()));
    EXPECT_OK(group.freeze(true));
    EXPECT_EQ(tree_.read(file_of("cgroup.freeze")), "1");
    tree_.write(file_of("cgroup.kill"), "");
    EXPECT_OK(group.kill());
    EXPECT_EQ(tree_.read(file_of("cgroup.kill")), "1");
    EXPECT_OK(group.add(42));
    EXPECT_EQ(tree_.read(file_of("cgroup.procs")), "42");
}

TEST_F(CgroupTest, IsMadeFoundAndRemoved)
{
    Delegation place = MUST(tree_.find());
    auto group = MUST(Cgroup::create(place, "new"));
    EXPECT_EQ(group.path(), place.path + "/kist/new");
    String below = group.path();
    for (int i = 0; i < 100; i++)
        below += "/b";
    EXPECT_OK(fs::make_directories(below));
    EXPECT_OK(Cgroup::open(group.path()));
    EXPECT_OK(group.destroy(0));
    EXPECT_ERROR(Cgroup::open(group.path()), ENOENT, "cannot use the cgroup");
    EXPECT_OK(group.destroy(0));  // twice is no error
    EXPECT_TRUE(MUST(Cgroup::create(place, "c")).path().ends_with("/kist/c"));
    for (const char* id : {"", ".", "..", "a/b", ".x"})
        EXPECT_ERROR(Cgroup::create(place, id), EINVAL, "cannot be the name of a cgroup");
}

TEST(Limits, AreCheckedEarly)
{
    const struct {
        Limits limits;
        const char* words;
    } kMistakes[] = {
        {{.memory_swap = 5}, "--memory-swap needs --memory"},
        {{.memory = 10, .memory_swap = 5}, "--memory-swap is less than --memory"},
        {{.memory = 10, .memory_swap = -2}, "negative"},
        {{.memory = 10, .memory_reservation = 11}, "--memory-reservation is more than"},
        {{.nano_cpus = 5'000'000}, "less than 0.01"},
        {{.nano_cpus = 100'000'000'000'000}, "more than the"},
        {{.nano_cpus = 500'000'000, .cpu_quota = 5000}, "--cpus cannot be used with"},
        {{.cpu_quota = 50}, "--cpu-quota 50 is less"},
        {{.cpu_period = 50}, "--cpu-period 50"},
        {{.cpuset_cpus = "0;1"}, "not a list of numbers"},
        {{.conf = {"memory.high"}}, "there is no ="},
        {{.conf = {"../x=1"}}, "not that of a cgroup file"},
        {{.conf = {"a/b.c=1"}}, "not that of a cgroup file"},
        {{.conf = {".=1"}}, "not that of a cgroup file"},
        {{.conf = {"memory=1"}}, "not that of a cgroup file"},
        {{.conf = {"cgroup.procs=1"}}, "kist itself needs"},
        {{.conf = {"cgroup.subtree_control=+memory"}}, "kist itself needs"},
    };
    for (auto& row : kMistakes)
        EXPECT_ERROR(check_limits(row.limits), EINVAL, row.words) << row.words;
    EXPECT_OK(check_limits({}));
}

TEST(Limits, AreReadFromDockersWords)
{
    EXPECT_EQ(MUST(parse_cpus("1.5")), 1'500'000'000);
    EXPECT_EQ(MUST(parse_cpus(".1")), 100'000'000);
    EXPECT_EQ(MUST(parse_cpus("2")), 2'000'000'000);
    EXPECT_EQ(MUST(parse_cpus("0.000000001")), 1);
    for (const char* text : {"", ".", "-1", "1,5", "1.2.3", "1e3", "1.1234567890", "99999999"})
        EXPECT_ERROR(parse_cpus(text), EINVAL, "not a number of processors") << text;

    auto rate = MUST(parse_device_rate("/dev/sda:1mb"));
    EXPECT_EQ(rate.path, "/dev/sda");
    EXPECT_EQ(rate.rate, 1u << 20);
    EXPECT_EQ(MUST(parse_device_rate("/dev/disk/by:id:4096")).path, "/dev/disk/by:id");
    EXPECT_EQ(MUST(parse_device_rate("/dev/sda:2k")).rate, 2048u);
    for (const char* text :
         {"", "/dev/sda", "sda:1", ":1", "/dev/sda:", "/dev/sda:0", "/dev/sda:x"})
        EXPECT_FALSE(parse_device_rate(text)) << text;
}

}  // namespace

}  // namespace kist::container
