// guard.cpp - what stays when all has been started: it notices that a monitor was killed.
//
// A monitor's lock file was opened for writing, so its death, of whatever kind, closes that file
// last and inotify(7) tells of it.  So does every kist command that asks for the lock; then a look
// at the records finds nothing to do.  The look itself opens lock files for reading only, and thus
// wakes nobody.

#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/process.h"
#include "base/string.h"
#include "container/state.h"
#include "service/boot.h"
#include "service/restart.h"

namespace kist::service {

namespace {

// The kernel tells of a closed file a moment before it lets go of the lock: a lock that is held is
// looked at again.
constexpr int kLooks = 3;
constexpr useconds_t kLookPauseUs = 50000;

sigset_t ending_signals()
{
    sigset_t signals;
    sigemptyset(&signals);
    for (int number : {SIGTERM, SIGINT, SIGHUP})
        sigaddset(&signals, number);
    return signals;
}

enum class Found { nothing, attended, unattended };

// What the record of one container and its lock say together.
Found look_at(const container::Directories& directories, const String& id)
{
    auto directory = directories.open_container(id);
    if (!directory)
        return Found::nothing;
    auto state = container::read_state(*directory);
    if (!state || !is_alive(*state))
        return Found::nothing;
    auto lock = sys::open_at(directories.locks, id, O_RDONLY);
    if (!lock)
        return Found::nothing;
    auto taken = sys::try_lock(*lock, sys::Lock::exclusive);
    return taken && *taken ? Found::unattended : Found::attended;
}

constexpr int kRevived = 2;

// In a child process: settles what monitors that were killed have left.  kRevived: there was some.
int settle(const image::Places& places, const container::OuterNamespace& outer)
{
    auto directories = container::Directories::open(places);
    if (!directories)
        return 1;
    for (int look = 0; look < kLooks; look++) {
        auto ids = fs::list(directories->locks);
        if (!ids)
            return 1;
        bool attended = false;
        for (const String& id : *ids) {
            if (id.starts_with('.'))
                continue;
            Found found = look_at(*directories, id);
            if (found == Found::unattended) {
                log::debug("guard: the monitor of %.12s is gone", id.c_str());
                return open_engine(places, outer) ? kRevived : 1;
            }
            attended |= found == Found::attended;
        }
        if (!attended)
            return 0;
        (void)::usleep(kLookPauseUs);
    }
    return 0;
}

// In a child process: the launch of this boot.
int launch(const image::Places& places, const container::OuterNamespace& outer, Say say)
{
    auto engine = open_engine(places, outer);
    if (!engine)
        return say(engine.error()), 1;
    if (is_launched(places))
        return 0;
    auto failures = launch_all(*engine, say);
    if (!failures)
        return say(failures.error()), 1;
    return *failures ? 1 : 0;
}

class Guard {
public:
    Guard(const image::Places& places, const container::OuterNamespace& outer, Say say)
        : places_(places), outer_(outer), say_(say)
    {
    }

    Result<void> run(const Fd& ends)
    {
        TRY(watch());
        begin([&] { return launch(places_, outer_, say_); });
        Backoff backoff;
        int64_t revived = 0, quiet_until = 0;  // in clock::steady_ms()
        for (;;) {
            // Monitors that are killed over and over again are not revived as fast as that.
            int64_t quiet = worker_ ? 0 : std::max<int64_t>(0, quiet_until - clock::steady_ms());
            int what = worker_ ? worker_process_.get() : quiet ? -1 : changes_.get();
            pollfd events[] = {{ends.get(), POLLIN, 0}, {what, POLLIN, 0}};
            (void)::poll(events, 2, quiet ? int(quiet) : -1);
            if (events[0].revents)
                break;
            if (!events[1].revents)
                continue;
            if (worker_) {
                if (end_worker() == kRevived) {
                    int64_t now = clock::steady_ms();
                    quiet_until = now + backoff.next(now - std::exchange(revived, now));
                }
                continue;
            }
            TRY(drain());
            begin([&] { return settle(places_, outer_); });
        }
        if (worker_) {
            (void)::kill(worker_, SIGTERM);
            end_worker();
        }
        return {};
    }

private:
    Result<void> watch()
    {
        TRY(container::Directories::open(places_));
        changes_ = Fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
        String locks = places_.state + "/locks";
        if (::inotify_add_watch(changes_.get(), locks.c_str(), IN_CLOSE_WRITE | IN_DELETE_SELF) < 0)
            return os_error("watch %s", locks.c_str());
        return {};
    }

    // Takes the events that have come; what happens from now on counts again.
    Result<void> drain()
    {
        alignas(inotify_event) char buffer[4096];
        ssize_t size;
        while ((size = ::read(changes_.get(), buffer, sizeof buffer)) > 0)
            for (ssize_t at = 0; at < size;) {
                auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
                if (event->mask & (IN_DELETE_SELF | IN_IGNORED))
                    return watch();  // somebody has removed the state directory
                at += ssize_t(sizeof *event + event->len);
            }
        return {};
    }

    template <class Work>
    void begin(Work work)
    {
        worker_ = ::fork();
        if (worker_ == 0) {
            sigset_t signals = ending_signals();
            ::sigprocmask(SIG_UNBLOCK, &signals, nullptr);
            _exit(work());
        }
        auto process = worker_ > 0 ? sys::pidfd_open(worker_) : Error(EAGAIN, "fork");
        if (process)
            worker_process_ = std::move(*process);
        else
            end_worker();
    }

    // Its exit status.
    int end_worker()
    {
        auto code = worker_ > 0 ? process::wait(worker_) : Result<int>(1);
        worker_ = 0;
        return code ? *code : 1;
    }

    const image::Places& places_;
    const container::OuterNamespace& outer_;
    Say say_;
    Fd changes_;  // inotify
    pid_t worker_ = 0;
    Fd worker_process_;
};

}  // namespace

Result<Fd> catch_ends()
{
    sigset_t signals = ending_signals();
    ::sigprocmask(SIG_BLOCK, &signals, nullptr);
    Fd ends(::signalfd(-1, &signals, SFD_CLOEXEC));
    if (ends.get() < 0)
        return os_error("signalfd");
    return ends;
}

Result<void> guard(const image::Places& places, const container::OuterNamespace& outer,
                   const Fd& ends, Say say)
{
    return Guard(places, outer, say).run(ends);
}

}  // namespace kist::service
