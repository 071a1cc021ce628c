// licenses.h - the licence texts of everything that is linked into kist.

#pragma once

#include "base/result.h"
#include "base/string.h"

namespace kist::cli {

// The texts, one after the other, each under a line with the name of what it covers.
Result<String> licenses();

}  // namespace kist::cli
