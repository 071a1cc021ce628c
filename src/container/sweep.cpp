// sweep.cpp - finishing what a killed command left behind.

#include "container/sweep.h"

#include <poll.h>

#include <csignal>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/process.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/launch.h"
#include "container/log_files.h"
#include "container/volume_store.h"
#include "container/volume_use.h"
#include "network/unwire.h"

namespace kist::container {

namespace {

constexpr const char* kBootMark = ".boot";  // in STATE/locks: this boot's first sweep is done
constexpr int kKilled = 128 + SIGKILL;
constexpr int kDeathTimeoutMs = 5000;

// Kills what lives of a container whose monitor is gone: all of its pid namespace dies with the
// first process.
Result<void> kill_leftover(const State& state)
{
    std::optional<Fd> process = TRY(find_process(state));
    if (!process)
        return {};
    TRY(sys::pidfd_send_signal(*process, SIGKILL));
    pollfd gone = {process->get(), POLLIN, 0};
    if (sys::retry([&] { return ::poll(&gone, 1, kDeathTimeoutMs); }) == 0)
        return Error(ETIMEDOUT, "process %d does not die", state.pid);
    return {};
}

// One with --rm that has ended, but could not be removed then.
bool was_removed(const Spec& spec, const State& state)
{
    return spec.remove && state.status == Status::exited;
}

Result<void> remove_cgroup(const State& state)
{
    if (state.cgroup.empty())
        return {};
    auto cgroup = Cgroup::open(state.cgroup);
    if (!cgroup)
        return cgroup.error().is(ENOENT) ? Result<void>() : std::move(cgroup).error();
    TRY(cgroup->kill());
    return cgroup->destroy();
}

Result<void> leave_networks(const Directories& directories, const image::Places& places,
                            const String& id)
{
    auto directory = sys::open_at(directories.volatiles, id, O_RDONLY | O_DIRECTORY);
    if (!directory)
        return directory.error().is(ENOENT) ? Result<void>() : std::move(directory).error();
    return network::unwire(places.state, *directory);
}

// What a container leaves in memory when it ends: a log that is kept there, and nothing else.
Result<void> clear_volatiles(const Directories& directories, const Spec& spec)
{
    if (spec.log.driver != LogPlan::Driver::ring)
        return fs::remove_tree(directories.volatiles, spec.id);
    auto directory = sys::open_at(directories.volatiles, spec.id, O_RDONLY | O_DIRECTORY);
    if (!directory)
        return directory.error().is(ENOENT) ? Result<void>() : std::move(directory).error();
    for (const String& name : TRY(fs::list(*directory)))
        if (!name.starts_with(kLogFile))
            TRY(fs::remove_tree(*directory, name));
    return {};
}

// The names of containers that were not made, or not renamed, before the power was cut.
void sweep_names(const Directories& directories)
{
    auto names = fs::list(directories.names);
    if (!names)
        return;
    for (const String& name : *names) {
        auto id = sys::readlink_at(directories.names, name);
        auto locked = id ? directories.is_locked(*id) : Result<bool>(true);
        if (!locked || *locked)
            continue;
        auto spec = directories.read_spec(*id);
        if (spec ? spec->name != name : spec.error().is(ENOENT))
            (void)sys::unlink_at(directories.names, name);
    }
}

// The anonymous volumes of containers with --rm of which a power cut took the records, theirs and
// the volumes': neither was synced.
void sweep_volumes(const Directories& directories, const image::Places& places,
                   const OuterNamespace& outer)
{
    auto store = VolumeStore::open(directories.store);
    auto volumes = store ? store->list() : Vector<VolumeInfo>();
    Spec lost;
    if (!volumes)
        return;
    for (VolumeInfo& info : *volumes) {
        if (!info.anonymous || !info.created.empty())
            continue;
        Mount& mount = lost.mounts.emplace_back();
        mount.kind = Mount::Kind::volume;
        mount.anonymous = true;
        mount.source = std::move(info.name);
    }
    (void)remove_anonymous_volumes(lost, places, outer);
}

// Something: its monitor was killed in this boot.
Result<std::optional<Spec>> sweep_one(const Directories& directories, const image::Places& places,
                                      const OuterNamespace& outer, const String& id,
                                      bool first_of_boot)
{
    std::optional<Fd> lock = TRY(directories.take_lock(id));
    if (!lock)
        return std::optional<Spec>();
    auto directory = directories.open_container(id);
    if (first_of_boot && directory)
        fs::remove_temporaries(*directory);
    auto spec = directories.read_spec(id);
    auto read = directory ? read_state(*directory) : Result<State>(Error(ENOENT, "gone"));
    bool unwritten = !spec && spec.error().is(ENOENT);
    // Killed before its record was written, or after it was removed.
    if (unwritten || (!read && read.error().is(ENOENT))) {
        (void)clean_up(places, outer, id, true);
        if (spec && !keeps_volumes(*directory))
            TRY(remove_anonymous_volumes(*spec, places, outer));
        TRY(directories.remove(id, spec ? spec->name : ""));
        return std::optional<Spec>();
    }
    State lost;  // the file was not synced, and is not whole
    lost.status = Status::running;
    if (!read && read.error().is(EBADMSG))
        read = std::move(lost);
    State state = TRY(std::move(read));
    if (!spec)
        return std::move(spec).error();
    bool lived = is_alive(state);
    if (!lived && state.cgroup.empty() && !was_removed(*spec, state)) {
        auto unlinked = sys::unlink_at(directories.locks, id);
        if (!unlinked && !unlinked.error().is(ENOENT))
            return std::move(unlinked).error();
        return std::optional<Spec>();
    }
    log::debug("sweep container %.12s", id.c_str());
    bool this_boot = state.boot_id == TRY(process::boot_id());
    if (lived) {
        state.exit_code = kKilled;
        state.resume = !state.stopped;
        state.error = "kist was killed while the container ran";
        state.finished_at = clock::to_text(clock::now());
    }
    auto finished = finish(directories, places, outer, *spec, state);
    if (!finished && (!lived || state.status != Status::exited))  // what lived is not gone
        return std::move(finished).error();
    return lived && this_boot ? std::optional<Spec>(std::move(*spec)) : std::nullopt;
}

}  // namespace

Result<std::optional<Fd>> find_process(const State& state)
{
    if (state.pid <= 0 || state.boot_id != TRY(process::boot_id()))
        return std::optional<Fd>();
    auto process = sys::pidfd_open(state.pid);
    if (!process)
        return std::optional<Fd>();
    // Asked after the pidfd was opened: it holds on to the process whose time this is.
    auto started = process::start_time(state.pid);
    if (!started || *started != state.start_time)
        return std::optional<Fd>();
    return std::optional<Fd>(std::move(*process));
}

Result<void> finish(const Directories& directories, const image::Places& places,
                    const OuterNamespace& outer, const Spec& spec, State& state)
{
    auto ended = kill_leftover(state);
    if (ended)
        ended = remove_cgroup(state);
    if (ended)
        ended = leave_networks(directories, places, spec.id);
    if (!ended) {
        if (auto directory = directories.open_container(spec.id))
            (void)write_state(*directory, state, !spec.remove);
        return ended;
    }
    state.status = Status::exited;  // not before: the next sweep would heed no restart policy
    state.pid = 0;
    state.cgroup.clear();
    Result<void> first;
    auto attempt = [&](Result<void> result) {
        if (!result && first)
            first = std::move(result);
    };
    auto directory = directories.open_container(spec.id);
    if (spec.remove && directory)
        attempt(remove_state(*directory, !has_anonymous_volumes(spec)));
    attempt(clean_up(places, outer, spec.id, spec.remove));
    if (spec.remove) {
        attempt(remove_anonymous_volumes(spec, places, outer));
        attempt(directories.remove(spec.id, spec.name));
        return first;
    }
    if (directory)
        attempt(write_state(*directory, state, true));
    attempt(clear_volatiles(directories, spec));
    auto unlinked = sys::unlink_at(directories.locks, spec.id);
    if (!unlinked && !unlinked.error().is(ENOENT))
        attempt(std::move(unlinked));
    return first;
}

Vector<Spec> sweep(const Directories& directories, const image::Places& places,
                   const OuterNamespace& outer)
{
    Vector<Spec> killed;
    bool first_of_boot = !process::is_marked(directories.locks, kBootMark);
    auto ids = fs::list(first_of_boot ? directories.containers : directories.locks);
    if (!ids)
        return killed;
    for (const String& id : *ids) {
        if (id.starts_with('.'))
            continue;
        auto swept = sweep_one(directories, places, outer, id, first_of_boot);
        if (swept && *swept)
            killed.push_back(std::move(**swept));
        if (!swept)
            log::debug("cannot sweep container %.12s: %s", id.c_str(),
                       swept.error().message().c_str());
    }
    if (!first_of_boot)
        return killed;
    sweep_names(directories);
    sweep_volumes(directories, places, outer);
    (void)process::mark(directories.locks, kBootMark);
    return killed;
}

}  // namespace kist::container
