// state.cpp - what became of a container.

#include "container/state.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/relocate.h"
#include "base/string.h"

namespace kist::container {

namespace {

constexpr const char* kFile = "state.json";
constexpr const char* kRemoved = "removed.json";

// clang-format off
constexpr json::Field kState[] = {
    json::field<&State::version>    ("version"),
    json::field<&State::status>     ("status"),
    json::field<&State::pid>        ("pid", json::optional),
    json::field<&State::start_time> ("startTime", json::optional),
    json::field<&State::boot_id>    ("bootId", json::optional),
    json::field<&State::started_at> ("startedAt", json::optional),
    json::field<&State::finished_at>("finishedAt", json::optional),
    json::field<&State::exit_code>  ("exitCode", json::optional),
    json::field<&State::oom_killed> ("oomKilled", json::optional),
    json::field<&State::error>      ("error", json::optional),
    json::field<&State::cgroup>     ("cgroup", json::optional),
    json::field<&State::tier>       ("tier", json::optional),
    json::field<&State::stopped>        ("stopped", json::optional),
    json::field<&State::resume>         ("resume", json::optional),
    json::field<&State::restart_count>  ("restartCount", json::optional),
    json::field<&State::memory_peak>    ("memoryPeak", json::optional),
    json::field<&State::monitor_version>("monitorVersion", json::optional),
};
// clang-format on

// "5 minutes ago" of a time that is kept as text.
String since(const String& when)
{
    auto seconds = clock::from_text(when);
    return seconds ? clock::ago(clock::now() - *seconds) : "at an unknown time";
}

}  // namespace

// Found beside the type (json.h), so not in the unnamed namespace.
static std::span<const json::Field> fields_of(const State*)
{
    return kState;
}

State::State() = default;
State::State(State&& other) noexcept : State()
{
    swap_with(*this, other);
}
State& State::operator=(State&& other) noexcept
{
    return swap_with(*this, other);
}
State::~State() = default;

bool is_alive(const State& state)
{
    return state.status == Status::running || state.status == Status::restarting;
}

String to_json(const State& state)
{
    return json::write(state, json::Layout::pretty) + "\n";
}

Result<State> state_from_json(String text)
{
    State state = TRY(json::parse<State>(std::move(text)), "%s", kFile);
    if (state.version > State().version)
        return Error(ENOTSUP, "%s is of a newer kist (format %d)", kFile, state.version)
            .with_hint("use the newer kist, or remove the container with it");
    return state;
}

Result<void> write_state(const Fd& directory, const State& state, bool durable)
{
    return fs::replace(directory, kFile, to_json(state), 0600,
                       durable ? fs::Durable::yes : fs::Durable::no);
}

Result<State> read_state(const Fd& directory)
{
    return state_from_json(TRY(fs::read(directory, kFile)));
}

// Renamed or removed, but not written: the disk may be full.
Result<void> remove_state(const Fd& directory, bool keep_volumes)
{
    auto gone = keep_volumes ? sys::rename_at(directory, kFile, kRemoved)
                             : sys::unlink_at(directory, kFile);
    return gone || gone.error().is(ENOENT) ? Result<void>() : std::move(gone);
}

bool keeps_volumes(const Fd& directory)
{
    return bool(sys::stat_at(directory, kRemoved));
}

String describe(const State& state)
{
    switch (state.status) {
        case Status::created: return "Created";
        case Status::running: {
            String age = since(state.started_at);
            return "Up " + age.substr(0, age.rfind(" ago"));
        }
        case Status::restarting:
            return str::format("Restarting (%d) %s", state.exit_code,
                               since(state.finished_at).c_str());
        case Status::exited:
            return str::format("Exited (%d) %s", state.exit_code, since(state.finished_at).c_str());
    }
    return "Unknown";  // unreachable: -Wswitch keeps the list complete
}

}  // namespace kist::container
