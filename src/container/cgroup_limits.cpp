// cgroup_limits.cpp - docker's limits as files of cgroup v2.
//
// Every limit is one row of kKnobs: the file that holds it, the flag that asks for it and the text
// to write.  The controller to hand down follows from the file's name ("memory.max" needs
// "memory"), and only a limit that is asked for needs its controller.  A new limit is a field in
// Limits, a row here and a flag.  See "Control Group v2" in the kernel's documentation for the
// files.

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/cgroup.h"

namespace kist::container {

namespace {

constexpr long long kBillion = 1'000'000'000;
constexpr unsigned long long kPeriod = 100'000;  // microseconds, the kernel's default
constexpr size_t kMaxConf = 64;
constexpr size_t kMaxRates = 64;

String decimal(unsigned long long value)
{
    return value == 0 ? "" : str::format("%llu", value);
}

// cpu.max is "QUOTA PERIOD" in microseconds.
String cpu_max(const Limits& l)
{
    if (l.nano_cpus > 0)
        return str::format("%lld %llu", l.nano_cpus / (kBillion / (long long)kPeriod), kPeriod);
    if (l.cpu_quota == 0 && l.cpu_period == 0)
        return "";
    String quota = l.cpu_quota > 0 ? str::format("%lld", l.cpu_quota) : "max";
    return l.cpu_period == 0 && l.cpu_quota < 0
               ? quota
               : str::format("%s %llu", quota.c_str(), l.cpu_period ? l.cpu_period : kPeriod);
}

// Shares (2..262144, 1024 is normal) to a weight (1..10000, 100 is normal), as runc and crun do it.
String cpu_weight(const Limits& l)
{
    if (l.cpu_shares == 0)
        return "";
    unsigned long long shares = l.cpu_shares < 2        ? 2
                                : l.cpu_shares > 262144 ? 262144
                                                        : l.cpu_shares;
    return decimal(1 + (shares - 2) * 9999 / 262142);
}

// docker counts memory and swap together; without a word it gives as much swap as memory.
String swap_max(const Limits& l)
{
    if (l.memory_swap < 0)
        return "max";
    if (l.memory == 0)
        return "";
    if (l.memory_swap == 0)
        return decimal(l.memory);
    return str::format("%llu", static_cast<unsigned long long>(l.memory_swap) - l.memory);
}

String memory_low(const Limits& l)
{
    return decimal(l.memory_reservation);
}

String memory_max(const Limits& l)
{
    return decimal(l.memory);
}

String pids_max(const Limits& l)
{
    return l.pids < 0 ? "max" : decimal(static_cast<unsigned long long>(l.pids));
}

struct Knob {
    const char* file;
    const char* flag;
    String (*value)(const Limits&);  // "": nothing to set
};

// clang-format off
constexpr Knob kKnobs[] = {
    {"cpu.max",         "--cpus or --cpu-quota",  cpu_max},
    {"cpu.weight",      "--cpu-shares",           cpu_weight},
    {"cpuset.cpus",     "--cpuset-cpus",          [](const Limits& l) { return l.cpuset_cpus; }},
    {"cpuset.mems",     "--cpuset-mems",          [](const Limits& l) { return l.cpuset_mems; }},
    {"memory.low",      "--memory-reservation",   memory_low},
    {"memory.max",      "--memory",               memory_max},
    {"memory.swap.max", "--memory-swap",          swap_max},
    {"pids.max",        "--pids-limit",           pids_max},
};
// clang-format on

std::string_view controller_of(std::string_view file)
{
    return str::cut(file, '.');
}

// What holds without the controller, too.
bool is_unlimited(std::string_view value)
{
    return value.starts_with("max");
}

bool is_missing(const Fd& directory, const char* file)
{
    return ::faccessat(directory.get(), file, F_OK, 0) < 0 && errno == ENOENT;
}

// Kernels without swap, or with accounting of it off, lack memory.swap.max.  Where nobody asked for
// anything that it would change, that is no error.
Result<bool> can_do_without(const Fd& directory, const Knob& knob, const Limits& limits)
{
    if (std::string_view(knob.file) != "memory.swap.max" || !is_missing(directory, knob.file))
        return false;
    if (limits.memory_swap <= 0 || ::access("/proc/swaps", F_OK) < 0)
        return true;
    return Error(ENOTSUP, "this kernel does not count swap")
        .with_hint(
            "it needs CONFIG_SWAP and no swapaccount=0 on its command line; or leave "
            "--memory-swap out");
}

Error with_machines_numbers(Error error, const Delegation& place, std::string_view file)
{
    if (controller_of(file) != "cpuset")
        return error;
    auto numbers = fs::read_path(place.path + "/" + String(file) + ".effective");
    if (!numbers)
        return error;
    String there(str::trim(*numbers));
    return std::move(error).with_hint(str::format("there are %s here", there.c_str()));
}

Result<String> device_numbers(const String& path)
{
    struct stat about = {};
    if (::stat(path.c_str(), &about) < 0)
        return os_error("%s", path.c_str());
    if (!S_ISBLK(about.st_mode))
        return Error(ENOTBLK, "%s is not a block device", path.c_str());
    return str::format("%u:%u", major(about.st_rdev), minor(about.st_rdev));
}

Result<void> write_rate(const Fd& directory, const DeviceRate& rate, const char* key)
{
    String numbers = TRY(device_numbers(rate.path));
    auto done =
        fs::poke(directory, "io.max", str::format("%s %s=%llu", numbers.c_str(), key, rate.rate));
    if (!done && done.error().is(ENODEV))
        return std::move(done).error().with_hint("name the whole disk, not a partition of it");
    return done;
}

// "NAME=VALUE" of --cgroup-conf; the name is checked.
Result<std::string_view> conf_name(std::string_view conf)
{
    // These move processes and controllers, which others rely on.
    constexpr std::string_view kOurs[] = {"cgroup.procs", "cgroup.threads", "cgroup.type",
                                          "cgroup.subtree_control"};
    auto wrong = [&](const char* why) {
        return Error(EINVAL, "--cgroup-conf \"%.*s\": %s", int(conf.size()), conf.data(), why)
            .with_hint("write FILE=VALUE with a file of cgroup v2, for example memory.high=64M");
    };
    std::string_view rest = conf;
    std::string_view name = str::cut(rest, '=');
    if (name.size() == conf.size())
        return wrong("there is no =");
    if (name.find('.') == name.npos || name.starts_with('.') || name.size() > 64)
        return wrong("the name is not that of a cgroup file");
    for (char c : name)
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
              (c >= 'A' && c <= 'Z')))
            return wrong("the name is not that of a cgroup file");
    for (std::string_view ours : kOurs)
        if (name == ours)
            return wrong("kist itself needs that file");
    if (rest.size() > 4096)
        return wrong("the value is too long");
    return name;
}

Result<void> check_cpus(const Limits& limits)
{
    if (limits.nano_cpus != 0 && (limits.cpu_quota != 0 || limits.cpu_period != 0))
        return Error(EINVAL, "--cpus cannot be used with --cpu-quota or --cpu-period");
    if (limits.nano_cpus < 0 || (limits.nano_cpus > 0 && limits.nano_cpus < kBillion / 100))
        return Error(EINVAL, "--cpus is less than 0.01");
    long there = ::sysconf(_SC_NPROCESSORS_ONLN);
    if (there > 0 && limits.nano_cpus > there * kBillion)
        return Error(EINVAL, "--cpus is more than the %ld there are", there);
    if (limits.cpu_period != 0 && (limits.cpu_period < 1000 || limits.cpu_period > 1'000'000))
        return Error(EINVAL, "--cpu-period %llu is not between 1000 and 1000000 microseconds",
                     limits.cpu_period);
    if (limits.cpu_quota > 0 && limits.cpu_quota < 1000)
        return Error(EINVAL, "--cpu-quota %lld is less than 1000 microseconds", limits.cpu_quota);
    for (const String* list : {&limits.cpuset_cpus, &limits.cpuset_mems})
        if (list->size() > 4096 || list->find_first_not_of("0123456789,-") != list->npos)
            return Error(EINVAL, "\"%s\" is not a list of numbers such as 0-2,5", list->c_str());
    return {};
}

}  // namespace

void Limits::merge(const Limits& changed)
{
    auto take = [](auto& ours, const auto& theirs) {
        if (theirs != std::remove_cvref_t<decltype(theirs)>())
            ours = theirs;
    };
    take(memory, changed.memory);
    take(memory_swap, changed.memory_swap);
    take(memory_reservation, changed.memory_reservation);
    take(cpu_shares, changed.cpu_shares);
    take(cpuset_cpus, changed.cpuset_cpus);
    take(cpuset_mems, changed.cpuset_mems);
    take(pids, changed.pids);
    // Two ways to say the same: the later one counts.
    if (changed.nano_cpus > 0)
        cpu_quota = 0, cpu_period = 0;
    if (changed.cpu_quota != 0 || changed.cpu_period != 0)
        nano_cpus = 0;
    take(nano_cpus, changed.nano_cpus);
    take(cpu_quota, changed.cpu_quota);
    take(cpu_period, changed.cpu_period);
}

bool Limits::any_said() const
{
    for (const Knob& knob : kKnobs)
        if (!knob.value(*this).empty())
            return true;
    return any();
}

bool Limits::any() const
{
    for (const Knob& knob : kKnobs)
        if (String value = knob.value(*this); !value.empty() && !is_unlimited(value))
            return true;
    return !device_read_bps.empty() || !device_write_bps.empty() || !conf.empty();
}

Result<long long> parse_cpus(std::string_view text)
{
    auto wrong = [&] {
        return Error(EINVAL, "\"%.*s\" is not a number of processors such as 1.5", int(text.size()),
                     text.data());
    };
    std::string_view fraction = text;
    std::string_view whole = str::cut(fraction, '.');
    if (text.size() > 20 || fraction.size() > 9 || (whole.empty() && fraction.empty()) ||
        text.find_first_not_of("0123456789.") != text.npos)
        return wrong();
    String digits(fraction);
    digits.resize(9, '0');
    auto units = str::to_integer(whole.empty() ? "0" : whole);
    auto parts = str::to_integer(digits);
    if (!units || !parts || *units > 1'000'000)
        return wrong();
    return *units * kBillion + *parts;
}

Result<DeviceRate> parse_device_rate(std::string_view text)
{
    size_t colon = text.rfind(':');
    if (colon == text.npos || colon == 0 || text[0] != '/')
        return Error(EINVAL, "\"%.*s\" is not DEVICE:RATE", int(text.size()), text.data())
            .with_hint("write for example /dev/sda:1mb");
    std::string_view size = text.substr(colon + 1);
    // "1mb" is docker's spelling of 1m.
    if (size.size() > 2 && (size.back() | 0x20) == 'b' && size[size.size() - 2] > '9')
        size.remove_suffix(1);
    unsigned long long rate = TRY(str::to_bytes(size));
    if (rate == 0)
        return Error(EINVAL, "the rate in \"%.*s\" is zero", int(text.size()), text.data());
    return DeviceRate{String(text.substr(0, colon)), rate};
}

Result<void> check_limits(const Limits& limits)
{
    TRY(check_cpus(limits));
    if (limits.memory_swap > 0 && limits.memory == 0)
        return Error(EINVAL, "--memory-swap needs --memory");
    if (limits.memory_swap > 0 &&
        static_cast<unsigned long long>(limits.memory_swap) < limits.memory)
        return Error(EINVAL, "--memory-swap is less than --memory")
            .with_hint("it counts memory and swap together");
    if (limits.memory_swap < -1)
        return Error(EINVAL, "--memory-swap is negative").with_hint("-1 means: any amount");
    if (limits.memory != 0 && limits.memory_reservation > limits.memory)
        return Error(EINVAL, "--memory-reservation is more than --memory");
    if (limits.conf.size() > kMaxConf || limits.device_read_bps.size() > kMaxRates ||
        limits.device_write_bps.size() > kMaxRates)
        return Error(E2BIG, "more than %zu of one limit", kMaxConf);
    for (const String& conf : limits.conf)
        TRY(conf_name(conf));
    return {};
}

Result<void> Cgroup::need_controller(std::string_view file, const char* flag) const
{
    std::string_view controller = controller_of(file);
    if (controller == "cgroup")
        return {};
    TRY(hand_down(place_, place_.path + "/kist", controller), "cannot apply %s", flag);
    return {};
}

Result<void> Cgroup::limit(const Limits& limits) const
{
    TRY(check_limits(limits));
    for (const Knob& knob : kKnobs) {
        String value = knob.value(limits);
        if (value.empty() || (is_unlimited(value) && is_missing(directory_, knob.file)))
            continue;
        TRY(need_controller(knob.file, knob.flag));
        bool skip = TRY(can_do_without(directory_, knob, limits), "cannot apply %s", knob.flag);
        if (skip)
            continue;
        auto done = fs::poke(directory_, knob.file, value);
        if (!done)
            return with_machines_numbers(std::move(done).error(), place_, knob.file)
                .context("cannot apply %s", knob.flag);
    }
    const struct {
        const Vector<DeviceRate>& rates;
        const char* key;
        const char* flag;
    } kRates[] = {{limits.device_read_bps, "rbps", "--device-read-bps"},
                  {limits.device_write_bps, "wbps", "--device-write-bps"}};
    for (const auto& row : kRates)
        for (const DeviceRate& rate : row.rates) {
            TRY(need_controller("io.max", row.flag));
            TRY(write_rate(directory_, rate, row.key), "cannot apply %s", row.flag);
        }
    for (const String& conf : limits.conf) {
        std::string_view checked = TRY(conf_name(conf));
        String name(checked);
        TRY(need_controller(name, "--cgroup-conf"));
        TRY(fs::poke(directory_, name, std::string_view(conf).substr(name.size() + 1)),
            "cannot apply --cgroup-conf %s", conf.c_str());
    }
    return {};
}

}  // namespace kist::container
