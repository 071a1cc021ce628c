// health.h - a container's health checks, as its monitor runs them.
//
// The verdict and the last five answers are in STATE/run/ID/health.json, docker's State.Health, so
// that nothing of it is ever written to a disk.  Each check is a process of its own: it asks,
// writes the file, tells of a change and ends, so that the monitor neither blocks nor grows.

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>

#include "base/fd.h"
#include "base/json.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/directories.h"
#include "container/spec.h"
#include "container/state.h"
#include "image/places.h"

namespace kist::service {

// The monitor's side: one for each run of the container.  It sleeps between checks; while one is
// under way a pipe is polled.
class Health {
public:
    // All are borrowed; `volatile_directory` is STATE/run/ID.  `spec` has a health check.
    Health(const image::Places& places, const container::Spec& spec, const container::State& state,
           const Fd& volatile_directory);
    Health(const Health&) = delete;
    ~Health();

    enum class Verdict { none, unhealthy };  // unhealthy: it has just become so
    // When step() wants to be called next, in clock::steady_ms(); INT64_MAX: not by time.
    int64_t due() const { return due_; }
    // What to wait for with POLLIN meanwhile; -1: nothing.
    int descriptor() const { return checker_ ? answer_.get() : -1; }
    // Goes one step on: starts a check, or takes its end.
    Verdict step();

private:
    void start();
    void end(char status);
    int64_t age() const;

    const image::Places& places_;
    const container::Spec& spec_;
    const container::State& state_;
    const Fd& volatile_;
    int64_t started_;    // of the container, in clock::steady_ms()
    int64_t due_ = 0;    // of the next check, or until when the one under way may take
    pid_t checker_ = 0;  // the process of the check under way
    Fd answer_;          // it writes one letter there: the first of the status
    char status_ = 's';
};

// What health.json says.
struct HealthAnswer {
    String start, end;  // RFC 3339 with nanoseconds
    int exit_code = 0;
    String output;  // the first 4096 bytes
};
struct HealthRecord {
    String status;  // "starting", "healthy", "unhealthy"
    unsigned failing_streak = 0;
    Vector<HealthAnswer> log;
};
std::span<const json::Field> fields_of(const HealthAnswer*);
std::span<const json::Field> fields_of(const HealthRecord*);  // docker's names

// ENOENT: the container has no health check, or does not run.
Result<HealthRecord> read_health(const container::Directories& directories, const String& id);

// What an answer makes of a record, by docker's rules; `age` of the container in nanoseconds when
// the check began.  True: the status has changed.
bool take_answer(HealthRecord& record, HealthAnswer answer, const container::HealthPlan& plan,
                 int64_t age);
// How long to wait until the next check, in nanoseconds.
int64_t pause_before_check(const container::HealthPlan& plan, bool starting, int64_t age);

// One check, now: asks, and writes and tells what came of it.  EBUSY: the container is paused;
// ESRCH: it does not run.
Result<HealthRecord> check_health(const image::Places& places, const container::Spec& spec,
                                  const container::State& state, const Fd& volatile_directory,
                                  int64_t age);

}  // namespace kist::service
