// lifecycle.cpp - from creation to removal.

#include "service/lifecycle.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <csignal>

#include "base/fs.h"
#include "container/names.h"
#include "container/spec_words.h"
#include "container/sweep.h"
#include "container/volume_store.h"
#include "container/volume_use.h"
#include "service/container_event.h"
#include "service/monitor.h"

namespace kist::service {

using container::State;
using container::Status;

// Who has a container started; one that comes again on the way requires itself.
struct Requirer {
    const String& id;
    const Requirer* before;
};

namespace {

Error not_running(const Spec& spec)
{
    return Error(EINVAL, "container \"%s\" is not running", spec.name.c_str())
        .with_hint(str::format("\"kist start %s\" starts it", spec.name.c_str()));
}

// Under a name that nobody has.  After some tries the id makes it a new one.
Result<Fd> make_named(const container::Directories& directories, Spec& spec)
{
    constexpr int kTries = 10;
    for (int i = 0;; i++) {
        spec.name = container::make_name();
        if (i >= kTries)
            spec.name += "-" + spec.id.substr(0, 6);
        auto made = directories.make(spec);
        if (made || !made.error().is(EEXIST) || i > kTries)
            return made;
    }
}

// Nobody attends to it, or its end is on record already.
bool has_ended(const container::Directories& directories, const String& id)
{
    auto locked = directories.is_locked(id);
    if (locked && !*locked)
        return true;
    auto directory = directories.open_container(id);
    auto state = directory ? container::read_state(*directory) : std::move(directory).error();
    return state ? !is_alive(*state) : state.error().is(ENOENT);
}

// A connection for an order; EINVAL when it does not run.
Result<Client> reach(const Engine& engine, const Spec& spec)
{
    constexpr int kTries = 200, kPauseMs = 10;
    for (int left = kTries;; left--) {
        auto client = Client::connect(engine.directories, spec.id, {.until_exit = true});
        if (client || !(client.error().is(ENOENT) || client.error().is(ECONNRESET) ||
                        client.error().is(EPIPE)))
            return client;
        if (has_ended(engine.directories, spec.id))
            return not_running(spec);
        if (left == 0)
            return client;
        (void)::poll(nullptr, 0, kPauseMs);
    }
}

// Tells the monitor, if there is one that lives on, of a changed Spec.
Result<void> reload(const Engine& engine, const Spec& spec)
{
    auto client = reach(engine, spec);
    auto told = client ? client->reload() : std::move(client).error();
    bool gone = !told && (told.error().is(EINVAL) || told.error().is(EPIPE));
    return gone ? Result<void>() : std::move(told);
}

// Until nobody attends to it any more: flock(2) wakes us.
void wait_for_lock(const Engine& engine, const String& id)
{
    if (auto lock = sys::open_at(engine.directories.locks, id, O_RDWR))
        (void)sys::lock(*lock, sys::Lock::shared);
}

// Required containers run first; each starts what it requires itself.
Result<void> start_requirements(const Engine& engine, const Spec& spec, const Requirer* requirer)
{
    for (const Requirer* at = requirer; at; at = at->before)
        if (at->id == spec.id)
            return Error(ELOOP, "container \"%s\" requires itself, by way of others",
                         spec.name.c_str())
                .with_hint("remove one of them, and create it again without --requires");
    Requirer self = {spec.id, requirer};
    for (const String& name : spec.requirements) {
        Summary required = TRY(container::find(engine.directories, name),
                               "container \"%s\" requires \"%s\"", spec.name.c_str(), name.c_str());
        if (is_alive(required.state))
            continue;
        auto started = start(engine, required.spec.id, {}, std::nullopt, nullptr, &self);
        if (!started && !started.error().is(EALREADY))
            return std::move(started).error().context("container \"%s\" requires \"%s\"",
                                                      spec.name.c_str(), name.c_str());
    }
    return {};
}

// It may have ended since `container` was read.
int exit_code_on_record(const Engine& engine, const Summary& container)
{
    auto directory = engine.directories.open_container(container.spec.id);
    auto state = directory ? container::read_state(*directory)
                           : Result<container::State>(Error(ENOENT, "gone"));
    if (!state)
        return container.state.exit_code;
    return state->status == container::Status::running ? 128 + SIGKILL : state->exit_code;
}

}  // namespace

Result<Fd> create(const Engine& engine, Spec& spec, Fd image_lock)
{
    const container::Directories& directories = engine.directories;
    Fd lock = TRY(directories.make_lock(spec.id));
    Undo unlock([&] { (void)sys::unlink_at(directories.locks, spec.id); });
    Fd directory = TRY(spec.name.empty() ? make_named(directories, spec) : directories.make(spec));
    Undo remove([&] { (void)directories.remove(spec.id, spec.name); });
    image_lock.close();
    // The record is what keeps them from others.
    Undo remove_volumes(
        [&] { (void)container::remove_anonymous_volumes(spec, engine.places, engine.outer); });
    TRY(container::make_volumes(spec, engine.places, engine.outer));
    State state;
    state.tier = engine.outer.map.text;
    TRY(write_state(directory, state, !spec.remove));
    remove.keep();
    remove_volumes.keep();
    unlock.keep();
    emit_of(engine.places, spec, "create");
    return lock;
}

// The lock of a container that does not run; nothing when it does.  Others have the lock for a
// while, too: who looks whether it is free, sweeps, or copies the container's files.  They are
// waited for.
Result<std::optional<Fd>> take_idle(const container::Directories& directories, const String& id)
{
    constexpr int kPauseMs = 10, kMaxPauses = 1000;
    for (int i = 0; i < kMaxPauses; i++) {
        std::optional<Fd> lock = TRY(directories.take_lock(id));
        auto directory = directories.open_container(id);
        if (lock || !directory)
            return lock;
        auto state = container::read_state(*directory);
        // Without a record it is being made or removed.
        if (state ? is_alive(*state) : !state.error().is(ENOENT))
            return lock;
        (void)::poll(nullptr, 0, kPauseMs);
    }
    return Error(EBUSY, "container %.12s is being copied from or to, or removed", id.c_str())
        .with_hint("try again when that is done");
}

void release(const Engine& engine, const String& id, Fd lock)
{
    (void)sys::unlink_at(engine.directories.locks, id);
    lock.close();
}

Result<Client> start(const Engine& engine, const String& id, const Attachment& attachment,
                     std::optional<Fd> lock, const Fd* signals, const Requirer* requirer)
{
    // Nobody waits for another's lock while holding one: two that require each other would for
    // ever.
    Spec spec = TRY(engine.directories.read_spec(id));
    Undo unlock([&] {
        if (lock)
            (void)sys::unlink_at(engine.directories.locks, id);
    });
    TRY(start_requirements(engine, spec, requirer));
    if (!lock)
        lock = TRY(take_idle(engine.directories, id));
    TRY(engine.directories.open_container(id));  // unless it was removed meanwhile
    if (!lock)
        return Error(EALREADY, "container %.12s is running already", id.c_str());
    Client client(TRY(spawn_monitor(engine, id, std::move(*lock))));
    unlock.keep();  // the monitor sees to it
    TRY(client.begin(attachment, signals));
    return client;
}

Result<std::optional<Client>> order_stop(const Engine& engine, const Summary& container,
                                         const StopOptions& options)
{
    const Spec& spec = container.spec;
    int signal = SIGTERM;
    if (options.signal)
        signal = *options.signal;
    else if (!spec.stop_signal.empty())
        signal = TRY(container::parse_signal(spec.stop_signal));
    for (;;) {
        auto client = reach(engine, spec);
        if (!client && client.error().is(EINVAL))
            return std::optional<Client>();
        if (!client)
            return std::move(client).error();
        auto sent =
            client->stop(options.timeout.value_or(int(spec.stop_timeout)), signal, options.then);
        if (sent)
            return std::optional<Client>(std::move(*client));
        // One that ends by itself at this moment hangs up, and may be started again.
        if (!sent.error().is(EPIPE))
            return std::move(sent).error();
    }
}

Result<std::optional<Client>> order_kill(const Engine& engine, const Summary& container, int signal)
{
    std::optional<Client> client = TRY(reach(engine, container.spec));
    TRY(client->signal(signal));
    if (signal != SIGKILL)
        client.reset();
    return client;
}

Result<void> wait_for_end(const std::optional<Client>& ordered, int limit_ms)
{
    if (!ordered)
        return {};
    pollfd end_of_it = {ordered->socket().get(), POLLIN, 0};
    if (sys::retry([&] { return ::poll(&end_of_it, 1, limit_ms); }) == 0)
        return Error(ETIMEDOUT, "the container was killed, but has not ended yet");
    auto end = ordered->wait();
    if (!end && !end.error().is(ECONNRESET))
        return std::move(end).error();
    return {};
}

Result<void> stop(const Engine& engine, const Summary& container, const StopOptions& options)
{
    std::optional<Client> ordered = TRY(order_stop(engine, container, options));
    return wait_for_end(ordered);
}

Result<void> pause(const Engine& engine, const Summary& container, bool paused)
{
    const Spec& spec = container.spec;
    if (container.state.status != Status::running)
        return not_running(spec);
    if (container.state.cgroup.empty())
        return Error(ENOTSUP, "container \"%s\" has no cgroup, so it cannot be paused",
                     spec.name.c_str())
            .with_hint("\"kist check\" says how to get cgroup v2");
    auto cgroup = TRY(container::Cgroup::open(container.state.cgroup));
    if (TRY(cgroup.frozen()) == paused)
        return Error(paused ? EALREADY : EINVAL, "container \"%s\" is %s paused", spec.name.c_str(),
                     paused ? "already" : "not");
    TRY(cgroup.freeze(paused));
    emit_of(engine.places, spec, paused ? "pause" : "unpause");
    return {};
}

Result<int> wait(const Engine& engine, const Summary& container, Until until)
{
    const String& id = container.spec.id;
    // Watched first, so that nothing is missed between looking and waiting.
    Fd watch(until == Until::removed ? ::inotify_init1(IN_CLOEXEC) : -1);
    String path =
        str::format("/proc/self/fd/%d/%s", engine.directories.containers.get(), id.c_str());
    bool watched = ::inotify_add_watch(watch.get(), path.c_str(), IN_DELETE_SELF) >= 0;
    auto client = reach(engine, container.spec);
    int code = exit_code_on_record(engine, container);
    if (client) {
        auto end = client->wait();
        if (!end && !end.error().is(ECONNRESET))
            return std::move(end).error();
        code = end ? end->exit_code : 128 + SIGKILL;
    } else if (!client.error().is(EINVAL)) {
        return std::move(client).error();
    } else if (until == Until::next_exit) {
        return not_running(container.spec);
    }
    char events[4096];
    while (until == Until::removed && watched &&
           TRY(sys::exists_at(engine.directories.containers, id)))
        if (sys::retry([&] { return ::read(watch.get(), events, sizeof events); }) < 0)
            return os_error("wait for the removal of %.12s", id.c_str());
    return code;
}

Result<void> remove(const Engine& engine, const Summary& container, const RemoveOptions& options)
{
    const String& id = container.spec.id;
    const container::Directories& directories = engine.directories;
    constexpr int kPauseMs = 10, kAnswerMs = 10'000;
    std::optional<Fd> lock;
    while (!(lock = TRY(options.force ? directories.take_lock(id) : take_idle(directories, id)))) {
        if (!TRY(sys::exists_at(directories.containers, id)))
            return {};  // --rm: its monitor has removed everything
        if (!options.force)
            return Error(EBUSY, "container \"%s\" is running", container.spec.name.c_str())
                .with_hint("stop it first, or use --force");
        // A monitor that is just coming to life does not listen yet.
        auto client = order_kill(engine, container, SIGKILL);
        if (!client && client.error().is(ETIME))
            TRY(Client::kill_monitor(directories, id));
        else if (!client && !client.error().is(EINVAL) && !client.error().is(EPIPE))
            return std::move(client).error();
        if (client && wait_for_end(*client, kAnswerMs))
            wait_for_lock(engine, id);
        else
            (void)::poll(nullptr, 0, kPauseMs);
    }
    auto directory = directories.open_container(id);
    if (!directory) {
        if (!directory.error().is(ENOENT))
            return std::move(directory).error();
        release(engine, id, std::move(*lock));
        return {};
    }
    auto known = directories.read_spec(id);
    if (!known && !options.force)
        return std::move(known).error();
    Spec spec;
    spec.id = id;
    if (known)  // it may be damaged
        spec = std::move(*known);
    auto read = container::read_state(*directory);
    State state = read ? std::move(*read) : State();
    bool durable = !spec.remove;
    if (!options.volumes && durable)
        container::keep_volumes(spec);
    spec.remove = true;
    TRY(container::finish(directories, engine.places, engine.outer, spec, state));
    if (durable)
        TRY(sys::fsync(directories.containers));
    emit_of(engine.places, spec, "destroy");
    return {};
}

Result<void> rename(const Engine& engine, const Summary& container, const String& name)
{
    TRY(container::check_name(name));
    const container::Directories& directories = engine.directories;
    Fd held = TRY(directories.hold(container.spec.id));
    Spec spec = TRY(directories.read_spec(container.spec.id));
    String old = std::exchange(spec.name, name);
    if (old == name)
        return Error(EINVAL, "container \"%s\" has this name already", name.c_str());
    TRY(directories.take_name(spec));
    Undo give_back([&] { (void)sys::unlink_at(directories.names, name); });
    TRY(directories.rewrite(spec));
    give_back.keep();
    (void)sys::unlink_at(directories.names, old);
    held.close();  // a monitor that is about to end waits for it
    TRY(reload(engine, spec));
    emit_of(engine.places, spec, "rename", "oldName", old);
    return {};
}

Result<void> update(const Engine& engine, const Summary& container, const Spec& changed, Fd held)
{
    if (!container.state.cgroup.empty() && container.state.status == Status::running) {
        auto cgroup = TRY(container::Cgroup::open(container.state.cgroup));
        TRY(cgroup.limit(changed.limits), "cannot change the limits of \"%s\"",
            container.spec.name.c_str());
    } else if (container.state.status == Status::running && changed.limits.any()) {
        return Error(ENOTSUP, "container \"%s\" has no cgroup, so it cannot be limited",
                     container.spec.name.c_str())
            .with_hint("\"kist check\" says how to get cgroup v2");
    }
    TRY(engine.directories.rewrite(changed));
    held.close();  // as in rename()
    TRY(reload(engine, changed));
    emit_of(engine.places, changed, "update");
    return {};
}

}  // namespace kist::service
