// manifest.cpp - manifests and indexes.
//
// Docker's and OCI's documents have the same members; only their media types differ.  A media type
// is trusted to tell what a thing is for, never how its bytes look: those are verified.

#include "image/manifest.h"

#include "base/json.h"
#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::image {

namespace {

struct Index {
    Vector<Descriptor> manifests;
};

// What tells the kinds of documents apart.
struct Kind {
    unsigned schema_version = 0;
    String media_type;
    json::Raw manifests, config, layers, fs_layers;
};

// clang-format off
constexpr json::Field kPlatform[] = {
    json::field<&DescriptorPlatform::os>          ("os",           json::optional),
    json::field<&DescriptorPlatform::architecture>("architecture", json::optional),
    json::field<&DescriptorPlatform::variant>     ("variant",      json::optional),
};
constexpr json::Field kDescriptor[] = {
    json::field<&Descriptor::media_type>("mediaType", json::optional),
    json::field<&Descriptor::digest>    ("digest"),
    json::field<&Descriptor::size>      ("size"),
    json::field<&Descriptor::platform>  ("platform", json::optional),
    json::field<&Descriptor::annotations>("annotations", json::optional),
};
constexpr json::Field kManifest[] = {
    json::field<&Manifest::config>("config"),
    json::field<&Manifest::layers>("layers"),
};
constexpr json::Field kIndex[] = {
    json::field<&Index::manifests>("manifests"),
};
constexpr json::Field kKind[] = {
    json::field<&Kind::schema_version>("schemaVersion", json::optional),
    json::field<&Kind::media_type>    ("mediaType",     json::optional),
    json::field<&Kind::manifests>     ("manifests",     json::optional),
    json::field<&Kind::config>        ("config",        json::optional),
    json::field<&Kind::layers>        ("layers",        json::optional),
    json::field<&Kind::fs_layers>     ("fsLayers",      json::optional),
};

// Words in a layer's media type that say that it cannot be had or read.
constexpr struct {
    std::string_view word;
    const char* reason;
} kForeign[] = {
    {"encrypted",        "is encrypted"},
    {"foreign",          "is not kept by the registry (a \"foreign\" layer)"},
    {"nondistributable", "is not kept by the registry (a \"nondistributable\" layer)"},
    {"zstd",             "is packed by zstd, which kist does not read"},
};

#define DOCKER "application/vnd.docker."
#define OCI "application/vnd.oci.image."

// What a configuration may be called.  Old tools leave it empty or say it is just bytes.
constexpr std::string_view kConfigTypes[] = {
    "",
    "application/octet-stream",
    DOCKER "container.image.v1+json",
    OCI "config.v1+json",
};
constexpr struct {
    std::string_view media_type;
    bool index;
} kDocuments[] = {
    {DOCKER "distribution.manifest.list.v2+json", true},
    {DOCKER "distribution.manifest.v2+json",      false},
    {OCI "index.v1+json",                         true},
    {OCI "manifest.v1+json",                      false},
};
// clang-format on

constexpr std::string_view kSchema1 = "application/vnd.docker.distribution.manifest.v1+";

std::span<const json::Field> fields_of(const Index*)
{
    return kIndex;
}
std::span<const json::Field> fields_of(const Kind*)
{
    return kKind;
}

Result<void> check_layer(const Descriptor& layer, size_t number)
{
    for (auto& foreign : kForeign)
        if (layer.media_type.find(foreign.word) != String::npos)
            return Error(EOPNOTSUPP, "layer %zu (%s) %s", number, layer.digest.text().c_str(),
                         foreign.reason);
    if (layer.size > kMaxBlob)
        return Error(EBADMSG, "layer %zu has an unlikely size of %llu bytes", number,
                     static_cast<unsigned long long>(layer.size));
    return {};
}

Error schema_1()
{
    return Error(EOPNOTSUPP, "its manifest has schema 1, which is out of use since 2017")
        .with_hint("build and push the image again with a current tool");
}

// What an index offers, for the error; attestations ("unknown/unknown") are no platform.
String offered(const Vector<Descriptor>& manifests)
{
    String list;
    for (const Descriptor& manifest : manifests) {
        if (!manifest.platform || manifest.platform->os == "unknown")
            continue;
        Platform platform = {manifest.platform->os, manifest.platform->architecture,
                             manifest.platform->variant};
        list += (list.empty() ? "" : ", ") + platform.text();
        if (list.size() > 1000)
            return list + ", ...";
    }
    return list.empty() ? "none" : list;
}

// `members` with what every document begins with.
String document(const char* media_type, const String& members)
{
    return str::format(R"({"schemaVersion":2,"mediaType":"%s",)", media_type) + members.substr(1);
}

}  // namespace

// clang-format off
const MediaTypes kDockerTypes = {
    .manifest     = DOCKER "distribution.manifest.v2+json",
    .config       = DOCKER "container.image.v1+json",
    .layer        = DOCKER "image.rootfs.diff.tar",
    .packed_layer = DOCKER "image.rootfs.diff.tar.gzip",
};
const MediaTypes kOciTypes = {
    .manifest     = OCI "manifest.v1+json",
    .config       = OCI "config.v1+json",
    .layer        = OCI "layer.v1.tar",
    .packed_layer = OCI "layer.v1.tar+gzip",
};
// clang-format on

std::span<const json::Field> fields_of(const DescriptorPlatform*)
{
    return kPlatform;
}
std::span<const json::Field> fields_of(const Descriptor*)
{
    return kDescriptor;
}
std::span<const json::Field> fields_of(const Manifest*)
{
    return kManifest;
}

Result<Manifest> Manifest::parse(String text)
{
    Manifest manifest = TRY(json::parse<Manifest>(std::move(text)));
    bool is_image = false;
    for (std::string_view type : kConfigTypes)
        is_image |= manifest.config.media_type == type;
    if (!is_image)
        return Error(EOPNOTSUPP, "it is not an image but of type %.200s",
                     manifest.config.media_type.c_str());
    if (manifest.config.size > kMaxConfig)
        return Error(EBADMSG, "its configuration has %llu bytes; %zu are allowed",
                     static_cast<unsigned long long>(manifest.config.size), kMaxConfig);
    if (manifest.layers.size() > kMaxLayers)
        return Error(EBADMSG, "it has %zu layers; %zu are allowed", manifest.layers.size(),
                     kMaxLayers);
    for (size_t i = 0; i < manifest.layers.size(); i++)
        TRY(check_layer(manifest.layers[i], i + 1));
    return manifest;
}

Result<bool> is_index(std::string_view media_type, const String& text)
{
    if (media_type.starts_with(kSchema1))
        return schema_1();
    Kind kind = TRY(json::parse<Kind>(text));
    if (kind.schema_version == 1 || !kind.fs_layers.source.empty())
        return schema_1();
    bool lists = !kind.manifests.source.empty();
    bool describes = !kind.config.source.empty() || !kind.layers.source.empty();
    // One digest must not mean two things to two readers (OCI image-spec advisory of 2021).
    if (lists == describes)
        return Error(EBADMSG, lists ? "it is a manifest and an index at once"
                                    : "it is neither a manifest nor an index");
    for (std::string_view type : {media_type, std::string_view(kind.media_type)})
        for (auto& document : kDocuments)
            if (type == document.media_type && document.index != lists)
                return Error(EBADMSG, "it is not of the type it claims to be, %.*s",
                             static_cast<int>(type.size()), type.data());
    return lists;
}

Result<Vector<Descriptor>> entries_of(String text)
{
    Index index = TRY(json::parse<Index>(std::move(text)));
    if (index.manifests.size() > kMaxIndexEntries)
        return Error(EBADMSG, "the index has %zu entries; %zu are allowed", index.manifests.size(),
                     kMaxIndexEntries);
    return std::move(index.manifests);
}

Result<Descriptor> choose(String text, const Platform& wanted)
{
    Vector<Descriptor> manifests = TRY(entries_of(std::move(text)));
    return choose(manifests, wanted);
}

Result<Descriptor> choose(const Vector<Descriptor>& manifests, const Platform& wanted)
{
    const Descriptor* best = nullptr;
    int least = 0;
    for (const Descriptor& manifest : manifests) {
        if (!manifest.platform)
            continue;
        Platform offer = {manifest.platform->os, manifest.platform->architecture,
                          manifest.platform->variant};
        offer.normalise();
        int distance = wanted.distance(offer);
        if (distance < 0 || (best && distance >= least))
            continue;
        best = &manifest;
        least = distance;
    }
    // An index of one image that does not say what for, as build tools write for themselves.
    if (!best && manifests.size() == 1 && !manifests[0].platform)
        best = &manifests[0];
    if (!best)
        return Error(ENOENT, "there is no image for %s; there are: %s", wanted.text().c_str(),
                     offered(manifests).c_str())
            .with_hint("choose one of these with --platform");
    return *best;
}

String text_of(const Manifest& manifest, const MediaTypes& types)
{
    return document(types.manifest, json::write(manifest));
}

String index_of(const Vector<Descriptor>& manifests)
{
    return document(OCI "index.v1+json", json::write(Index{manifests}));
}

}  // namespace kist::image
