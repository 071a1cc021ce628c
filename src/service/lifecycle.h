// lifecycle.h - from creation to removal: what docker's lifecycle commands do to one container.
//
// Each takes the container as container::find() gave it, and tolerates that it has changed or gone
// since: ENOENT says that it is gone.

#pragma once

#include <climits>
#include <optional>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "container/container.h"
#include "container/spec.h"
#include "service/client.h"
#include "service/engine.h"

namespace kist::service {

using container::Spec;
using container::Summary;

// Makes the container's directories, volumes and record.  EEXIST: the name is taken.  `image_lock`
// (Store::lock_shared) is let go once the record keeps the image.  The result is the container's
// lock: for start(), or to be given back with release().
Result<Fd> create(const Engine& engine, Spec& spec, Fd image_lock);
void release(const Engine& engine, const String& id, Fd lock);

struct Requirer;
// Starts it under a new monitor and answers once its program runs.  An error that is the program's
// own (not found, not executable) has been recorded; container::exit_code_for() says the exit code.
// EALREADY: it runs.  ENOENT: it was removed.  What it requires (--requires) is started before;
// ELOOP: it requires itself.  `lock` is create()'s; without it the lock is taken here.  `signals`
// (may be null; container/signals.h) end a start that takes long.  `requirer` is for start()
// itself.
Result<Client> start(const Engine& engine, const String& id, const Attachment& attachment,
                     std::optional<Fd> lock = std::nullopt, const Fd* signals = nullptr,
                     const Requirer* requirer = nullptr);

struct StopOptions {
    std::optional<int> timeout;  // seconds until it is killed; -1: never; none: the container's own
    std::optional<int> signal;   // none: the container's own
    std::string_view then = {};  // kResume or kKeep (protocol.h)
};
// Asks it to end, kills it when it does not, and waits until that is on record.  Its restart policy
// does not bring it back.  One that does not run is no error.
Result<void> stop(const Engine& engine, const Summary& container, const StopOptions& options);
// In two steps, so that several end side by side: the order, and then the wait.  Nothing when there
// is nothing to wait for.
Result<std::optional<Client>> order_stop(const Engine& engine, const Summary& container,
                                         const StopOptions& options);
// Sends a signal.  EINVAL: it does not run.  After SIGKILL its restart policy does not bring it
// back, as with docker, and its end is to be waited for.
Result<std::optional<Client>> order_kill(const Engine& engine, const Summary& container,
                                         int signal);
// ETIMEDOUT: after `limit_ms` (-1: none).
Result<void> wait_for_end(const std::optional<Client>& ordered, int limit_ms = -1);
// ENOTSUP: there is no cgroup v2.  EALREADY, EINVAL: it is paused, or not.
Result<void> pause(const Engine& engine, const Summary& container, bool paused);

enum class Until { not_running, next_exit, removed };
// Waits without polling; the exit code.
Result<int> wait(const Engine& engine, const Summary& container, Until until);

struct RemoveOptions {
    bool force = false;    // kill it when it runs
    bool volumes = false;  // its anonymous volumes too (--rm does so by itself)
};
// EBUSY: it runs, and `force` was not given.
Result<void> remove(const Engine& engine, const Summary& container, const RemoveOptions& options);
Result<void> rename(const Engine& engine, const Summary& container, const String& name);

// Writes the changed Spec (restart policy, limits), applies limits to the living container, and
// tells its monitor.  `held`: of Directories::hold(), since the Spec was read.
Result<void> update(const Engine& engine, const Summary& container, const Spec& changed, Fd held);

}  // namespace kist::service
