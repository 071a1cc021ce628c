// location.h - a path of the command line, found inside of a root.

#pragma once

#include <sys/stat.h>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"

namespace kist::container {

struct Location {
    Fd directory;     // O_PATH: that of the name, or the place itself when `name` is empty
    String name;      // one component
    mode_t mode = 0;  // 0: there is nothing of this name

    bool exists() const { return mode != 0; }
    bool is_directory() const { return S_ISDIR(mode); }
};

// Finds `path`, which is absolute in `root` and may end in "/" or "/.": then it has to be a
// directory (ENOTDIR).  Links on the way are followed inside of `root`; one at the end, too, when
// `follow` says so.  A name that is missing is a place still; ENOENT when its directory is.
Result<Location> locate(const Fd& root, const String& path, bool follow);

// "/a/b/." and "/": what is in the directory, not the directory.
bool names_contents(std::string_view path);
// "/a/b/": has to be a directory.
bool asserts_directory(std::string_view path);

}  // namespace kist::container
