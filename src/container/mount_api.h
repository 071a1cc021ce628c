// mount_api.h - mounts that are handled by descriptor: open_tree(2), move_mount(2),
// mount_setattr(2).
//
// A tree is cloned while the host's paths can still be named, waits detached, and is attached to a
// target that was opened inside the container's root: no path of the host is followed on behalf of
// an image, and none of an image on behalf of the host.

#pragma once

#include <cstdint>

#include "base/string.h"
#include "base/sys.h"

namespace kist::container {

enum class Depth { one, recursive };

// A detached copy of the mount at `path`, with what is mounted below it when recursive.
// open_tree(2), Linux 5.2.
Result<Fd> clone_tree(const Fd& directory, CStr path, Depth depth);

// Mounts a detached tree on `target` (a directory, or a file on a file), an O_PATH descriptor.
Result<void> attach(const Fd& tree, const Fd& target, CStr name);

// Attributes that a mount can be restricted by (MOUNT_ATTR_* of mount_setattr(2)).
inline constexpr uint64_t kAttributeReadOnly = 1, kAttributeNoSuid = 2, kAttributeNoDev = 4,
                          kAttributeNoExec = 8;

// Restricts the attached mount whose root `mount` is (a tree after attach(), or opened once the
// mount was there), with those below it when recursive.  Flags that the kernel locked are kept.
// mount_setattr(2), or remounts one by one before Linux 5.12.
Result<void> restrict_mount(const Fd& mount, CStr name, Depth depth, uint64_t attributes);

// How events propagate to and from an attached mount and all below it: MS_PRIVATE, MS_SLAVE,
// MS_SHARED (mount_namespaces(7)).
Result<void> set_propagation(const Fd& mount, CStr name, Depth depth, unsigned long kind);

// mount(2) of a file system on an O_PATH descriptor; `name` is for the error.
Result<void> mount_on(const Fd& target, CStr name, const char* source, const char* type,
                      unsigned long flags, const char* options);

// Opens the directory behind a descriptor again by its path.  A descriptor from before our mount
// namespace was made leads to mounts of the old one, which none of the calls above accepts. ESTALE:
// the path leads somewhere else by now.
Result<Fd> reopen_here(const Fd& directory);

// "/proc/self/fd/N": how calls that know only paths are given a descriptor.
String by_number(const Fd& file);

}  // namespace kist::container
