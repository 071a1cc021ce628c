// attend.h - what commands that attach to a container have in common.

#pragma once

#include <string>

#include "base/result.h"
#include "service/client.h"

namespace kist::cli {

// The keys that detach: as typed after --detach-keys, else docker's ctrl-p,ctrl-q.
Result<std::string> detach_keys_of(const std::string& asked);

// Says what must be said of the end, and gives the command's exit code.
int finish_attending(const service::Attended& attended);

}  // namespace kist::cli
