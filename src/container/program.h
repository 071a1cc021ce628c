// program.h - which file a container's program is.

#pragma once

#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::container {

// Codes of errors that are the program's own, not ours; beyond errno's, so that no other failure is
// taken for one.  exit_code_for() makes docker's exit codes of them.
inline constexpr int kProgramMissing = 1127;   // not found: 127
inline constexpr int kProgramUnusable = 1126;  // found, but cannot be executed: 126

// `name` as execvp(3) finds it, in the root and working directory of the calling process: as it is
// with a slash, in the PATH of `env` without.
Result<String> find_program(const String& name, const Vector<String>& env);

// What execve(2) of `path` failed for.
Error program_error(const String& path, int code);

}  // namespace kist::container
