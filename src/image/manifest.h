// manifest.h - manifests and indexes (OCI image-spec, manifest.md and image-index.md), and docker's
// "schema 2" of the same.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/carried.h"
#include "base/digest.h"
#include "base/result.h"
#include "image/config.h"

namespace kist::image {

inline constexpr size_t kMaxIndexEntries = 1000;
inline constexpr uint64_t kMaxBlob = uint64_t(1) << 40;  // bytes of one layer as it is sent

struct DescriptorPlatform {
    std::string os, architecture, variant;
};

struct Descriptor {
    using Growth = CarriedAsBytes<Descriptor>;
    std::string media_type;
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
    std::vector<Descriptor> layers;  // bottom first

    // Reads a manifest.  EBADMSG: not one, or the member that is wrong; EOPNOTSUPP: of a kind that
    // cannot be run (no image, or layers that are kept elsewhere, encrypted or packed by zstd), in
    // words.
    static Result<Manifest> parse(std::string text);
};

std::span<const json::Field> fields_of(const Manifest*);

// True for an index or manifest list, false for a manifest: its members decide.  EBADMSG: it is
// both, neither, or not what `media_type` (what the registry said) or its own mediaType claims.
// EOPNOTSUPP: schema 1.
Result<bool> is_index(std::string_view media_type, const std::string& text);

// The entry of an index that fits `wanted` best.  ENOENT: none does; the message lists the
// platforms that there are.
Result<Descriptor> choose(std::string text, const Platform& wanted);
Result<Descriptor> choose(const std::vector<Descriptor>& manifests, const Platform& wanted);

// The entries of an index.  EBADMSG: not one, or it has too many.
Result<std::vector<Descriptor>> entries_of(std::string text);

// docker's and OCI's names for an image's documents and its layers, plain and packed by gzip.
struct MediaTypes {
    const char *manifest, *config, *layer, *packed_layer;
};
extern const MediaTypes kDockerTypes, kOciTypes;

// `manifest` as a document of its own.
std::string text_of(const Manifest& manifest, const MediaTypes& types);
// The OCI index of `manifests`.
std::string index_of(const std::vector<Descriptor>& manifests);

}  // namespace kist::image
