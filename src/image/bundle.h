// bundle.h - an archive of images, as `docker save` or an OCI layout in a tar file: what is in it,
// and which images that makes.
//
// The archive's names are nothing but names: entries are looked up by them, and none is ever a path
// on this machine.  Documents are kept in memory, layers are elsewhere.  As manifest.json may come
// last, everything is collected first and matched at the end.

#pragma once

#include <optional>
#include <string_view>

#include "base/string.h"
#include "base/vector.h"
#include "image/layout.h"
#include "image/manifest.h"

namespace kist::image {

inline constexpr size_t kMaxBundleDocuments = 4000;
inline constexpr size_t kMaxBundleText = 16 << 20;  // bytes of all documents
inline constexpr size_t kMaxBundleLayers = 4000;
inline constexpr size_t kMaxBundleLinks = 4000;
inline constexpr size_t kMaxBundleName = 400;  // bytes; an entry with a longer name is none of ours
inline constexpr size_t kMaxBundleImages = 256;
inline constexpr size_t kMaxBundleTags = 1000;  // of an image

inline constexpr char kBundleBlobs[] = "blobs/sha256/";  // and HEX: an entry named by its digest

// What an OCI index.json names an image by; the second may be a tag only.
inline constexpr char kNameAnnotation[] = "io.containerd.image.name";
inline constexpr char kRefAnnotation[] = "org.opencontainers.image.ref.name";

// An element of docker's manifest.json.
struct DockerImage {
    String config;                // names of entries
    Vector<String> tags, layers;  // "alpine:3.20"; entries, bottom first
};
std::span<const json::Field> fields_of(const DockerImage*);

// An entry that is a layer by its looks.
struct LayerPart {
    String name;
    uint64_t size = 0;    // bytes of the entry
    bool packed = false;  // by gzip
    String trouble;       // why it cannot be used; no matter while no image needs it
    bool wanted = false;  // to be unpacked
    String place;         // its directory in staging once it has been, and then:
    Digest digest;        // of the entry's bytes
    Info info;
};

// "blobs/sha256/HEX": what the contents of an entry of this name must hash to.
std::optional<Digest> digest_in(std::string_view name);

class Bundle {
public:
    // All three take names as they stand in the archive.  EBADMSG: the name is there already, or
    // the contents are not what it promises; E2BIG: too many.
    Result<void> add_document(std::string_view name, String text);
    Result<LayerPart*> add_layer(std::string_view name);  // valid until the next one
    Result<void> add_link(std::string_view name, std::string_view target, bool symbolic);

    // Through links; null when there is none.
    const String* document(std::string_view name) const;
    LayerPart* layer(std::string_view name);
    bool empty() const { return documents_.empty() && layers_.empty(); }

private:
    struct Document {
        String name, text;
    };
    struct Link {
        String name, target;
    };
    String resolve(std::string_view name) const;
    Result<void> check_new(const String& name) const;

    Vector<Document> documents_;
    Vector<LayerPart> layers_;
    Vector<Link> links_;
    size_t text_ = 0;
};

// An image of the archive.
struct BundleImage {
    Digest id;
    std::optional<Digest> named;  // what index.json calls it; nothing in docker's form
    String config_text;
    String manifest_text;  // "" in docker's form
    Config config;
    Vector<registry::Reference> names;
    Vector<LayerPart*> layers;  // bottom first, one for each diff id
};

// The images for `wanted`.  `explicitly`: another platform is an error.  EBADMSG: not such an
// archive, or a damaged one; ENOENT: something is missing in it; EOPNOTSUPP: as Manifest::parse().
// Results point into `bundle`.
Result<Vector<BundleImage>> match(Bundle& bundle, const Platform& wanted, bool explicitly);

}  // namespace kist::image
