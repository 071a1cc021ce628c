// store.h - images on disk: references, configurations and unpacked layers.
//
// Below the root (docs/formats.md has every file):
//
//     version                  the format and the id map of everything here
//     lock                     flock: shared to use the store, exclusive to remove from it
//     references/NAME          one JSON file per reference: the image it names
//     images/HEX/              config.json and manifest.json, by config digest
//     diff-ids/HEX -> NUMBER   made when a layer is whole and synced: this is the commit
//     layers/NUMBER/tree/      an unpacked layer, under a short name for overlay's options
//     layers/NUMBER/info       its diff id and size
//     layers/NUMBER/owners     the owners and devices that could not be made (not in tier root)
//     clock                    the latest time that a registry's certificate has proved
//     staging/NAME/            work in progress, locked by its maker; swept when the lock is free
//     containers/ID/           belongs to module container
//
// Every change is staged, synced and renamed, so that a reader or a power cut sees all of it or
// none.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/digest.h"
#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "image/config.h"
#include "image/places.h"
#include "registry/reference.h"

namespace kist::image {

// How owners are kept in this store.  A store made with one map is refused with another (EINVAL,
// and the hint says which it needs).
struct StoreMap {
    enum class Tier { root, subuid, single };
    Tier tier = Tier::root;
    String text;  // "root"; "subuid 1000:1,100000:65536"; "single 1000"
};

struct LayerInfo {
    Digest diff_id;
    unsigned number = 0;  // layers/NUMBER
    uint64_t size = 0;    // bytes of file contents
};

// One image of the store, with all its names.
struct Image {
    Image();
    Image(Image&&) noexcept;
    Image& operator=(Image&&) noexcept;
    ~Image();

    Digest id;      // of the configuration
    Digest digest;  // of what the registry named, an index or a manifest; all 0: not from one
    Vector<String> references;  // "docker.io/library/alpine:latest", "...@sha256:..."
    Config config;
    // Bottom first.  Each once: a layer that the image repeats stands where it is topmost, which
    // shows the same files, and overlayfs refuses doubles.
    Vector<LayerInfo> layers;
    uint64_t size = 0;  // all layers
};

struct Usage {
    uint64_t images = 0, layers = 0;  // how many
    uint64_t layer_bytes = 0;         // all layers on disk
    uint64_t reclaimable_bytes = 0;   // layers that no used image needs
};

class Store {
public:
    // Opens the store at `places.root`, making it on first use, and sweeps what killed commands
    // left.  Must run inside the outer user namespace when the map is not root's.  EINVAL: it was
    // made with another id map; EPROTONOSUPPORT: by a newer kist.  Neither changes anything.
    static Result<Store> open(const Places& places, const StoreMap& map);

    const Fd& directory() const { return root_; }
    const String& path() const { return path_; }  // absolute
    const StoreMap& map() const { return map_; }

    Result<Vector<Image>> images() const;
    // By reference ("alpine"), digest reference, id or unique prefix of the id.  ENOENT: not there,
    // or not whole; the hint says how to pull it.  Found by its exact reference (the fast way),
    // `references` has just that one.
    Result<Image> find(std::string_view name) const;

    // What config.json of an image says of how it was made, oldest first.
    Result<Vector<History>> history(const Digest& id) const;

    // Holds the store's lock so that what was looked up stays while the result lives.  Both wait.
    // Hold them briefly, and one at a time: a second one of the same process waits for the first.
    Result<Fd> lock_shared() const;
    Result<Fd> lock_exclusive() const;

    // Gives `reference` to the image `id` (replacing its old meaning).  `digest` is what the
    // registry named, `platform` the text of the Platform that was asked for, both for the next
    // pull to compare.  ENOENT: no such image.  Not to be called with the exclusive lock held.
    Result<void> name(const registry::Reference& reference, const Digest& id, const Digest& digest,
                      const String& platform = "") const;

    // Takes a name away; the image goes with its last name, and so do layers that nobody else
    // needs.  An id takes all names away (EBUSY without `force` when they are of several
    // repositories).  `in_use` are ids of images that containers use: EBUSY names the image unless
    // `force`, which only untags.  Returns lines as docker prints: "Untagged: ...", "Deleted:
    // sha256:...".  ENOENT: no such image.
    //
    // `lock` is from lock_exclusive(), taken before `in_use` was found out, so that no container
    // comes in between; it is let go before the files are deleted.  Without it the store takes it
    // itself.
    Result<Vector<String>> remove(std::string_view name, bool force, const Vector<Digest>& in_use,
                                  std::optional<Fd> lock = std::nullopt) const;
    // Removes images without a tag (`all`: every image) that nobody uses, and orphaned layers;
    // what a pull is at work on stays.  `freed` (may be null) gets the bytes.
    Result<Vector<String>> prune(bool all, const Vector<Digest>& in_use, uint64_t* freed,
                                 std::optional<Fd> lock = std::nullopt) const;
    Result<Usage> usage(const Vector<Digest>& in_use) const;

    // Path of a layer's tree relative to the root: "layers/7/tree".
    static String layer_path(const LayerInfo& layer);

private:
    Store(Fd root, String path, StoreMap map)
        : root_(std::move(root)), path_(std::move(path)), map_(std::move(map))
    {
    }
    Fd root_;
    String path_;
    StoreMap map_;
};

}  // namespace kist::image
