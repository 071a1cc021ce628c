// staging.h - work in progress: directories below staging/ that are locked by their maker.
//
// The lock is flock(2) on the directory itself, so it goes with the process whatever kills it, and
// a directory that nobody holds is a left-over.  The name is the subject of the work ("HEX" of the
// diff id for a layer), which makes the same lock the one that two pulls of a layer meet at.

#pragma once

#include <atomic>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"

namespace kist::image {

class Staging {
public:
    // Makes staging/NAME below `root` (borrowed, outlives it), or takes it over and empties it.
    // Waits while another thread or process holds it; ECANCELED when `cancelled` becomes true
    // meanwhile.
    static Result<Staging> begin(const Fd& root, String name,
                                 const std::atomic<bool>* cancelled = nullptr);
    Staging(Staging&& other) noexcept = default;
    // Removes what is left in it, then lets go of the lock.
    ~Staging();

    const Fd& directory() const { return directory_; }

private:
    Staging(Fd parent, String name, Fd directory)
        : parent_(std::move(parent)), name_(std::move(name)), directory_(std::move(directory))
    {
    }
    Fd parent_;
    String name_;
    Fd directory_;
};

// A place for what is to be removed, outside of what counts: rename it there under the store's
// lock, and let the lock go before this object does the slow part.
Result<Staging> begin_trash(const Fd& root);

// True when staging/NAME exists and somebody is at work in it.
bool is_live(const Fd& root, const String& name);

// Moves to `trash` what does not count: layers without a link, links without a layer, halves of
// replaced files.  Store locked exclusively.
Result<void> repair(const Fd& root, const Fd& trash);

// Removes what killed commands left, when there is anything: left-overs in staging, layers that
// were moved but not yet linked, halves of replaced files.  Costs three system calls when staging
// is empty.  Does nothing while another command holds the store.
Result<void> sweep(const Fd& root);

}  // namespace kist::image
