// boot.cpp - starting what should run when the machine has started.

#include "service/boot.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/process.h"
#include "base/string.h"
#include "base/vector.h"
#include "service/health.h"
#include "service/lifecycle.h"

namespace kist::service {

namespace {

constexpr int64_t kMaxHealthMs = int64_t(24) * 3600 * 1000;

// awaited: it runs, and its health is waited for.
enum class Stage : uint8_t { waiting, awaited, settled, failed };

// One container of the plan.
struct Launch {
    const Summary* container = nullptr;
    Vector<size_t> requirements;  // positions in the plan
    bool required = false;
    Stage stage = Stage::waiting;
    int64_t until = 0;  // awaited: when our patience ends, in clock::steady_ms()
};

// How long a health check may take to say healthy or unhealthy, in milliseconds.
int64_t patience_of(const container::HealthPlan& health)
{
    int64_t interval = std::max(health.interval, health.timeout);
    int64_t limit = kMaxHealthMs / (int64_t(health.retries) + 1);
    return std::min(health.start_period / clock::kNanosPerMs, kMaxHealthMs) +
           std::min(interval / clock::kNanosPerMs, limit) * (int64_t(health.retries) + 1);
}

class Launcher {
public:
    Launcher(const Engine& engine, std::span<const Summary> containers, const BootPlan& plan,
             Say say)
        : engine_(engine), say_(say), launches_(plan.order.size())
    {
        Vector<Vector<size_t>> requirers = requirers_of(containers);
        Vector<size_t> place(containers.size(), SIZE_MAX);
        for (size_t i = 0; i < plan.order.size(); i++)
            place[plan.order[i]] = i;
        for (size_t i = 0; i < plan.order.size(); i++) {
            launches_[i].container = &containers[plan.order[i]];
            for (size_t requirer : requirers[plan.order[i]]) {
                if (place[requirer] == SIZE_MAX)
                    continue;
                launches_[place[requirer]].requirements.push_back(i);
                launches_[i].required = true;
            }
        }
    }

    // Starts what can be started; sleeps only when all the rest waits for somebody's health.
    size_t run()
    {
        for (;;) {
            for (Launch& launch : launches_)
                if (launch.stage == Stage::waiting)
                    consider(launch);
            if (!is_anyone(Stage::awaited))
                break;
            await();
        }
        return failures_;
    }

private:
    bool is_anyone(Stage stage) const
    {
        for (const Launch& launch : launches_)
            if (launch.stage == stage)
                return true;
        return false;
    }

    void fail(Launch& launch, const Error& error)
    {
        say_(error);
        launch.stage = Stage::failed;
        failures_++;
    }

    void consider(Launch& launch)
    {
        const container::Spec& spec = launch.container->spec;
        for (size_t requirement : launch.requirements) {
            const Launch& required = launches_[requirement];
            if (required.stage == Stage::failed)
                return fail(launch,
                            Error(ENOENT,
                                  "cannot start \"%s\": it requires \"%s\", which "
                                  "could not be started",
                                  spec.name.c_str(), required.container->spec.name.c_str()));
            if (required.stage != Stage::settled)
                return;
        }
        auto started = start(engine_, spec.id, {});
        if (!started && !started.error().is(EALREADY))
            return fail(launch, std::move(started).error().context("cannot start \"%s\"",
                                                                   spec.name.c_str()));
        log::debug("boot: %s runs", spec.name.c_str());
        launch.stage = Stage::settled;
        if (!launch.required || !spec.health)
            return;
        launch.stage = Stage::awaited;
        launch.until = clock::steady_ms() + patience_of(*spec.health);
    }

    // Whether our waiting for it is over: it is healthy, or there is no more hope.
    bool is_settled(Launch& launch)
    {
        const container::Spec& spec = launch.container->spec;
        auto health = read_health(engine_.directories, spec.id);
        bool healthy = health && health->status == "healthy";
        auto locked = engine_.directories.is_locked(spec.id);
        bool ended = locked && !*locked;
        bool unhealthy = health && health->status == "unhealthy";
        if (!healthy && !ended && !unhealthy && clock::steady_ms() < launch.until)
            return false;
        launch.stage = Stage::settled;
        if (!healthy)
            say_(Error(ETIMEDOUT, "\"%s\" %s; what requires it is started all the same",
                       spec.name.c_str(), ended ? "has ended" : "is not healthy"));
        return true;
    }

    // Sleeps until the health of somebody has changed, or our patience is at its end.
    void await()
    {
        Fd changes(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
        int64_t until = INT64_MAX;
        bool settled = false;
        for (Launch& launch : launches_) {
            if (launch.stage != Stage::awaited)
                continue;
            // Its health, and its lock, which goes at its end.
            for (const char* where : {"/run/", "/locks/"}) {
                String path = engine_.places.state + where + launch.container->spec.id;
                (void)::inotify_add_watch(
                    changes.get(), path.c_str(),
                    IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE_SELF | IN_ATTRIB);
            }
            until = std::min(until, launch.until);
            // Looked at once the watch is there: no change is missed.
            settled |= is_settled(launch);
        }
        pollfd changed = {changes.get(), POLLIN, 0};
        int64_t left = std::clamp<int64_t>(until - clock::steady_ms(), 0, kMaxHealthMs);
        if (!settled)
            (void)::poll(&changed, 1, int(left));
    }

    const Engine& engine_;
    Say say_;
    Vector<Launch> launches_;
    size_t failures_ = 0;
};

}  // namespace

Result<size_t> launch_all(const Engine& engine, Say say)
{
    Vector<Summary> containers = TRY(container::list(engine.directories));
    BootPlan plan = plan_boot(containers, starts_at_boot);
    for (const Error& refusal : plan.refused)
        say(refusal);
    size_t failures = plan.refused.size() + Launcher(engine, containers, plan, say).run();
    Fd state = TRY(sys::open(engine.places.state, O_RDONLY | O_DIRECTORY));
    TRY(process::mark(state, kLaunchedMark));
    return failures;
}

bool is_launched(const image::Places& places)
{
    return process::is_marked(sys::borrow(AT_FDCWD), places.state + "/" + kLaunchedMark);
}

}  // namespace kist::service
