// save.h - images out of the store into an archive that any container tool reads.

#pragma once

#include "base/stream.h"
#include "base/string.h"
#include "base/vector.h"
#include "image/store.h"

namespace kist::image {

enum class BundleForm {
    docker,  // as `docker save`: manifest.json, and entries that it names
    oci,     // an OCI image layout in a tar file
};

// Writes the images that `names` mean to `sink` (borrowed).  A name without tag and digest is all
// tags of its repository, as docker has it.  Layers are packed anew from the files that the store
// keeps, so their digests are others than the registry's the first time, and with them the image's
// id; the configuration is the same but for them.  An image that was loaded from such an archive is
// saved under its id again, byte for byte.
//
// Each layer is read twice: its digest and size stand in front of it.  Memory does not grow with
// them.  Must run inside the outer user namespace.  ENOENT: no such image.
Result<void> save(const Store& store, const Vector<String>& names, BundleForm form, Writer& sink);

}  // namespace kist::image
