// links.cpp - the names of files that have several.

#include "archive/links.h"

#include "base/string.h"
#include "base/vector.h"

namespace kist::archive {

const String& Links::first(const struct stat& facts, const String& name)
{
    [[clang::no_destroy]] static constinit const String kNone;
    Vector<Link>& bucket = buckets_[facts.st_ino % kBuckets];
    for (const Link& link : bucket)
        if (link.inode == facts.st_ino && link.device == facts.st_dev)
            return link.name;
    if (count_++ < kMaxLinks)
        bucket.push_back({facts.st_dev, facts.st_ino, name});
    return kNone;
}

}  // namespace kist::archive
