// layer.h - a layer's tar stream made into files (OCI image-spec, layer.md).
//
// The tree is built in a directory of its own, to be stacked by overlayfs or copied.  Whatever the
// archive says, nothing outside that directory is written, linked, changed or removed.  Whiteouts
// become what overlayfs understands: a character device 0/0, and the opaque attribute.
//
// The same goes for what is copied into a tree that is in use (`kist cp`), with rules of its own.

#pragma once

#include <cstdint>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/stream.h"
#include "base/string.h"

namespace kist::archive {

// What becomes of owners, set-id bits and device nodes.
enum class Owners {
    apply,   // chown, mknod and security.capability as the archive says (root, or ids mapped)
    record,  // one id only: files stay ours, what the archive said goes to `record_to`
};

struct ApplyOptions {
    Owners owners = Owners::apply;
    // Where Owners::record writes its lines (borrowed): "PATH\0TYPE MODE UID GID MAJOR MINOR\n" for
    // each entry that is not plainly 0:0 or could not be made.
    Writer* record_to = nullptr;
    // Overlay marks as user.overlay.* (mounted with userxattr) instead of trusted.overlay.*.
    bool user_xattr = false;
    // Device nodes cannot be made in a user namespace: they are recorded (above), or skipped.
    bool make_devices = true;

    // A copy into a directory that others use, and may change meanwhile: names with ".wh." mean
    // nothing, files take the place of what is there but not of directories, nor these that of
    // files (EEXIST), and the directory itself is left as it is.
    bool live = false;
    // With it: "." of the archive gives the directory itself owner, mode and time all the same.
    bool top = false;
    // Where the archive's "." goes: a path below the tree, or "" for the tree itself.
    String prefix = {};
    // Everything belongs to 0:0 instead of whom the archive says.
    bool roots = false;
};

struct Applied {
    uint64_t entries = 0;
    uint64_t bytes = 0;  // of file contents
};

// Reads the archive to its end and fills `tree`, an empty directory.  On failure the tree holds
// what was made so far; the caller removes it.  EBADMSG: not a layer, or a hostile one; the message
// names the entry.
Result<Applied> apply_layer(Reader& tar, const Fd& tree, const ApplyOptions& options);

}  // namespace kist::archive
