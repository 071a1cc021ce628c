// cgroup.cpp - one container's cgroup: making it, watching it, ending it.  Its limits are in
// cgroup_limits.cpp.

#include "container/cgroup.h"

#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "base/clock.h"
#include "base/fs.h"
#include "base/str.h"
#include "base/string.h"
#include "container/cgroup_files.h"
#include "container/scope.h"

namespace kist::container {

namespace {

void pause_ms(int milliseconds)
{
    timespec time = {0, milliseconds * 1'000'000L};
    (void)::nanosleep(&time, nullptr);
}

// Removes the cgroups below `directory`, deepest first.
void remove_children(const Fd& directory, int depth)
{
    if (depth >= kMaxCgroupDepth)
        return;
    for (const String& name : children_of(directory)) {
        if (auto child = sys::open_at(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW))
            remove_children(*child, depth + 1);
        (void)sys::unlink_at(directory, name, AT_REMOVEDIR);
    }
}

// Of an open cgroup.events; reading it is also what makes the next poll(2) wait.
bool is_populated(const Fd& events)
{
    char text[256] = {};
    ssize_t size = ::pread(events.get(), text, sizeof text - 1, 0);
    return size > 0 && keyed_number({text, size_t(size)}, "populated") != 0;
}

Result<Fd> open_directory(const String& path)
{
    return sys::open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

}  // namespace

Result<Cgroup> Cgroup::create(const Delegation& place, const String& id)
{
    if (id.empty() || id.size() > 128 || id[0] == '.' || id.find('/') != id.npos)
        return Error(EINVAL, "\"%s\" cannot be the name of a cgroup", id.c_str());
    String parent = place.path + "/kist";
    String path = parent + "/" + id;
    // destroy() of another container may remove the parent in between.
    constexpr int kAttempts = 5;
    for (int attempt = 0;; attempt++) {
        auto directory = fs::make_directories(path);
        if (directory)
            return Cgroup(place, path, std::move(*directory));
        if (directory.error().is(ENOENT) && attempt < kAttempts)
            continue;
        return std::move(directory).error().context("cannot make the cgroup %s", path.c_str());
    }
}

Result<Cgroup> Cgroup::open(const String& path)
{
    Fd directory = TRY(open_directory(path), "cannot use the cgroup %s", path.c_str());
    // <place>/kist/<id>
    Delegation place;
    size_t end = path.rfind("/kist/");
    place.path = place.own = place.mount = path.substr(0, end == path.npos ? path.size() : end);
    return Cgroup(std::move(place), path, std::move(directory));
}

Result<void> Cgroup::add(pid_t pid) const
{
    auto added = fs::poke(directory_, "cgroup.procs", str::format("%d", pid));
    // Both cgroups are the user's, but what is above them may not be (cgroups(7), "delegation
    // containment").
    if (!added && added.error().is(EACCES) && can_ask_for_scope() && is_in_scope(path_))
        return move_into_scope(path_, pid);
    TRY(std::move(added), "cannot move process %d into %s", pid, path_.c_str());
    return {};
}

Result<void> Cgroup::freeze(bool frozen) const
{
    return fs::poke(directory_, "cgroup.freeze", frozen ? "1" : "0");
}

Result<bool> Cgroup::frozen() const
{
    return str::trim(TRY(fs::read(directory_, "cgroup.freeze"))) == "1";
}

Result<void> Cgroup::kill() const
{
    auto killed = fs::poke(directory_, "cgroup.kill", "1");
    if (killed || !killed.error().is(ENOENT))
        return killed;
    // Before Linux 5.14.  What is forked while we read is caught by another round.
    (void)freeze(true);
    constexpr int kRounds = 50;
    for (int round = 0; round < kRounds; round++) {
        for (pid_t pid : processes_below(path_))
            (void)::kill(pid, SIGKILL);  // frozen: the numbers stay theirs
        auto alive = populated();
        if (!alive || !*alive)
            break;
        pause_ms(round < 10 ? 1 : 20);
    }
    (void)freeze(false);
    return {};
}

Result<bool> Cgroup::populated() const
{
    String events = TRY(fs::read(directory_, "cgroup.events"));
    return keyed_number(events, "populated") != 0;
}

Result<Fd> Cgroup::watch_events() const
{
    Fd events = TRY(sys::open_at(directory_, "cgroup.events", O_RDONLY));
    (void)is_populated(events);
    return events;
}

Cgroup::Usage Cgroup::usage() const
{
    Usage found;
    if (auto events = fs::read(directory_, "memory.events"))
        found.oom_kills = keyed_number(*events, "oom_kill");
    if (auto peak = fs::read(directory_, "memory.peak"))
        if (auto bytes = str::to_integer(str::trim(*peak)); bytes && *bytes > 0)
            found.memory_peak = static_cast<uint64_t>(*bytes);
    return found;
}

Result<void> Cgroup::destroy(int timeout_ms) const
{
    // A machine that stood still must not use the time up: so many looks there are in any case.
    constexpr int kLooks = 20;
    int64_t end = clock::steady_ms() + timeout_ms;
    auto events = watch_events();
    for (int looks = 1;; looks++) {
        remove_children(directory_, 0);
        if (::rmdir(path_.c_str()) == 0 || errno == ENOENT || errno == ENODEV)
            break;
        if (errno != EBUSY)
            return os_error("cannot remove the cgroup %s", path_.c_str());
        int64_t left = end - clock::steady_ms();
        if (left <= 0 && looks > kLooks)
            return Error(ETIMEDOUT, "the cgroup %s still holds processes: %s", path_.c_str(),
                         describe_processes(processes_in(path_)).c_str());
        if (events && is_populated(*events)) {
            pollfd watched = {events->get(), POLLPRI, 0};
            (void)::poll(&watched, 1, int(std::max<int64_t>(left, 10)));
        } else {
            // Empty, but the last process is not yet wholly gone.
            pause_ms(1);
        }
    }
    // The last container removes what stands above it; others keep it (EBUSY), and so does a kist
    // that stepped aside into "self".
    if (size_t parent = path_.rfind("/kist/"); parent != path_.npos) {
        String above = path_.substr(0, parent + 5);
        (void)::rmdir((above + "/self").c_str());
        (void)::rmdir(above.c_str());
    }
    return {};
}

}  // namespace kist::container
