// relocate.h - large structs moved as bytes.
//
// Moving one member by member is code as long as the struct, for construction and again for
// assignment.  As a Vector moves its elements (vector.h), and under the same rule: the struct must
// not know its own address.  And where it is moved from, what its default constructor makes must
// own nothing, as that is left behind and TRY does not destroy it.

#pragma once

#include <algorithm>
#include <cstddef>

namespace kist {

[[gnu::noinline]] inline void swap_bytes(void* a, void* b, size_t size)
{
    auto bytes = static_cast<char*>(a);
    std::swap_ranges(bytes, bytes + size, static_cast<char*>(b));
}

// Move assignment: `other` takes the old value along, to destroy it.
template <class T>
T& swap_with(T& target, T& other)
{
    swap_bytes(&target, &other, sizeof(T));
    return target;
}

}  // namespace kist
