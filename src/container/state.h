// state.h - what became of a container: the part of its record that changes.
//
// containers/ID/ in the store holds spec.json and state.json, both replaced atomically.  Whether it
// runs is not read from a file alone: its monitor holds a lock on STATE/locks/ID, in the volatile
// directory; when nobody holds it the container is not running, whatever the file says.

#pragma once

#include <sys/types.h>

#include <cstdint>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"

namespace kist::container {

// As it is on record.  restarting: its monitor waits before it starts it again.  Whether it is
// paused is asked of its cgroup, whether it is running of the lock.
enum class Status : uint8_t { created, running, exited, restarting };

struct State {
    State();
    State(State&&) noexcept;
    State& operator=(State&&) noexcept;
    ~State();

    int version = 1;
    Status status = Status::created;
    pid_t pid = 0;                      // of the first process, in our pid namespace
    unsigned long long start_time = 0;  // process::start_time(), so that a reused pid is noticed
    String boot_id;
    String started_at, finished_at;  // RFC 3339
    int exit_code = 0;
    bool oom_killed = false;
    String error;                // why it could not be started
    String cgroup;               // path of its cgroup below the v2 mount, for the sweep
    String tier;                 // id-map tier
    bool stopped = false;        // the user stopped it: `unless-stopped` leaves it alone
    bool resume = false;         // it ran as the machine went down: boot brings it back
    unsigned restart_count = 0;  // how often its policy started it again
    uint64_t memory_peak = 0;    // bytes, of the last run; 0: not known
    int monitor_version = 0;     // of the protocol that its monitor speaks (service/protocol.h)
};

// Whether a monitor that lives attends to it: it runs, or is about to again.
bool is_alive(const State& state);

String to_json(const State& state);
Result<State> state_from_json(String text);

// Durable only when the container is to outlive the command (not with --rm).
Result<void> write_state(const Fd& directory, const State& state, bool durable);
Result<State> read_state(const Fd& directory);
// The first step of a removal: whoever finds the container without its record goes on with it.  Its
// anonymous volumes go, too, unless they are kept.
Result<void> remove_state(const Fd& directory, bool keep_volumes);
bool keeps_volumes(const Fd& directory);

// "Up 5 minutes", "Exited (0) 2 hours ago", "Created".
String describe(const State& state);

}  // namespace kist::container
