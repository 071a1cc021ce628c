// recorded_owners.h - the `owners` file of a layer (docs/formats.md): what its files could not be
// given.

#pragma once

#include <sys/stat.h>

#include <string_view>

#include "archive/tar.h"
#include "base/fd.h"
#include "base/result.h"
#include "base/vector.h"

namespace kist::archive {

struct Owner {
    std::string_view path;  // relative to the layer's tree
    Kind kind = Kind::file;
    mode_t mode = 0;  // permissions and set-id bits
    uint32_t uid = 0, gid = 0;
    unsigned major = 0, minor = 0;
    size_t order = 0;  // of the record in the file
    ino_t inode = 0;   // of the file in the tree; 0: there is none
};

// The last record of each path, files of the tree by inode: a record speaks of the file, whatever
// other names it has there.
class RecordedOwners {
public:
    // `text` is borrowed.  EBADMSG.
    static Result<RecordedOwners> read(std::string_view text, const Fd& tree);

    // What is said of the file that these are the facts of, or null.
    const Owner* find(const struct stat& facts) const;
    // Devices that are not in the tree, by path.
    Vector<Owner> missing_devices() const;

private:
    Vector<Owner> rows_;  // by inode
};

}  // namespace kist::archive
