// volume_store.h - volumes: directories that outlive containers.
//
//     ROOT/volumes/NAME/volume.json   its record
//     ROOT/volumes/NAME/_data/        its files
//     ROOT/volumes/NAME/_filling/     what is being copied up (volume_fill.h)
//     ROOT/volumes/.new-RANDOM        one being made;  .trash-RANDOM  one being deleted
//     ROOT/volumes/.lock              held shared while one is made, exclusively by who removes
//
// A volume appears, and goes, by one rename.  What keeps it is the record of a container that names
// it: whoever removes one looks through these records while it holds the lock.  Files in it may
// belong to ids that exist only inside of the outer user namespace (inside.h).

#pragma once

#include <string_view>

#include "base/fd.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/idmap.h"
#include "container/spec.h"
#include "image/places.h"

namespace kist::container {

inline constexpr const char* kVolumeData = "_data";

struct VolumeInfo {
    int version = 1;
    String name;
    String created;  // RFC 3339
    json::Map labels, options;
    bool anonymous = false;  // its name was made up, 64 hex digits
    bool filled = false;     // the image's content was copied up, or is not wanted any more
    bool owned = false;      // its directory has got owner and mode of an empty one of the image
    bool moving = false;     // _filling is complete, and on its way into _data
};

// A volume that is being deleted: out of sight, and ours as long as `lock` is.
struct VolumeTrash {
    String name;
    Fd lock;
};

class VolumeStore {
public:
    // Makes ROOT/volumes where missing.  `root` is the store's directory, borrowed for the call.
    static Result<VolumeStore> open(const Fd& root);

    // All volumes, by name.
    Result<Vector<VolumeInfo>> list() const;
    // ENOENT.
    Result<VolumeInfo> find(const String& name) const;
    // Its own directory, and the directory of its files; ENOENT.
    Result<Fd> open_volume(const String& name) const;
    Result<Fd> open_data(const String& name) const;

    // Makes it, unless it is there: then the answer is false, and what is there stays as it is.
    Result<bool> make(VolumeInfo info, fs::Durable durable) const;

    // Taking volumes away begins with the lock, so that nobody begins to use one meanwhile ...
    Result<Fd> lock() const;
    // ... goes on with a look at volume_uses() and taking them out of sight (ENOENT) ...
    Result<VolumeTrash> take_out(const String& name, fs::Durable durable) const;
    // ... and ends with deleting them, when the lock has been let go.  EPERM, EACCES: try again
    // inside.
    Result<void> erase(const VolumeTrash& trash) const;

    // Deletes what killed commands left, unless somebody is at work.
    Result<void> sweep() const;

    const Fd& directory() const { return directory_; }

private:
    explicit VolumeStore(Fd directory) : directory_(std::move(directory)) {}
    Result<Fd> open_lock() const;

    Fd directory_;
};

// The record in a volume's own directory.  One that a power cut took is made up: the files are
// there, and can be used and removed.  EBADMSG: it is damaged.
Result<VolumeInfo> read_volume(const Fd& volume, const String& name);
Result<void> write_volume(const Fd& volume, const VolumeInfo& info, fs::Durable durable);

// The volumes of one container -----------------------------------------------------------------

// Makes those that `spec` names and that are missing.  Called when the container's record has been
// written, which keeps them from then on.
Result<void> make_volumes(const Spec& spec, const image::Places& places,
                          const OuterNamespace& outer);
// Removes those that are anonymous and that no other container uses.  Called before its record
// goes, by who holds its lock: whoever finds the record after a kill does it again.
Result<void> remove_anonymous_volumes(const Spec& spec, const image::Places& places,
                                      const OuterNamespace& outer);

}  // namespace kist::container
