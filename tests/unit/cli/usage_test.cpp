// usage_test.cpp - cli/usage.h

#include "cli/usage.h"

#include <unistd.h>

#include "base/fs.h"
#include "check.h"
#include "temporary.h"

namespace kist::cli {
namespace {

class Usage : public testing::Test {
protected:
    void SetUp() override
    {
        listed.state.status = container::Status::running;
        listed.state.cgroup = directory.path();
        listed.state.pid = ::getpid();
        listed.spec.network_none = true;
        write("cpu.stat", "usage_usec 1500000\nuser_usec 1\n");
    }
    void write(const char* file, const char* text)
    {
        EXPECT_TRUE(fs::replace(directory.fd(), file, text, 0600, fs::Durable::no));
    }

    test::TemporaryDirectory directory;
    Listed listed;
};

TEST_F(Usage, IsReadFromTheFilesOfTheCgroup)
{
    write("memory.current", "5000000\n");
    write("memory.stat", "anon 1\ninactive_file 1000000\n");
    write("memory.max", "8000000\n");
    write("io.stat", "8:0 rbytes=10 wbytes=20 rios=1 wios=1\n8:16 rbytes=1 wbytes=2 rios=1\n");
    write("pids.current", "7\n");
    auto sample = sample_usage(listed);
    ASSERT_TRUE(sample);
    EXPECT_EQ(sample->processor_us, 1500000U);
    EXPECT_EQ(sample->memory, 4000000U);
    EXPECT_EQ(sample->memory_limit, 8000000U);
    EXPECT_EQ(sample->read, 11U);
    EXPECT_EQ(sample->written, 22U);
    EXPECT_EQ(sample->tasks, 7U);
}

TEST_F(Usage, WithoutALimitTheMachinesMemoryIsThere)
{
    write("memory.current", "100\n");
    write("memory.max", "max\n");
    auto sample = sample_usage(listed);
    ASSERT_TRUE(sample);
    EXPECT_EQ(sample->memory, 100U);
    EXPECT_GT(sample->memory_limit, 1U << 20);
}

TEST_F(Usage, WithoutControllersTheProcessesAreAsked)
{
    write("cgroup.procs", str::format("%d\n", ::getpid()).c_str());
    auto sample = sample_usage(listed);
    ASSERT_TRUE(sample);
    EXPECT_GT(sample->memory, 100'000U);
    EXPECT_EQ(sample->tasks, 1U);
}

TEST_F(Usage, TheHostsTrafficIsNobodys)
{
    listed.spec.network_none = false;
    listed.spec.network = container::Namespace::host;
    auto sample = sample_usage(listed);
    ASSERT_TRUE(sample);
    EXPECT_EQ(sample->received + sample->sent, 0U);
}

TEST_F(Usage, IsNotKnownWithoutACgroupOrOfOneThatEnded)
{
    listed.state.status = container::Status::exited;
    EXPECT_FALSE(sample_usage(listed));
    listed.state.status = container::Status::running;
    listed.state.cgroup = "";
    EXPECT_FALSE(sample_usage(listed));
    listed.state.cgroup = "/absent";
    EXPECT_FALSE(sample_usage(listed));
}

}  // namespace
}  // namespace kist::cli
