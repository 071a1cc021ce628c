// attend.h - what commands that attach to a container have in common.

#pragma once

#include "base/result.h"
#include "base/string.h"
#include "service/client.h"

namespace kist::cli {

// The keys that detach: as typed after --detach-keys, else docker's ctrl-p,ctrl-q.
Result<String> detach_keys_of(const String& asked);

// Says what must be said of the end, and gives the command's exit code.
int finish_attending(const service::Attended& attended);

}  // namespace kist::cli
