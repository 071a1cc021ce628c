// load.h - images from an archive into the store, without a registry.

#pragma once

#include <optional>

#include "base/fd.h"
#include "base/string.h"
#include "base/vector.h"
#include "image/pull.h"

namespace kist::image {

struct LoadOptions {
    std::optional<Platform> platform;  // this machine's otherwise
    Progress* progress = nullptr;
};

struct Loaded {
    Digest id;
    Vector<String> names;  // in full
};

// Brings the images of an archive into the store and gives them the names that it says: what
// `docker save` and `podman save` write, or an OCI layout in a tar file, packed by gzip or not,
// with layers that are packed or not.
//
// `file` is read once from where it stands; a plain archive that is a regular file is looked over
// first, so that only layers that are needed are read.  No entry is written to disk but unpacked
// layers.  Everything is verified before the first image is committed (digests where names promise
// them, diff ids always); EBADMSG, ENOENT, E2BIG and EOPNOTSUPP say what is wrong with the archive,
// and nothing of it stays then.
Result<Vector<Loaded>> load(Store& store, const Fd& file, const LoadOptions& options);

}  // namespace kist::image
