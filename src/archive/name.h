// name.h - the names in an archive as places in a tree.

#pragma once

#include <string_view>

#include "base/result.h"
#include "base/string.h"

namespace kist::archive {

// `name` without a leading slash, empty parts and "."; empty for the tree itself.  EBADMSG for
// names with ".." in them (no tool writes one, and no two readers agree on it) and too long ones.
Result<String> clean_name(std::string_view name);

// Of a clean name: "a/b" of "a/b/c", and "c".
std::string_view parent_of(std::string_view path);
std::string_view base_of(std::string_view path);

}  // namespace kist::archive
