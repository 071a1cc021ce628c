// licenses.h - the licence texts of everything that is linked into kist.

#pragma once

#include <string>

#include "base/result.h"

namespace kist::cli {

// The texts, one after the other, each under a line with the name of what it covers.
Result<std::string> licenses();

}  // namespace kist::cli
