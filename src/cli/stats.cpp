// stats.cpp - what containers use, once or as a live table.

#include <poll.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>

#include "base/string.h"
#include "base/sys.h"
#include "base/vector.h"
#include "cli/command.h"
#include "cli/listing.h"
#include "cli/print.h"
#include "cli/say.h"
#include "cli/usage.h"
#include "container/delegation.h"

namespace kist::cli {

namespace {

constexpr int kFirstMs = 500;  // between the two looks that a share of the processors takes
constexpr int kPeriodMs = 1000;
constexpr const char* kUnknown = "--";

struct StatsFlags {
    bool all = false, no_stream = false, no_trunc = false;
    String format;
};

// clang-format off
constexpr Flag kFlags[] = {
    flag<&StatsFlags::all>      ('a', "all",       nullptr,  "Show containers that do not run, too"_help),
    flag<&StatsFlags::format>   (0,   "format",    "FORMAT", "json, or a template such as '{{.Name}} {{.CPUPerc}}'"_help),
    flag<&StatsFlags::no_stream>(0,   "no-stream", nullptr,  "Print it once"_help),
    flag<&StatsFlags::no_trunc> (0,   "no-trunc",  nullptr,  "Show whole ids"_help),
};

constexpr Column kColumns[] = {
    {"Container", "CONTAINER", false},
    {"ID",        "CONTAINER ID"},
    {"Name",      "NAME"},
    {"CPUPerc",   "CPU %"},
    {"MemUsage",  "MEM USAGE / LIMIT"},
    {"MemPerc",   "MEM %"},
    {"NetIO",     "NET I/O"},
    {"BlockIO",   "BLOCK I/O"},
    {"PIDs",      "PIDS"},
};
// clang-format on

struct Watched {
    String id, name;
    std::optional<UsageSample> before, now;
};

// "12.34%" of what is `whole`.
String percent(uint64_t part, uint64_t whole)
{
    unsigned long long hundredths = whole ? part * 10'000 / whole : 0;
    return str::format("%llu.%02llu%%", hundredths / 100, hundredths % 100);
}

Row row_of(const Watched& one, bool whole_ids)
{
    String id = whole_ids ? one.id : one.id.substr(0, kShortId);
    if (!one.now)
        return {one.name, id,       one.name, kUnknown, String(kUnknown) + " / " + kUnknown,
                kUnknown, kUnknown, kUnknown, kUnknown};
    const UsageSample& now = *one.now;
    uint64_t busy = 0, elapsed = 0;
    if (one.before && now.processor_us >= one.before->processor_us) {
        busy = now.processor_us - one.before->processor_us;
        elapsed = static_cast<uint64_t>(now.when_us - one.before->when_us);
    }
    return {one.name,
            id,
            one.name,
            percent(busy, elapsed),
            binary_size(now.memory) + " / " + binary_size(now.memory_limit),
            percent(now.memory, now.memory_limit),
            human_size(now.received) + " / " + human_size(now.sent),
            human_size(now.read) + " / " + human_size(now.written),
            str::format("%llu", static_cast<unsigned long long>(now.tasks))};
}

// Looks at every container that is asked for, beside what was seen of it before.
Result<Vector<Watched>> look(const service::Engine& engine, const StatsFlags& flags,
                             Arguments names, const Vector<Watched>& before)
{
    Vector<Listed> containers;
    if (names.empty())
        containers = TRY(list_containers(engine));
    for (std::string_view name : names) {
        auto found = find_container(engine, name);
        if (!before.empty() && !found && found.error().is(ENOENT))
            continue;  // removed meanwhile
        containers.push_back(TRY(std::move(found)));
    }

    Vector<Watched> seen;
    for (Listed& each : containers) {
        Watched one = {each.spec.id, each.spec.name, std::nullopt, sample_usage(each)};
        for (const Watched& earlier : before)
            if (earlier.id == one.id)
                one.before = earlier.now;
        bool runs = each.state.status == container::Status::running;
        if (runs || flags.all || !names.empty())
            seen.push_back(std::move(one));
    }
    return seen;
}

Result<void> print_all(const Vector<Watched>& seen, const StatsFlags& flags)
{
    Vector<Row> rows;
    for (const Watched& one : seen)
        rows.push_back(row_of(one, flags.no_trunc));
    TRY(print_rows(kColumns, rows, flags.format));
    return flush();
}

// The terminal that keys are read from as they are typed, unseen; as it was before, in the end.
class Keys {
public:
    // In the background the terminal is somebody else's.
    Keys() : good_(::tcgetpgrp(0) == ::getpgrp() && ::tcgetattr(0, &before_) == 0)
    {
        if (!good_)
            return;
        termios changed = before_;
        changed.c_lflag &= ~tcflag_t(ICANON | ECHO);
        (void)::tcsetattr(0, TCSANOW, &changed);
    }
    ~Keys()
    {
        if (good_)
            (void)::tcsetattr(0, TCSANOW, &before_);
    }
    Keys(const Keys&) = delete;
    bool good() const { return good_; }

private:
    termios before_ = {};
    bool good_;
};

Result<Fd> catch_the_end()
{
    sigset_t set;
    sigemptyset(&set);
    for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT})
        sigaddset(&set, signal);
    (void)::sigprocmask(SIG_BLOCK, &set, nullptr);
    int number = ::signalfd(-1, &set, SFD_CLOEXEC);
    if (number < 0)
        return os_error("signalfd");
    return Fd(number);
}

// False: the user has seen enough.
bool wait_a_moment(const Fd& signals, bool keys, int milliseconds)
{
    pollfd watched[] = {{signals.get(), POLLIN, 0}, {keys ? 0 : -1, POLLIN, 0}};
    if (sys::retry([&] { return ::poll(watched, 2, milliseconds); }) <= 0)
        return true;
    char key = 'q';
    if (watched[0].revents == 0 && sys::retry([&] { return ::read(0, &key, 1); }) == 1)
        return key != 'q' && key != 'Q' && key != '\x04';
    return false;
}

Result<int> stats(const StatsFlags& flags, const service::Engine& engine, Arguments names)
{
    Fd signals = TRY(catch_the_end());
    bool screen = !flags.no_stream && ::isatty(1);
    if (auto place = container::find_delegation(); !place)
        tell(Where::errors, "kist: not everything can be measured without a cgroup: %s\n",
             place.error().message().c_str());
    std::optional<Keys> keys;
    if (screen)
        keys.emplace();
    Vector<Watched> seen = TRY(look(engine, flags, names, {}));
    for (int pause = kFirstMs; wait_a_moment(signals, keys && keys->good(), pause);
         pause = kPeriodMs) {
        seen = TRY(look(engine, flags, names, seen));
        if (seen.empty() && !names.empty())
            break;  // none of them is there any more
        if (screen)
            say("\033[H\033[J");  // an empty screen
        TRY(print_all(seen, flags));
        if (flags.no_stream)
            break;
    }
    return 0;
}

}  // namespace

extern const Command kStats = {
    .name = "stats",
    .operands = "[CONTAINER...]",
    .summary = "Show what containers use, every second"_help,
    .details = "On a terminal \"q\" ends it.  100% is one processor.\n"_help,
    .flags = kFlags,
    .offer = Offer::containers,
    .run = with_engine<StatsFlags, stats>,
};

}  // namespace kist::cli
