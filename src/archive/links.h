// links.h - the names of files that have several.

#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

#include "base/carried.h"

namespace kist::archive {

// By device and inode.  A walk over a tree asks for every file with st_nlink > 1.
class Links {
public:
    // The first name of the file, or "": then `name` is it.  Of the first kMaxLinks files only.
    const std::string& first(const struct stat& facts, const std::string& name);

private:
    struct Link {
        using Growth = CarriedAsBytes<Link>;
        dev_t device;
        ino_t inode;
        std::string name;
    };
    static constexpr size_t kBuckets = 1024;
    static constexpr size_t kMaxLinks = 1 << 20;
    std::vector<std::vector<Link>> buckets_ = std::vector<std::vector<Link>>(kBuckets);
    size_t count_ = 0;
};

}  // namespace kist::archive
