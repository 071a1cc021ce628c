// cgroup_files.h - reading the files of a cgroup v2 directory.

#pragma once

#include <sys/types.h>

#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::container {

// How deep a container may nest cgroups below its own; what is deeper is not found.
constexpr int kMaxCgroupDepth = 256;

// Whether the file at `path` holds `word` among its words; not when it cannot be read.
bool has_word(const String& path, std::string_view word);

// The processes in the cgroup at `path` itself; 0 stands for one outside of our pid namespace.
Vector<pid_t> processes_in(const String& path);
// Those in the cgroups below it, too, as far as they have numbers here.
Vector<pid_t> processes_below(const String& path);
// The cgroups directly below the one that is open as `directory`.
Vector<String> children_of(const Fd& directory);
// Those of them that do not run this program.
Vector<pid_t> foreign_processes(const String& path);
// "bash (123), sleep (124) and 3 more", for errors.
String describe_processes(const Vector<pid_t>& processes);

// The number after `key` in a file of lines "key number"; 0 when it is not there.
unsigned long long keyed_number(std::string_view text, std::string_view key);

}  // namespace kist::container
