// spawn.h - processes of kist's own that outlive the command: each is a fresh execve(2) of kist, so
// that it has no more memory than it needs, in a session of its own.

#pragma once

#include <optional>
#include <span>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "service/engine.h"

namespace kist::service {

// What they are born with: `kist WORD ROOT STATE NAME LEVEL`, and two descriptors or one.
inline constexpr int kBornSocket = 3;
inline constexpr int kBornFile = 4;
inline constexpr int kFirstFree = 5;

struct Birth {
    const char* word;
    const String& name;  // of what it is for
    const Fd* file;      // null: none, and nothing is written to our stderr
    // Says to the other end why kist could not be executed.
    void (*refuse)(const Fd& socket, const Error& error);
};

// The result is our end of a connection to the new process.
Result<Fd> spawn(const Engine& engine, const Birth& birth);

// In the new process, with the words behind WORD.  Nothing: they are not those of spawn().
struct Born {
    image::Places places;
    String name;
    Fd socket;
};
std::optional<Born> be_born(std::span<char* const> words);

}  // namespace kist::service
