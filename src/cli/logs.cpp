// logs.cpp - what a container has printed.

#include <poll.h>

#include "base/clock.h"
#include "base/string.h"
#include "base/sys.h"
#include "cli/command.h"
#include "cli/context.h"
#include "cli/moment.h"
#include "cli/say.h"
#include "container/container.h"
#include "container/log.h"
#include "service/client.h"
#include "service/engine.h"

namespace kist::cli {

namespace {

using container::Stream;

constexpr int kPauseMs = 20, kMaxPauses = 50;  // a second for a container that is restarted

struct LogsFlags {
    bool follow = false, timestamps = false, details = false;
    String tail = "all", since, until;
};

// clang-format off
constexpr Flag kFlags[] = {
    flag<&LogsFlags::details>   (0,   "details",    nullptr, "Accepted for docker's sake: there are no more"_help),
    flag<&LogsFlags::follow>    ('f', "follow",     nullptr, "Go on with what is printed until the container ends"_help),
    flag<&LogsFlags::since>     (0,   "since",      "TIME",  "Only what was printed from then on: 2026-11-22T10:04:05Z, or 10m (ago)"_help),
    flag<&LogsFlags::tail>      ('n', "tail",       "COUNT", "Only the last so many lines, or all"_help),
    flag<&LogsFlags::timestamps>('t', "timestamps", nullptr, "Put the time in front of each line"_help),
    flag<&LogsFlags::until>     (0,   "until",      "TIME",  "Only what was printed until then"_help),
};
// clang-format on

class Printer {
public:
    explicit Printer(bool timestamps) : timestamps_(timestamps) {}

    Result<void> print(const container::LogLine& line)
    {
        Where where = line.stream == Stream::errors ? Where::errors : Where::output;
        // Both may be the same terminal.
        if (where == Where::errors)
            (void)flush();
        bool& within = within_[size_t(line.stream)];
        if (timestamps_ && !within)
            tell(where, "%s ", line.time.c_str());
        within = !line.text.ends_with('\n');
        return put(where, line.text);
    }

private:
    bool timestamps_;
    bool within_[2] = {};  // a line, on either stream
};

// Whether there is still something to come.
class Life {
public:
    Life(const container::Directories& directories, const String& id)
        : directories_(directories), id_(id)
    {
    }

    bool goes_on()
    {
        (void)flush();
        if (is_alive())
            return lived_ = true;
        // One that was stopped may be on its way back (`kist restart`, which has it resumed).
        auto directory = directories_.open_container(id_);
        auto state = directory ? container::read_state(*directory)
                               : Result<container::State>(Error(ENOENT, "gone"));
        if (!std::exchange(lived_, false) || !state || !(state->stopped || state->resume))
            return false;
        for (int pause = 0; pause < kMaxPauses; pause++) {
            (void)::poll(nullptr, 0, kPauseMs);
            if (is_alive())
                return lived_ = true;
        }
        return false;
    }

private:
    bool is_alive() const
    {
        auto directory = directories_.open_container(id_);
        if (!directory)
            return false;
        auto state = container::read_state(*directory);
        auto locked = directories_.is_locked(id_);
        return state && container::is_alive(*state) && locked && *locked;
    }

    const container::Directories& directories_;
    const String& id_;
    bool lived_ = false;
};

Result<container::LogQuery> query_of(const LogsFlags& flags)
{
    container::LogQuery query;
    query.follow = flags.follow;
    int64_t now = clock::now_nanos();
    if (!flags.since.empty())
        query.since = TRY(parse_moment(flags.since, now), "--since");
    if (!flags.until.empty())
        query.until = TRY(parse_moment(flags.until, now), "--until");
    if (flags.tail != "all")
        query.tail = TRY(str::to_integer(flags.tail), "--tail");
    return query;
}

Result<int> logs(const LogsFlags& flags, const service::Engine& engine, Arguments operands)
{
    container::LogQuery query = TRY(query_of(flags));
    const container::Directories& directories = engine.directories;
    container::Summary container = TRY(container::find(directories, operands[0]));
    const String& id = container.spec.id;
    Fd directory = TRY(directories.open_container(id));
    auto kept = sys::open_at(directories.volatiles, id, O_RDONLY | O_DIRECTORY);
    // After a reboot a ring is empty.
    Fd volatile_directory = kept ? std::move(*kept) : TRY(sys::duplicate(directory));

    std::optional<service::Client> monitor;
    if (query.follow)
        if (auto connected = service::Client::connect(directories, id, {}))
            query.ended = monitor.emplace(std::move(*connected)).socket().get();
    Life life(directories, id);
    Printer printer(flags.timestamps);
    TRY(container::read_log(
        container.spec, directory, volatile_directory, query,
        [&](const container::LogLine& line) { return printer.print(line); },
        [&] { return life.goes_on(); }));
    return 0;
}

}  // namespace

extern const Command kLogs = {
    .name = "logs",
    .operands = "CONTAINER",
    .summary = "Show what a container has printed"_help,
    .details =
        "Times are RFC 3339 (UTC when they have no zone), seconds since 1970, or durations: so "
        "long ago.\n"_help,
    .flags = kFlags,
    .offer = Offer::containers,
    .run = with_engine<LogsFlags, logs>,
};

}  // namespace kist::cli
