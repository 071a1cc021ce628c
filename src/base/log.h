// log.h - what a developer wants to see (`kist -D`); users are told things by cli alone.

#pragma once

namespace kist::log {

enum class Level { error, warn, info, debug };

// The one global: everything at or above this level goes to stderr.
void set_level(Level level);
bool enabled(Level level);

[[gnu::format(printf, 1, 2)]] void debug(const char* format, ...);
// For what a user must know although the work goes on ("the state directory is not on tmpfs").
// Printed once per process for the same text.
[[gnu::format(printf, 1, 2)]] void warn(const char* format, ...);

}  // namespace kist::log
