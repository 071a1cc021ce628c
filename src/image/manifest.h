// manifest.h - manifests and indexes (OCI image-spec, manifest.md and image-index.md), and docker's
// "schema 2" of the same.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "image/config.h"

namespace kist::image {

inline constexpr size_t kMaxIndexEntries = 1000;
inline constexpr uint64_t kMaxBlob = uint64_t(1) << 40;  // bytes of one layer as it is sent

struct DescriptorPlatform {
    String os, architecture, variant;
};

struct Descriptor {
    String media_type;
    Digest digest;
    uint64_t size = 0;
    std::optional<DescriptorPlatform> platform;  // in an index only
    json::Map annotations;                       // the same
};

// Their JSON forms.
std::span<const json::Field> fields_of(const DescriptorPlatform*);
std::span<const json::Field> fields_of(const Descriptor*);

struct Manifest {
    Descriptor config;
    Vector<Descriptor> layers;  // bottom first

    // Reads a manifest.  EBADMSG: not one, or the member that is wrong; EOPNOTSUPP: of a kind that
    // cannot be run (no image, or layers that are kept elsewhere, encrypted or packed by zstd), in
    // words.
    static Result<Manifest> parse(String text);
};

std::span<const json::Field> fields_of(const Manifest*);

// True for an index or manifest list, false for a manifest: its members decide.  EBADMSG: it is
// both, neither, or not what `media_type` (what the registry said) or its own mediaType claims.
// EOPNOTSUPP: schema 1.
Result<bool> is_index(std::string_view media_type, const String& text);

// The entry of an index that fits `wanted` best.  ENOENT: none does; the message lists the
// platforms that there are.
Result<Descriptor> choose(String text, const Platform& wanted);
Result<Descriptor> choose(const Vector<Descriptor>& manifests, const Platform& wanted);

// The entries of an index.  EBADMSG: not one, or it has too many.
Result<Vector<Descriptor>> entries_of(String text);

// docker's and OCI's names for an image's documents and its layers, plain and packed by gzip.
struct MediaTypes {
    const char *manifest, *config, *layer, *packed_layer;
};
extern const MediaTypes kDockerTypes, kOciTypes;

// `manifest` as a document of its own.
String text_of(const Manifest& manifest, const MediaTypes& types);
// The OCI index of `manifests`.
String index_of(const Vector<Descriptor>& manifests);

}  // namespace kist::image
