// directories.h - where a container's files are, and the lock that says it is alive.
//
//     ROOT/containers/ID/   spec.json, state.json; upper/ and work/ of its overlay (launch.h)
//     ROOT/names/NAME       a link to the id: two containers cannot take one name
//     STATE/locks/ID        held (flock) by the monitor as long as the container runs
//     STATE/run/ID/         hosts, resolv.conf and hostname of a running container
//
// A lock is taken before the container's directory appears, so whoever finds a directory whose
// lock is free has found one that nobody attends.

#pragma once

#include <optional>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "container/spec.h"
#include "image/places.h"

namespace kist::container {

struct Directories {
    Fd store;       // ROOT
    Fd containers;  // ROOT/containers
    Fd names;       // ROOT/names
    Fd locks;       // STATE/locks
    Fd volatiles;   // STATE/run

    // Makes what is missing.
    static Result<Directories> open(const image::Places& places);

    // Takes the lock of a container that is not there yet.
    Result<Fd> make_lock(const String& id) const;
    // Takes the lock of one whose monitor is gone; nothing when it is held.
    Result<std::optional<Fd>> take_lock(const String& id) const;
    // Whether a monitor holds it.
    Result<bool> is_locked(const String& id) const;

    // Whose holder alone changes its spec.json.
    Result<Fd> hold(const String& id) const;
    // Makes ROOT/names/NAME.  EEXIST: the name is taken.
    Result<void> take_name(const Spec& spec) const;
    // Replaces the spec.json of a container that is there.
    Result<void> rewrite(const Spec& spec) const;
    // Makes ROOT/containers/ID with its spec.json and ROOT/names/NAME.  EEXIST: the name is taken.
    Result<Fd> make(const Spec& spec) const;
    // Removes all that make() made, and the lock file.
    Result<void> remove(const String& id, const String& name) const;

    Result<Fd> open_container(const String& id) const;
    // ENOENT: it was never written.
    Result<Spec> read_spec(const String& id) const;
    // The id behind a name; ENOENT.
    Result<String> id_of_name(const String& name) const;

private:
    Result<bool> keeps_name(const String& id, const String& name) const;
};

}  // namespace kist::container
