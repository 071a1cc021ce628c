// random.h - random bytes from the kernel.

#pragma once

#include <cstddef>
#include <cstdint>

#include "base/string.h"

namespace kist::random {

// getrandom(2); blocks early at boot until the kernel's pool is ready, and cannot fail after.
void fill(void* buffer, size_t size);
uint64_t number();
// `digits` lower-case hex digits, for example 64 for a container's id.
String hex(size_t digits);

}  // namespace kist::random
