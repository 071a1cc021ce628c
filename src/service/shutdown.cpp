// shutdown.cpp - stopping all that run before the machine goes down, the order of boot backwards.
//
// Each container is stopped by a child process of its own, so that those which nothing holds
// back end side by side; its end frees what it required.

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "base/clock.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/vector.h"
#include "container/sweep.h"
#include "service/boot.h"
#include "service/lifecycle.h"
#include "service/protocol.h"

namespace kist::service {

namespace {

constexpr int64_t kGraceMs = 5000;  // behind the deadline, for the monitors to kill and record

struct Stopping {
    const Summary* container = nullptr;
    size_t requirers = 0;  // that still run
    pid_t child = 0;
    Fd process;  // pidfd of the child
    bool ended = false;
};

class Shutdown {
public:
    Shutdown(const Engine& engine, std::span<const Summary> containers, int64_t deadline, Say say)
        : engine_(engine),
          say_(say),
          deadline_(deadline),
          requirers_(requirers_of(containers)),
          all_(containers.size())
    {
        for (size_t i = 0; i < containers.size(); i++)
            all_[i].container = &containers[i];
        // A circle holds nobody back: only what boot could have put in order counts.
        BootPlan plan = plan_boot(containers, [](const Summary&) { return true; });
        Vector<char> ordered(containers.size());
        for (size_t index : plan.order)
            ordered[index] = true;
        for (size_t i = 0; i < containers.size(); i++)
            for (size_t requirer : requirers_[i])
                all_[i].requirers += ordered[i] && ordered[requirer];
    }

    size_t run()
    {
        for (;;) {
            for (Stopping& each : all_)
                if (!each.ended && each.child == 0 && each.requirers == 0)
                    begin(each);
            if (!wait_for_one())
                break;
        }
        return end_the_rest();
    }

private:
    int64_t left() const { return deadline_ - clock::steady_ms(); }

    // In the child.
    int stop_one(const Summary& container) const
    {
        int64_t seconds = (std::max<int64_t>(left(), 0) + 999) / 1000;
        StopOptions options = {.then = kResume};
        options.timeout = int(std::min<int64_t>(seconds, container.spec.stop_timeout));
        auto stopped = stop(engine_, container, options);
        if (stopped || stopped.error().is(ENOENT))
            return 0;
        say_(std::move(stopped).error().context("cannot stop \"%s\"", container.spec.name.c_str()));
        return 1;
    }

    void begin(Stopping& each)
    {
        log::debug("shutdown: stop %s", each.container->spec.name.c_str());
        each.child = ::fork();
        if (each.child == 0)
            _exit(stop_one(*each.container));
        auto process = each.child > 0 ? sys::pidfd_open(each.child) : Error(EAGAIN, "fork");
        if (process)
            each.process = std::move(*process);
        else
            finish_one(each);
    }

    // It runs no more, or nothing more can be done: what it required may end.
    void finish_one(Stopping& each)
    {
        if (each.child > 0)
            (void)sys::retry([&] { return ::waitpid(each.child, nullptr, 0); });
        each.ended = true;
        size_t index = size_t(&each - all_.data());
        for (size_t i = 0; i < all_.size(); i++)
            for (size_t requirer : requirers_[i])
                if (requirer == index && all_[i].requirers > 0)
                    all_[i].requirers--;
    }

    // False when none is under way, or the time is up.
    bool wait_for_one()
    {
        Vector<pollfd> ends;
        Vector<Stopping*> whose;
        for (Stopping& each : all_)
            if (!each.ended && each.child > 0) {
                ends.push_back({each.process.get(), POLLIN, 0});
                whose.push_back(&each);
            }
        int64_t patience = left() + kGraceMs;
        if (ends.empty() || patience <= 0)
            return false;
        (void)::poll(ends.data(), ends.size(), int(patience));
        for (size_t i = 0; i < ends.size(); i++)
            if (ends[i].revents)
                finish_one(*whose[i]);
        return true;
    }

    // Monitors that do not answer: what they attend to is killed without them.
    size_t end_the_rest()
    {
        size_t alive = 0;
        for (Stopping& each : all_) {
            if (!each.ended && each.child > 0) {
                (void)::kill(each.child, SIGKILL);
                finish_one(each);
            }
            const container::Spec& spec = each.container->spec;
            auto locked = engine_.directories.is_locked(spec.id);
            if (locked && !*locked)
                continue;
            auto process = container::find_process(each.container->state);
            if (process && *process && sys::pidfd_send_signal(**process, SIGKILL))
                continue;
            say_(Error(EBUSY, "\"%s\" still runs", spec.name.c_str()));
            alive++;
        }
        return alive;
    }

    const Engine& engine_;
    Say say_;
    int64_t deadline_;
    Vector<Vector<size_t>> requirers_;
    Vector<Stopping> all_;
};

}  // namespace

Result<size_t> shutdown_all(const Engine& engine, int seconds, Say say)
{
    int64_t deadline = clock::steady_ms() + int64_t(seconds) * 1000;
    (void)::unlink((engine.places.state + "/" + kLaunchedMark).c_str());
    Vector<Summary> containers = TRY(container::list(engine.directories));
    // One that is just being started has a lock, but is not on record yet.
    erase_if(containers, [&](const Summary& each) {
        auto locked = engine.directories.is_locked(each.spec.id);
        return !is_alive(each.state) && locked && !*locked;
    });
    return Shutdown(engine, containers, deadline, say).run();
}

}  // namespace kist::service
