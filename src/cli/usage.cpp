// usage.cpp - what a running container uses.

#include "cli/usage.h"

#include <sys/sysinfo.h>
#include <unistd.h>

#include <ctime>

#include "base/fs.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/cgroup_files.h"
#include "container/processes.h"

namespace kist::cli {

namespace {

using container::State;

uint64_t natural(std::string_view text)
{
    auto number = str::to_integer(str::trim(text));
    return number && *number > 0 ? static_cast<uint64_t>(*number) : 0;
}

uint64_t machine_memory()
{
    struct sysinfo facts;
    ::sysinfo(&facts);
    return uint64_t(facts.totalram) * facts.mem_unit;
}

int64_t steady_us()
{
    timespec now;
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return int64_t(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
}

Vector<pid_t> members_of(const State& state)
{
    auto all = container::processes_of(state);
    return all ? all.take() : Vector<pid_t>();
}

// Where the memory controller is off: what its processes have for themselves (proc(5), statm).
uint64_t private_memory(const State& state)
{
    uint64_t pages = 0;
    for (pid_t process : members_of(state)) {
        auto text = fs::read_path(str::format("/proc/%d/statm", process));
        if (!text)
            continue;  // it has ended
        Vector<std::string_view> fields = str::words(*text);
        if (fields.size() > 2)
            pages += natural(fields[1]) - natural(fields[2]);
    }
    return pages * uint64_t(::sysconf(_SC_PAGESIZE));
}

void add_memory(UsageSample& sample, const State& state)
{
    sample.memory_limit = machine_memory();
    auto current = read_cgroup(state, "memory.current");
    if (!current) {
        sample.memory = private_memory(state);
        return;
    }
    uint64_t used = natural(*current);
    uint64_t idle =
        container::keyed_number(read_cgroup(state, "memory.stat").value_or(""), "inactive_file");
    sample.memory = used > idle ? used - idle : used;
    if (uint64_t limit = natural(read_cgroup(state, "memory.max").value_or("")))
        sample.memory_limit = std::min(limit, sample.memory_limit);
}

// io.stat: "8:0 rbytes=1 wbytes=2 ..." for each disk.
void add_disks(UsageSample& sample, const State& state)
{
    String text = read_cgroup(state, "io.stat").value_or("");
    for (std::string_view word : str::words(text)) {
        std::string_view value = word;
        std::string_view name = str::cut(value, '=');
        if (name == "rbytes")
            sample.read += natural(value);
        else if (name == "wbytes")
            sample.written += natural(value);
    }
}

// The 1st and 9th number of each line of /proc/PID/net/dev but the loopback's.  The host's own
// traffic is not said to be a container's.
void add_network(UsageSample& sample, const Listed& listed)
{
    if (listed.spec.network == container::Namespace::host && !listed.spec.network_none)
        return;
    auto text = fs::read_path(str::format("/proc/%d/net/dev", listed.state.pid));
    std::string_view rest = text ? std::string_view(*text) : std::string_view();
    while (!rest.empty()) {
        std::string_view numbers = str::cut(rest, '\n');
        std::string_view name = str::trim(str::cut(numbers, ':'));
        Vector<std::string_view> fields = str::words(numbers);
        if (name == "lo" || fields.size() < 9)
            continue;
        sample.received += natural(fields[0]);
        sample.sent += natural(fields[8]);
    }
}

uint64_t count_tasks(const State& state)
{
    if (auto current = read_cgroup(state, "pids.current"))
        return natural(*current);
    uint64_t count = 0;
    for (pid_t process : members_of(state))
        if (auto facts = container::read_process(process))
            count += uint64_t(facts->threads);
    return count;
}

}  // namespace

std::optional<UsageSample> sample_usage(const Listed& listed)
{
    if (listed.state.status != container::Status::running)
        return std::nullopt;
    auto processor = read_cgroup(listed.state, "cpu.stat");
    if (!processor)
        return std::nullopt;
    UsageSample sample;
    sample.when_us = steady_us();
    sample.processor_us = container::keyed_number(*processor, "usage_usec");
    add_memory(sample, listed.state);
    add_disks(sample, listed.state);
    add_network(sample, listed);
    sample.tasks = count_tasks(listed.state);
    return sample;
}

}  // namespace kist::cli
