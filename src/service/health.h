// health.h - a container's health checks, as its monitor runs them.
//
// The verdict and the last five answers are in STATE/run/ID/health.json, docker's State.Health, so
// that nothing of it is ever written to a disk.

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/fd.h"
#include "base/json.h"
#include "base/result.h"
#include "container/directories.h"
#include "container/spec.h"
#include "container/state.h"

namespace kist::service {

// The monitor's side: one for each run of the container.  It runs the check as `exec` would,
// without ever blocking the monitor: a pidfd and a pipe are polled.
class Health {
public:
    // `volatile_directory` (STATE/run/ID) is borrowed; so are the others.
    Health(const container::Spec& spec, const container::State& state,
           const Fd& volatile_directory);
    ~Health();

    enum class Verdict { none, unhealthy };  // unhealthy: it has just become so
    // When step() wants to be called next, in clock::steady_ms(); INT64_MAX: not by time.
    int64_t due() const;
    // What to wait for with POLLIN meanwhile; -1: nothing.
    int descriptor() const;
    // Goes one step on: starts a check, reads its output, or takes its end.
    Verdict step();

private:
    struct Check;
    std::unique_ptr<Check> check_;
};

// What health.json says.
struct HealthAnswer {
    std::string start, end;  // RFC 3339 with nanoseconds
    int exit_code = 0;
    std::string output;  // the first 4096 bytes
};
struct HealthRecord {
    std::string status;  // "starting", "healthy", "unhealthy"
    unsigned failing_streak = 0;
    std::vector<HealthAnswer> log;
};
std::span<const json::Field> fields_of(const HealthAnswer*);
std::span<const json::Field> fields_of(const HealthRecord*);  // docker's names

// ENOENT: the container has no health check, or does not run.
Result<HealthRecord> read_health(const container::Directories& directories, const std::string& id);

}  // namespace kist::service
