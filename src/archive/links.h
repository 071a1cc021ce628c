// links.h - the names of files that have several.

#pragma once

#include <sys/stat.h>

#include "base/string.h"
#include "base/vector.h"

namespace kist::archive {

// By device and inode.  A walk over a tree asks for every file with st_nlink > 1.
class Links {
public:
    // The first name of the file, or "": then `name` is it.  Of the first kMaxLinks files only.
    const String& first(const struct stat& facts, const String& name);

private:
    struct Link {
        dev_t device;
        ino_t inode;
        String name;
    };
    static constexpr size_t kBuckets = 1024;
    static constexpr size_t kMaxLinks = 1 << 20;
    Vector<Vector<Link>> buckets_ = Vector<Vector<Link>>(kBuckets);
    size_t count_ = 0;
};

}  // namespace kist::archive
