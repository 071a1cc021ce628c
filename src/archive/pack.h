// pack.h - a tree of files made into a tar stream: the way back of layer.h.
//
// Names are in byte order, directory by directory, so the same tree always makes the same bytes.
// Nothing outside of the tree is read, whatever is swapped meanwhile: every name is looked up in an
// open directory without following links, and only what is a plain file is ever opened.

#pragma once

#include <string_view>

#include "archive/tar_writer.h"
#include "base/fd.h"
#include "base/result.h"
#include "base/str.h"
#include "base/string.h"

namespace kist::archive {

// What becomes of overlayfs's whiteouts and opaque directories.
enum class Marks {
    whiteouts,  // as the image-spec has it: .wh.NAME and .wh..wh..opq
    leave_out,
};

// What is mounted inside of the tree.
enum class Mounts {
    leave_out,  // what is mounted on; the directory itself is there, empty
    storage,    // entered, but for file systems that hold no files: proc, sysfs, cgroup, ...
};

struct PackOptions {
    // In front of every name: "data" gives "data/", "data/a".  Empty: "a".
    String prefix;
    // An entry for the tree itself: the prefix, or "./".
    bool top = false;
    Marks marks = Marks::leave_out;
    Mounts mounts = Mounts::leave_out;
    // Holes as holes, in GNU's sparse format 1.0 (GNU tar, libarchive, Python and Go read it;
    // BusyBox does not).  Otherwise they are zeros.
    bool sparse = false;
    // What a layer's `owners` file says (docs/formats.md): owners, modes and devices that could not
    // be given to the files.
    std::string_view owners;
};

// Writes everything below `tree`, which may be O_PATH; the archive is not finished, so several
// trees can follow one another.  Sockets are left out.  A file that shrinks meanwhile is filled up
// with zeros, one that vanishes is left out.  ENAMETOOLONG, EMFILE: nested too deeply.
Result<void> pack(const Fd& tree, const PackOptions& options, TarWriter& tar);

// The same for what is at `name` in `directory`, a file or a tree: the entry is called
// `options.prefix`.  A symlink is packed as one.
Result<void> pack_at(const Fd& directory, CStr name, const PackOptions& options, TarWriter& tar);

}  // namespace kist::archive
