// directories.cpp - where a container's files are, and its lock.

#include "container/directories.h"

#include <poll.h>

#include "base/fs.h"
#include "base/path.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/names.h"

namespace kist::container {

namespace {

constexpr const char* kSpecFile = "spec.json";
constexpr size_t kMaxSpec = 4 << 20;
constexpr int kPauseMs = 1;

}  // namespace

Result<Directories> Directories::open(const image::Places& places)
{
    Directories all;
    all.store = TRY(fs::make_directories(places.root, 0700), "cannot use the store");
    all.containers = TRY(fs::make_directory(all.store, "containers", 0711));
    all.names = TRY(fs::make_directory(all.store, "names", 0700));
    Fd state = TRY(fs::make_directories(places.state, 0700), "cannot use the state directory");
    all.locks = TRY(fs::make_directory(state, "locks", 0700));
    all.volatiles = TRY(fs::make_directory(state, "run", 0711));
    image::keep_state(all.store, places.state);
    return all;
}

Result<Fd> Directories::make_lock(const String& id) const
{
    // A sweep that finds it before it is locked takes it for a left-over and removes it.
    for (;;) {
        if (std::optional<Fd> lock = TRY(take_lock(id)))
            return std::move(*lock);
        (void)::poll(nullptr, 0, kPauseMs);
    }
}

Result<std::optional<Fd>> Directories::take_lock(const String& id) const
{
    // After a reboot there is no lock file, and so nobody who holds it.
    Fd lock = TRY(sys::open_at(locks, id, O_RDWR | O_CREAT, 0600));
    if (!TRY(sys::try_lock(lock, sys::Lock::exclusive)))
        return std::optional<Fd>();
    // Somebody else may have had it, finished the work and removed the file meanwhile.
    if (TRY(sys::stat(lock)).st_nlink == 0)
        return std::optional<Fd>();
    return std::optional<Fd>(std::move(lock));
}

Result<bool> Directories::is_locked(const String& id) const
{
    auto lock = sys::open_at(locks, id, O_RDONLY);  // closing it tells nobody who watches for ends
    if (!lock)
        return lock.error().is(ENOENT) ? Result<bool>(false) : std::move(lock).error();
    return !TRY(sys::try_lock(*lock, sys::Lock::shared));
}

Result<Fd> Directories::hold(const String& id) const
{
    Fd directory = TRY(open_container(id));
    TRY(sys::lock(directory, sys::Lock::exclusive));
    return directory;
}

// Whether the one that ROOT/names/NAME leads to has that name, or is about to: one whose rename was
// killed has not.
Result<bool> Directories::keeps_name(const String& id, const String& name) const
{
    auto directory = open_container(id);
    if (!directory && directory.error().is(ENOENT))
        return is_locked(id);  // it is just being made
    if (!directory)
        return std::move(directory).error();
    if (!TRY(sys::try_lock(*directory, sys::Lock::shared)))
        return true;  // it is just being renamed
    auto spec = read_spec(id);
    if (!spec && spec.error().is(ENOENT))
        return is_locked(id);
    return !spec || spec->name == name;
}

Result<void> Directories::take_name(const Spec& spec) const
{
    for (;;) {
        auto linked = sys::symlink_at(spec.id, names, spec.name);
        if (linked || !linked.error().is(EEXIST))
            return linked;
        // One at a time: what is left by a command that was killed is taken away once, and not in
        // its place what somebody else has just linked.
        Fd lock = TRY(sys::open_at(names, ".", O_RDONLY | O_DIRECTORY));
        TRY(sys::lock(lock, sys::Lock::exclusive));
        auto owner = id_of_name(spec.name);
        if (!owner && owner.error().is(ENOENT))
            continue;  // removed meanwhile
        String id = TRY(std::move(owner));
        if (id == spec.id)
            return {};
        if (TRY(keeps_name(id, spec.name)))
            return Error(EEXIST, "the name \"%s\" is taken by container %.12s", spec.name.c_str(),
                         id.c_str())
                .with_hint(str::format(
                    "choose another name, remove it with \"kist rm %s\", or use --replace",
                    spec.name.c_str()));
        TRY(sys::unlink_at(names, spec.name));
    }
}

Result<void> Directories::rewrite(const Spec& spec) const
{
    return fs::replace(TRY(open_container(spec.id)), kSpecFile, to_json(spec));
}

Result<Fd> Directories::make(const Spec& spec) const
{
    TRY(take_name(spec));
    Undo release([&] { (void)sys::unlink_at(names, spec.name); });

    TRY(sys::mkdir_at(containers, spec.id, 0711));
    Undo discard([&] { (void)fs::remove_tree(containers, spec.id); });
    Fd directory = TRY(open_container(spec.id));
    TRY(fs::replace(directory, kSpecFile, to_json(spec), 0600,
                    spec.remove ? fs::Durable::no : fs::Durable::yes));
    if (!spec.remove)
        TRY(sys::fsync(containers));
    release.keep();
    discard.keep();
    return directory;
}

Result<void> Directories::remove(const String& id, const String& name) const
{
    TRY(fs::remove_tree(volatiles, id));
    // It may have been renamed; without its record we do not know what it was called.
    auto held = hold(id);
    auto spec = read_spec(id);
    const String& last = spec ? spec->name : name;
    // The name first: who is killed in between leaves a container, which is found.
    for (const String& each : last.empty() ? TRY(fs::list(names)) : Vector{last}) {
        auto owner = id_of_name(each);
        if (owner && *owner == id)
            TRY(sys::unlink_at(names, each));
    }
    TRY(fs::remove_tree(containers, id));
    auto gone = sys::unlink_at(locks, id);
    return gone || gone.error().is(ENOENT) ? Result<void>() : std::move(gone);
}

Result<Fd> Directories::open_container(const String& id) const
{
    auto opened = sys::open_at(containers, id, O_RDONLY | O_DIRECTORY);
    if (!opened && opened.error().is(ENOENT))
        return Error(ENOENT, "no container \"%.12s\"", id.c_str())
            .with_hint("\"kist ps -a\" lists them");
    return opened;
}

Result<Spec> Directories::read_spec(const String& id) const
{
    Fd directory = TRY(open_container(id));
    String text = TRY(fs::read(directory, kSpecFile, kMaxSpec));
    if (text.empty())  // that of a container with --rm, which is not synced, after a power cut
        return Error(ENOENT, "%s was not written", kSpecFile);
    return spec_from_json(std::move(text));
}

Result<String> Directories::id_of_name(const String& name) const
{
    TRY(check_name(name));
    return sys::readlink_at(names, name);
}

}  // namespace kist::container
