// fs.h - whole files and whole trees.

#pragma once

#include <cstdint>

#include "base/string.h"
#include "base/sys.h"
#include "base/vector.h"

namespace kist::fs {

enum class Durable { no, yes };

// Replaces the file `name` so that a reader sees either the old contents or all of the new ones;
// with Durable::yes so does a power cut (synced before and after the rename).
Result<void> replace(const Fd& directory, CStr name, std::string_view contents, mode_t mode = 0600,
                     Durable durable = Durable::yes);

// Removes what a power cut leaves of that, and all else whose name begins with a dot.
void remove_temporaries(const Fd& directory);

// Writes to a file that exists and means something to the kernel: /proc, /sys.  One write(2).
Result<void> poke(const Fd& directory, CStr name, std::string_view value);

// The whole file; more than `limit` bytes is EFBIG, what is no regular file EBADMSG (a FIFO would
// be waited for).
Result<String> read(const Fd& directory, CStr name, size_t limit = 1 << 20);
// What a user names, or the kernel has: it may be a pipe.
Result<String> read_path(CStr path, size_t limit = 1 << 20);

// Opens the directory `name`, made first (with its parents, when `name` is a path) where missing.
Result<Fd> make_directory(const Fd& parent, CStr name, mode_t mode = 0755);
Result<Fd> make_directories(CStr path, mode_t mode = 0755);

// The names in a directory but "." and "..", in no order.
Result<Vector<String>> list(const Fd& directory);

// Removes `name` and everything below it; not finding it is success.  Follows no link, enters no
// other mount, and makes unreadable directories of ours readable on the way.
Result<void> remove_tree(const Fd& directory, CStr name);

// Bytes on disk of `name` and everything below it; follows no link, enters no other mount.  ENOENT.
Result<uint64_t> tree_size(const Fd& directory, CStr name);

// Tells whether a file is another or has changed: its inode, time and size, mixed; what links lead
// to.  0: there is none.
uint64_t stamp_of(CStr path);

// True when `file` is on a file system whose statfs(2) type is `magic`.
bool is_on(const Fd& file, long magic);

}  // namespace kist::fs
