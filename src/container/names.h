// names.h - what containers and volumes may be called, and names for those that nobody named.

#pragma once

#include <string_view>

#include "base/result.h"
#include "base/string.h"

namespace kist::container {

// "quiet-otter": an adjective and a noun, by chance.
String make_name();

// docker's rule: a letter or digit, then letters, digits, '_', '.' and '-'; 2 to 128, of networks
// 1 to 128.  EINVAL.  `what` it is to be the name of is for the error.
Result<void> check_name(std::string_view name, const char* what = "container", size_t least = 2);

}  // namespace kist::container
