// labels.h - names and values that users give to volumes and networks, on the command line and in
// lists.

#pragma once

#include <string_view>

#include "base/json.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::cli {

// Words "NAME" and "NAME=VALUE", of --label and --opt.
json::Map pairs_of(const Vector<String>& words);
// "NAME=VALUE,NAME=VALUE".
String text_of(const json::Map& pairs);
// `wanted`: "NAME" or "NAME=VALUE".
bool has_label(const json::Map& labels, std::string_view wanted);

}  // namespace kist::cli
