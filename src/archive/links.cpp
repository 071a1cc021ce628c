// links.cpp - the names of files that have several.

#include "archive/links.h"

namespace kist::archive {

const std::string& Links::first(const struct stat& facts, const std::string& name)
{
    static const std::string kNone;
    std::vector<Link>& bucket = buckets_[facts.st_ino % kBuckets];
    for (const Link& link : bucket)
        if (link.inode == facts.st_ino && link.device == facts.st_dev)
            return link.name;
    if (count_++ < kMaxLinks)
        bucket.push_back({facts.st_dev, facts.st_ino, name});
    return kNone;
}

}  // namespace kist::archive
