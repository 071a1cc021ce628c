// target.h - places inside a container's root where something is to be mounted.

#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"

namespace kist::container {

enum class TargetKind { directory, file };

// Opens `path` inside `root` as an O_PATH descriptor, made (with the directories that lead to it,
// mode 0755) where it is missing.  Links are followed as the container would follow them, never out
// of `root`.  EEXIST: it is there and of the other kind.
Result<Fd> open_target(const Fd& root, const String& path, TargetKind kind);

// The directory that holds the last part of `path`, made where missing.
Result<Fd> open_parent(const Fd& root, const String& path);

}  // namespace kist::container
