// health.cpp - when a container's health is checked, and what the answers mean.

#include "service/health.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <csignal>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/string.h"
#include "service/container_event.h"
#include "service/health_probe.h"

namespace kist::service {

namespace {

constexpr const char* kFile = "health.json";
constexpr size_t kMaxFile = 1 << 20;
constexpr size_t kMaxAnswers = 5;
using clock::kNanosPerMs;
constexpr int64_t kGraceMs = 10'000;  // a check that outlasts its own time-out by so much is stuck

// clang-format off
constexpr json::Field kAnswerFields[] = {
    json::field<&HealthAnswer::start>    ("Start"),
    json::field<&HealthAnswer::end>      ("End"),
    json::field<&HealthAnswer::exit_code>("ExitCode"),
    json::field<&HealthAnswer::output>   ("Output"),
};
constexpr json::Field kRecordFields[] = {
    json::field<&HealthRecord::status>        ("Status"),
    json::field<&HealthRecord::failing_streak>("FailingStreak"),
    json::field<&HealthRecord::log>           ("Log"),
};
// clang-format on

Result<HealthRecord> read_record(const Fd& directory)
{
    return json::parse<HealthRecord>(TRY(fs::read(directory, kFile, kMaxFile)));
}

Result<void> write_record(const Fd& directory, const HealthRecord& record)
{
    return fs::replace(directory, kFile, json::write(record) + "\n", 0600, fs::Durable::no);
}

// Closes what is the monitor's, above all its lock, which says that it lives.
void keep_only(const Fd& first, const Fd& second)
{
    auto low = unsigned(std::min(first.get(), second.get()));
    auto high = unsigned(std::max(first.get(), second.get()));
    struct {
        unsigned from, to;
    } gaps[] = {{3, low - 1}, {low + 1, high - 1}, {high + 1, ~0U}};
    for (auto& gap : gaps)
        if (gap.from <= gap.to)
            sys::close_range(gap.from, gap.to, 0);
}

}  // namespace

std::span<const json::Field> fields_of(const HealthAnswer*)
{
    return kAnswerFields;
}

std::span<const json::Field> fields_of(const HealthRecord*)
{
    return kRecordFields;
}

Result<HealthRecord> read_health(const container::Directories& directories, const String& id)
{
    Fd directory = TRY(sys::open_at(directories.volatiles, id, O_RDONLY | O_DIRECTORY));
    return read_record(directory);
}

bool take_answer(HealthRecord& record, HealthAnswer answer, const container::HealthPlan& plan,
                 int64_t age)
{
    String before = record.status;
    if (answer.exit_code == 0) {
        record.failing_streak = 0;
        record.status = "healthy";
    } else if (before != "starting" || age >= plan.start_period) {
        // Until it was healthy once, failures in the start period do not count.
        record.failing_streak++;
        if (record.failing_streak >= std::max(plan.retries, 1U))
            record.status = "unhealthy";
    }
    record.log.push_back(std::move(answer));
    if (record.log.size() > kMaxAnswers)
        record.log.erase(record.log.begin(), record.log.end() - kMaxAnswers);
    return record.status != before;
}

int64_t pause_before_check(const container::HealthPlan& plan, bool starting, int64_t age)
{
    return starting && age < plan.start_period ? plan.start_interval : plan.interval;
}

Result<HealthRecord> check_health(const image::Places& places, const container::Spec& spec,
                                  const container::State& state, const Fd& volatile_directory,
                                  int64_t age)
{
    HealthAnswer answer = TRY(ask_health(spec, state));
    // Read only now: somebody else may have asked meanwhile.
    HealthRecord record;
    if (auto read = read_record(volatile_directory))
        record = std::move(*read);
    else
        record.status = "starting";
    bool changed = take_answer(record, std::move(answer), *spec.health, age);
    TRY(write_record(volatile_directory, record));
    if (changed)
        emit_of(places, spec, ("health_status: " + record.status).c_str());
    return record;
}

Health::Health(const image::Places& places, const container::Spec& spec,
               const container::State& state, const Fd& volatile_directory)
    : places_(places),
      spec_(spec),
      state_(state),
      volatile_(volatile_directory),
      started_(clock::steady_ms())
{
    HealthRecord fresh;
    fresh.status = "starting";
    if (auto written = write_record(volatile_, fresh); !written)
        log::warn("%s", written.error().message().c_str());
    end(status_);
}

Health::~Health()
{
    if (checker_ == 0)
        return;
    (void)::kill(checker_, SIGKILL);  // our child, not waited for; what it started dies with it
    (void)sys::retry([&] { return ::waitpid(checker_, nullptr, 0); });
}

int64_t Health::age() const
{
    return (clock::steady_ms() - started_) * kNanosPerMs;
}

// Notes how a check ended, and when the next one begins.
void Health::end(char status)
{
    if (checker_)
        (void)sys::retry([&] { return ::waitpid(checker_, nullptr, 0); });
    checker_ = 0;
    answer_.close();
    status_ = status;
    int64_t pause = pause_before_check(*spec_.health, status_ == 's', age());
    due_ = clock::steady_ms() + std::max<int64_t>(1, pause / kNanosPerMs);
}

void Health::start()
{
    auto pipe = sys::pipe();
    pid_t monitor = ::getpid();
    pid_t child = pipe ? ::fork() : -1;
    if (child < 0)
        return end(status_);  // no memory now, perhaps at the next time
    if (child == 0) {
        if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || ::getppid() != monitor)
            _exit(1);
        keep_only(volatile_, pipe->writer);
        auto record = check_health(places_, spec_, state_, volatile_, age());
        if (record)
            (void)sys::write_all(pipe->writer, record->status.substr(0, 1));
        _exit(0);
    }
    checker_ = child;
    answer_ = std::move(pipe->reader);
    due_ = clock::steady_ms() + spec_.health->timeout / kNanosPerMs + kGraceMs;
}

Health::Verdict Health::step()
{
    if (checker_ == 0) {
        if (clock::steady_ms() >= due_)
            start();
        return Verdict::none;
    }
    pollfd answer = {answer_.get(), POLLIN, 0};
    bool ready = ::poll(&answer, 1, 0) > 0;
    if (!ready && clock::steady_ms() < due_)
        return Verdict::none;
    char before = status_, status = status_;
    if (!ready)
        (void)::kill(checker_, SIGKILL);
    else if (::read(answer_.get(), &status, 1) != 1)
        status = before;  // it could not ask: paused, or ending
    end(status);
    return status == 'u' && before != 'u' ? Verdict::unhealthy : Verdict::none;
}

}  // namespace kist::service
