// unpack.h - a layer's bytes made into the files that the store keeps.

#pragma once

#include "base/fd.h"
#include "base/stream.h"
#include "image/layout.h"

namespace kist::image {

// Unpacks `sent`, plain or gzip, into `directory`/tree, with `directory`/owners beside it where the
// map of the store asks for one, and reads it to its end.  The diff id in the result is the one
// found; believing, syncing and committing it is the caller's.  EBADMSG: not a layer.
Result<Info> unpack(Reader& sent, const Fd& directory, const StoreMap& map);

// Reads to the end.
Result<void> drain(Reader& reader);

}  // namespace kist::image
