// container.cpp - containers as users know them: run one, list them, remove them.

#include "container/container.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/process.h"
#include "container/directories.h"
#include "container/launch.h"
#include "container/monitor.h"
#include "container/sweep.h"

namespace kist::container {

namespace {

// The cgroup of a new container; nothing where there is no cgroup v2 to be had and nothing
// that needs one was asked for.
Result<std::optional<Cgroup>> make_cgroup(const Spec& spec)
{
    auto place = find_delegation();
    if (!place) {
        if (spec.limits.any())
            return std::move(place).error().context("cannot limit the container");
        log::debug("no cgroup: %s", place.error().message().c_str());
        return std::optional<Cgroup>();
    }
    auto cgroup = Cgroup::create(*place, spec.id);
    if (!cgroup) {
        if (spec.limits.any())
            return std::move(cgroup).error().context("cannot limit the container");
        log::debug("no cgroup: %s", cgroup.error().message().c_str());
        return std::optional<Cgroup>();
    }
    Undo remove([&] { (void)cgroup->destroy(); });
    TRY(cgroup->limit(spec.limits), "cannot limit the container");
    remove.keep();
    return std::optional<Cgroup>(std::move(*cgroup));
}

struct Run {
    const Spec& spec;
    const image::Places& places;
    const OuterNamespace& outer;
    Directories directories;
    Fd directory;
    State state;
};

Result<Launched> start(Run& run, const Cgroup* cgroup, std::optional<Streams>& streams)
{
    Fd volatile_directory = TRY(fs::make_directory(run.directories.volatiles, run.spec.id, 0711));
    LaunchOptions options = {
        .spec = run.spec,
        .places = run.places,
        .outer = run.outer,
        .store = run.directories.store,
        .directory = run.directory,
        .volatile_directory = volatile_directory,
        .cgroup = cgroup,
    };
    if (!run.spec.tty) {
        streams = TRY(make_streams(run.spec.interactive));
        for (int i = 0; i < 3; i++)
            options.stdio[i] = streams->theirs[i].get();
    }
    Launched launched = TRY(launch(options));
    if (streams)
        for (Fd& end : streams->theirs)
            end.close();
    return launched;
}

// Says in the record that it runs; what is needed to find it should we be killed.
Result<void> record_running(Run& run, pid_t pid)
{
    run.state.pid = pid;
    auto started = process::start_time(pid);
    run.state.start_time = started ? *started : 0;  // ended already: nothing to find
    run.state.boot_id = TRY(process::boot_id());
    run.state.started_at = clock::to_text(clock::now());
    return write_state(run.directory, run.state, false);
}

Result<Outcome> attend_to_end(Run& run, const Cgroup* cgroup, const Fd& signals)
{
    std::optional<Streams> streams;
    Launched launched = TRY(start(run, cgroup, streams));
    Undo kill([&] { (void)sys::pidfd_send_signal(launched.process, SIGKILL); });
    TRY(record_running(run, launched.pid));

    std::optional<RawTerminal> raw;
    if (launched.console) {
        copy_size(0, *launched.console);
        if (run.spec.interactive && ::isatty(0))
            raw.emplace(TRY(RawTerminal::enter(0)));
    }
    int code = TRY(attend(launched, streams ? &*streams : nullptr, signals, run.spec.interactive));
    kill.keep();
    Outcome outcome = {.exit_code = code};
    if (cgroup)
        outcome.oom_killed = cgroup->usage().oom_kills > 0;
    return outcome;
}

// A container's directory and when it was made.
struct Entry {
    timespec made;
    std::string id;
};

int newest_first(const void* left, const void* right)
{
    const timespec &a = (*static_cast<Entry*const*>(left))->made,
                   &b = (*static_cast<Entry*const*>(right))->made;
    if (a.tv_sec != b.tv_sec)
        return a.tv_sec > b.tv_sec ? -1 : 1;
    return a.tv_nsec > b.tv_nsec ? -1 : a.tv_nsec < b.tv_nsec;
}

// The ids of all containers, the newest first: spec.json is written once, when one is made.
Result<std::vector<std::string>> ids_by_age(const Directories& directories)
{
    std::vector<Entry> entries;
    for (std::string& id : TRY(fs::list(directories.containers)))
        if (auto facts = sys::stat_at(directories.containers, id + "/spec.json"))
            entries.push_back({facts->st_mtim, std::move(id)});
    std::vector<Entry*> order;
    for (Entry& entry : entries)
        order.push_back(&entry);
    // qsort(3) is a tenth of the size of std::sort.
    ::qsort(order.data(), order.size(), sizeof(Entry*), newest_first);
    std::vector<std::string> ids;
    for (Entry* entry : order)
        ids.push_back(std::move(entry->id));
    return ids;
}

bool matches(const Spec& spec, std::string_view name)
{
    return spec.name == name || spec.id.starts_with(name);
}

}  // namespace

Result<Outcome> run_foreground(const Spec& spec, const image::Places& places,
                               const OuterNamespace& outer, Fd image_lock)
{
    Fd signals = TRY(catch_signals());
    Run run = {spec, places, outer, TRY(Directories::open(places)), Fd(), State()};
    sweep(run.directories, places, outer);

    Fd lock = TRY(run.directories.make_lock(spec.id));
    Undo unlock([&] { (void)sys::unlink_at(run.directories.locks, spec.id); });
    run.directory = TRY(run.directories.make(spec));
    unlock.keep();  // from here on, finish() sees to everything
    image_lock.close();
    run.state.status = Status::running;
    run.state.tier = outer.map.text;
    auto cgroup = make_cgroup(spec);
    if (cgroup && *cgroup)
        run.state.cgroup = (*cgroup)->path();  // on record before anything lives in it
    Result<Outcome> outcome = Error(EINVAL, "not started");
    if (!cgroup) {
        outcome = std::move(cgroup).error();
    } else if (auto written = write_state(run.directory, run.state, !spec.remove); !written) {
        outcome = std::move(written).error();
    } else {
        const Cgroup* group = *cgroup ? &**cgroup : nullptr;
        outcome = attend_to_end(run, group, signals);
    }
    run.state.status = Status::exited;
    run.state.finished_at = clock::to_text(clock::now());
    run.state.exit_code = outcome ? outcome->exit_code : exit_code_for(outcome.error());
    run.state.oom_killed = outcome && outcome->oom_killed;
    run.state.error = outcome ? "" : outcome.error().message();
    if (outcome)
        run.state.pid = 0;
    auto finished = finish(run.directories, places, outer, spec, run.state);
    if (outcome && !finished)
        log::warn("container %.12s ended, but not all of it could be removed: %s", spec.id.c_str(),
                  finished.error().message().c_str());
    return outcome;
}

Result<std::vector<Summary>> list(const image::Places& places, const OuterNamespace& outer)
{
    Directories directories = TRY(Directories::open(places));
    sweep(directories, places, outer);

    std::vector<Summary> all;
    for (const std::string& id : TRY(ids_by_age(directories))) {
        auto spec = directories.read_spec(id);
        auto directory = directories.open_container(id);
        if (!spec || !directory)
            continue;  // just being made, or just removed
        auto state = read_state(*directory);
        Summary summary = {std::move(*spec), state ? std::move(*state) : State()};
        if (summary.state.status == Status::running && !directories.is_locked(id))
            summary.state.status = Status::exited;
        all.push_back(std::move(summary));
    }
    return all;
}

Result<Summary> find(const image::Places& places, const OuterNamespace& outer,
                     std::string_view name)
{
    std::optional<Summary> found;
    for (Summary& each : TRY(list(places, outer))) {
        if (each.spec.name == name || each.spec.id == name)
            return std::move(each);
        if (!matches(each.spec, name))
            continue;
        if (found)
            return Error(EINVAL, "\"%.*s\" is the beginning of more than one container's id",
                         int(name.size()), name.data())
                .with_hint("give more digits of it");
        found = std::move(each);
    }
    if (!found || name.empty())
        return Error(ENOENT, "no container \"%.*s\"", int(name.size()), name.data())
            .with_hint("\"kist ps -a\" lists them");
    return std::move(*found);
}

namespace {

// Kills a container that is attended to, until its monitor has seen the end, written it down and
// let go of the lock.  One that is just starting is killed once its pid is on record.
Result<void> kill_and_wait(const Directories& directories, const std::string& id)
{
    constexpr int kPauseMs = 10;
    auto lock = sys::open_at(directories.locks, id, O_RDWR);
    while (lock && !TRY(sys::try_lock(*lock, sys::Lock::exclusive))) {
        if (auto directory = directories.open_container(id))
            if (auto state = read_state(*directory))
                if (std::optional<Fd> process = TRY(find_process(*state)))
                    (void)sys::pidfd_send_signal(*process, SIGKILL);  // it may have ended just now
        (void)::poll(nullptr, 0, kPauseMs);
    }
    return {};
}

}  // namespace

Result<void> remove(const image::Places& places, const OuterNamespace& outer, std::string_view name,
                    bool force)
{
    Summary summary = TRY(find(places, outer, name));
    Directories directories = TRY(Directories::open(places));
    const std::string& id = summary.spec.id;
    // Created and locked: it is just being started.
    if (summary.state.status != Status::exited && directories.is_locked(id)) {
        if (!force)
            return Error(EBUSY, "container \"%s\" is running", summary.spec.name.c_str())
                .with_hint("stop it first, or use --force");
        TRY(kill_and_wait(directories, id));
        auto directory = directories.open_container(id);
        if (!directory)
            return {};  // --rm: its monitor has removed everything
        if (auto state = read_state(*directory))
            summary.state = std::move(*state);
    }
    summary.spec.remove = true;
    summary.state.pid = 0;
    return finish(directories, places, outer, summary.spec, summary.state);
}

Result<std::vector<Digest>> images_in_use(const image::Places& places)
{
    Directories directories = TRY(Directories::open(places));
    std::vector<Digest> used;
    for (const std::string& id : TRY(fs::list(directories.containers))) {
        auto spec = directories.read_spec(id);
        if (!spec || spec->image_id.empty())
            continue;
        Digest digest = TRY(Digest::parse(spec->image_id));
        if (std::find(used.begin(), used.end(), digest) == used.end())
            used.push_back(digest);
    }
    return used;
}

Result<std::vector<std::string>> containers_of(const image::Places& places, const Digest& image)
{
    Directories directories = TRY(Directories::open(places));
    std::vector<std::string> names;
    for (const std::string& id : TRY(fs::list(directories.containers)))
        if (auto spec = directories.read_spec(id); spec && spec->image_id == image.text())
            names.push_back(std::move(spec->name));
    return names;
}

Result<uint64_t> writable_size(const Fd& store, const std::string& id)
{
    for (const char* name : {"upper", "root"})  // root: the copy where there is no overlay
        if (auto size = fs::tree_size(store, "containers/" + id + "/" + name))
            return size;
    return 0;
}

}  // namespace kist::container
