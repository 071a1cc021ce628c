// keeper.cpp - one run of a container, from its start to its end.

#include "service/keeper.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/process.h"
#include "container/sweep.h"
#include "service/container_event.h"
#include "service/protocol.h"

namespace kist::service {

namespace {

constexpr int kOurOomScore = -500;   // the kernel takes containers first
constexpr int kTheirOomScore = 100;  // where we may not lower ours

}  // namespace

using container::Status;

// While memory is short the container goes before its monitor.
void Keeper::share_memory_pressure()
{
    sys::Borrowed here = sys::borrow(AT_FDCWD);
    auto text = fs::read(here, "/proc/self/oom_score_adj");
    auto ours = text ? str::to_integer(str::trim(*text)) : Result<long long>(0);
    int score = ours ? int(*ours) : 0;
    bool lowered = score > kOurOomScore &&
                   fs::poke(here, "/proc/self/oom_score_adj", str::format("%d", kOurOomScore));
    oom_score_ = lowered ? score : std::min(1000, score + kTheirOomScore);
}

void Keeper::open_log()
{
    if (log_)
        return;
    auto log = container::Log::open(spec_, directory_, volatile_);
    if (log)
        log_.emplace(std::move(*log));
    else
        log::warn("nothing is logged: %s", log.error().message().c_str());
}

// The record comes before the process, so that whoever finds us dead knows what to look for.
Result<void> Keeper::start(const Fd* cancel)
{
    state_.status = Status::running;
    state_.tier = engine_.outer.map.text;
    state_.boot_id = TRY(process::boot_id());
    state_.error.clear();
    state_.exit_code = 0;
    state_.oom_killed = false;
    state_.memory_peak = 0;
    state_.monitor_version = kProtocolVersion;
    TRY(wire_.summon());
    cgroup_ = TRY(container::make_cgroup(spec_));
    state_.cgroup = cgroup_ ? cgroup_->path() : "";
    TRY(write_state(directory_, state_, !spec_.remove && !ever_ran_));
    open_log();

    container::LaunchOptions options = {
        .spec = spec_,
        .places = engine_.places,
        .outer = engine_.outer,
        .store = engine_.directories.store,
        .volatile_directory = volatile_,
        .cgroup = cgroup_ ? &*cgroup_ : nullptr,
        .rows = size_.rows,
        .columns = size_.columns,
        .oom_score_adj = oom_score_,
        .cancel = cancel,
    };
    TRY(wire_.prepare(options));
    std::optional<container::Streams> streams;
    if (!spec_.tty) {
        streams = TRY(container::make_streams(spec_.interactive));
        for (int i = 0; i < 3; i++)
            options.stdio[i] = streams->theirs[i].get();
    }
    launched_ = TRY(container::launch(options));
    plumbing_.connect(std::move(launched_.console), std::move(streams));
    running_ = true;
    record_start();
    return {};
}

void Keeper::record_start()
{
    state_.pid = launched_.pid;
    auto started = process::start_time(launched_.pid);
    state_.start_time = started ? *started : 0;  // ended already: nothing to find
    state_.started_at = clock::now_text();
    if (auto written = write_state(directory_, state_, false); !written)
        log::warn("%s", written.error().message().c_str());
    if (spec_.health)
        health_.emplace(engine_.places, spec_, state_, volatile_);
    hotplug_ = Hotplug::watch(spec_);
    if (!ever_ran_) {
        // What there was to say has been said: the terminal is the client's again.
        int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
        (void)::dup2(nowhere, 2);
        (void)::close(nowhere);
    }
    emit_mounts(engine_.places, spec_);
    emit_of(engine_.places, spec_, "start");
    clients_.tell_started();
}

// One poll(2), and what it brings.  `until` is in clock::steady_ms().
void Keeper::turn(int64_t until)
{
    constexpr size_t kOwn = 4, kWire = kOwn + Plumbing::kWaits;
    if (health_)
        until = std::min(until, health_->due());
    if (hotplug_)
        until = std::min(until, hotplug_->due());
    until = std::min(until, wire_.due());
    waits_.clear();
    waits_.push_back({running_ ? launched_.process.get() : -1, POLLIN, 0});
    waits_.push_back({signals_.get(), POLLIN, 0});
    waits_.push_back({health_ ? health_->descriptor() : -1, POLLIN, 0});
    waits_.push_back({hotplug_ ? hotplug_->descriptor() : -1, POLLIN, 0});
    plumbing_.wish(waits_);
    wire_.wish(waits_);
    size_t clients_at = waits_.size();
    clients_.wish(waits_);
    int64_t pause = until == INT64_MAX ? -1 : std::max<int64_t>(0, until - clock::steady_ms());
    int ready = ::poll(waits_.data(), waits_.size(), int(std::min<int64_t>(pause, INT32_MAX)));
    if (ready < 0)
        return;
    if (waits_[1].revents)
        heed_signal();
    heed_health(waits_[2].revents);
    heed_devices(waits_[3].revents);
    std::span<const pollfd> all = waits_;
    plumbing_.act(all.subspan(kOwn, Plumbing::kWaits));
    wire_.act(all.subspan(kWire, clients_at - kWire));
    clients_.act(all.subspan(clients_at), *this);
    ended_ = waits_[0].revents != 0;
}

// Until the container has ended; its exit code.
int Keeper::attend()
{
    ended_ = false;
    while (!ended_) {
        turn(kill_at_);
        if (clock::steady_ms() >= kill_at_) {
            signal(SIGKILL);
            kill_at_ = INT64_MAX;
        }
    }
    kill_at_ = INT64_MAX;
    plumbing_.drain();
    auto code = process::wait(launched_.pid);
    running_ = false;
    health_.reset();
    hotplug_.reset();
    return code ? *code : 255;
}

void Keeper::heed_health(short events)
{
    if (!health_ || (!events && clock::steady_ms() < health_->due()))
        return;
    if (health_->step() != Health::Verdict::unhealthy)
        return;
    switch (spec_.health->on_failure) {
        case container::HealthPlan::OnFailure::none: return;
        case container::HealthPlan::OnFailure::kill: return signal(SIGKILL);
        case container::HealthPlan::OnFailure::restart: again_ = true; break;
        case container::HealthPlan::OnFailure::stop:
            return stop(int(spec_.stop_timeout), stop_signal(), {});
    }
    end_softly(int(spec_.stop_timeout), stop_signal());
}

void Keeper::heed_devices(short events)
{
    if (hotplug_ && running_ && (events || clock::steady_ms() >= hotplug_->due()))
        hotplug_->step(spec_, launched_, cgroup_ ? &*cgroup_ : nullptr,
                       engine_.outer.map.tier != image::StoreMap::Tier::root);
}

// Whoever ends us ends the container, as its restart policy knows: it comes back at the next boot.
void Keeper::heed_signal()
{
    signalfd_siginfo info;
    if (::read(signals_.get(), &info, sizeof info) != sizeof info)
        return;
    if (info.ssi_signo != SIGTERM && info.ssi_signo != SIGINT && info.ssi_signo != SIGQUIT)
        return;
    state_.resume = !state_.stopped;
    over_ = true;
    end_softly(int(spec_.stop_timeout), stop_signal());
}

void Keeper::record_end(int code)
{
    state_.status = Status::exited;
    state_.finished_at = clock::now_text();
    state_.exit_code = code;
    if (cgroup_) {
        container::Cgroup::Usage usage = cgroup_->usage();
        state_.oom_killed = usage.oom_kills > 0;
        state_.memory_peak = usage.memory_peak;
    }
    if (state_.oom_killed)
        emit_of(engine_.places, spec_, "oom");
    emit_of(engine_.places, spec_, "die", "exitCode", str::format("%d", code));
}

}  // namespace kist::service
