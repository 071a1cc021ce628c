// path.h - path names as text; nothing here touches a file system.

#pragma once

#include <string_view>

#include "base/string.h"

namespace kist::path {

// "a/b" from "a" and "b"; an absolute `name` replaces `directory`.
String join(std::string_view directory, std::string_view name);
// Without empty components, "." and "..": "/a//./b/../c" is "/a/c".  ".." never leaves the root or
// the start of a relative path ("../a" is "a").  "" and "." are "." (relative) or "/" (absolute).
String clean(std::string_view path);
std::string_view base(std::string_view path);       // "/a/b" is "b"
std::string_view directory(std::string_view path);  // "/a/b" is "/a", "b" is "."

}  // namespace kist::path
