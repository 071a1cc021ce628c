// say.h - standard output and standard error, as everything that is printed goes there.
//
// Standard output is kept back until there is enough for a write(2); on a terminal, until a line is
// complete.  So flush() comes before a fork, before _exit() and before a wait that somebody
// watches.

#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/string.h"

namespace kist::cli {

enum class Where : uint8_t { output, errors };

Result<void> put(Where where, std::string_view text);
// What these fail to write to standard output is kept in mind for flush().
[[gnu::format(printf, 2, 3)]] void tell(Where where, const char* format, ...);
// To standard output.
[[gnu::format(printf, 1, 2)]] void say(const char* format, ...);
void say_line(std::string_view line);  // and a line break

// Writes what standard output still lacks.  What failed once, for instance with ENOSPC, fails from
// then on.
Result<void> flush();

// A line from standard input, without its end; at most `limit` bytes of it.
String read_line(size_t limit);

}  // namespace kist::cli
