// cgroup.h - resource limits and process tracking of one container, on cgroup v2.
//
//     Delegation place = TRY(find_delegation());
//     Cgroup group = TRY(Cgroup::create(place, id));
//     TRY(group.limit(limits));
//     clone3(... CLONE_INTO_CGROUP, group.directory()), or group.add(pid)
//     ...
//     TRY(group.destroy());

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <utility>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/delegation.h"

namespace kist::container {

// "/dev/sda:1mb" of --device-read-bps.
struct DeviceRate {
    String path;                  // a block device of the host, the whole disk
    unsigned long long rate = 0;  // bytes a second
};

// Zero or empty means: leave the kernel's default.  The meaning is docker's.
struct Limits {
    unsigned long long memory = 0;              // -m, bytes: memory.max
    long long memory_swap = 0;                  // bytes of memory and swap together; -1: any amount
    unsigned long long memory_reservation = 0;  // bytes: memory.low
    long long nano_cpus = 0;                    // --cpus in billionths of a processor: cpu.max
    unsigned cpu_shares = 0;                    // 2..262144, 1024 is normal: cpu.weight
    long long cpu_quota = 0;                    // microseconds of each period; -1: any amount
    unsigned long long cpu_period = 0;          // microseconds
    String cpuset_cpus;                         // "0-3,5"
    String cpuset_mems;
    long long pids = 0;  // -1: any number
    Vector<DeviceRate> device_read_bps;
    Vector<DeviceRate> device_write_bps;
    Vector<String> conf;  // "memory.high=64M", written as it is, last

    bool any() const;       // something is to be limited
    bool any_said() const;  // or a limit is to be lifted
    // Takes over what `changed` says; what it leaves open stays.
    void merge(const Limits& changed);
};

// "1.5" of --cpus to billionths of a processor (1500000000).  EINVAL, ERANGE.
Result<long long> parse_cpus(std::string_view text);
// "/dev/sda:1mb" to a DeviceRate.  The unit may be b, k, kb, m, mb, g, gb (powers of 1024). EINVAL.
Result<DeviceRate> parse_device_rate(std::string_view text);
// What contradicts itself in `limits` (swap below memory, --cpus with --cpu-quota, a conf key that
// is no plain file name, ...).  EINVAL.  limit() checks it too; commands call it early.
Result<void> check_limits(const Limits& limits);

class Cgroup {
public:
    // Makes <place>/kist/<id>, or opens it when it is there.  EACCES when `place` is not ours.
    static Result<Cgroup> create(const Delegation& place, const String& id);
    // Opens the cgroup at `path` (Cgroup::path() of its creator) later on; ENOENT when it is gone.
    static Result<Cgroup> open(const String& path);

    // Turns on the controllers that `limits` needs, one at a time, and writes the limits.  An error
    // names the limit that cannot be applied, why, and how to make it possible.
    Result<void> limit(const Limits& limits) const;

    // The directory, for CLONE_INTO_CGROUP and the device filter.  Borrowed; absolute path().
    const Fd& directory() const { return directory_; }
    const String& path() const { return path_; }

    // Moves a process in; where clone3(2) cannot start it there.
    Result<void> add(pid_t pid) const;
    Result<void> freeze(bool frozen) const;
    // Whether freeze(true) is in force.
    Result<bool> frozen() const;
    // SIGKILL to every process in it and below; by cgroup.kill (Linux 5.14), or one by one while
    // frozen.
    Result<void> kill() const;
    Result<bool> populated() const;
    // The file that poll(2) reports POLLPRI on when populated() changes; the caller owns it, and
    // preads it after each event (poll returns at once otherwise).
    Result<Fd> watch_events() const;

    struct Usage {
        uint64_t oom_kills = 0;  // processes of it that the kernel killed for want of memory
        uint64_t memory_peak =
            0;  // bytes; 0 where the kernel does not say (Linux 5.19) or memory is off
    };
    // What it used.  Files that are not there leave zero.
    Usage usage() const;

    // Waits up to `timeout_ms` until it is empty, then removes it and the cgroups below.
    // ETIMEDOUT when something still lives in it (call kill() first).  Gone already is success.
    Result<void> destroy(int timeout_ms = 2000) const;

private:
    Cgroup(Delegation place, String path, Fd directory)
        : place_(std::move(place)), path_(std::move(path)), directory_(std::move(directory))
    {
    }
    Result<void> need_controller(std::string_view file, const char* flag) const;

    Delegation place_;
    String path_;
    Fd directory_;
};

}  // namespace kist::container
