// bundle_match.cpp - the images that the parts of an archive make.
//
// docker's form has manifest.json: a list of images by the names of their entries.  The OCI layout
// has index.json: descriptors, whose blobs are called by their digests.  Where both are there (as
// docker writes them) they mean the same images, and docker's form has the better names.

#include "base/json.h"
#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "image/bundle.h"

namespace kist::image {

namespace {

constexpr int kMaxNesting = 3;  // indexes in indexes
constexpr char kNothing[] = "<none>:<none>";

// clang-format off
constexpr json::Field kDockerImage[] = {
    json::field<&DockerImage::config>("Config"),
    json::field<&DockerImage::tags>  ("RepoTags", json::optional),
    json::field<&DockerImage::layers>("Layers",   json::optional),
};
// clang-format on

Error missing(const String& name)
{
    return Error(ENOENT, "the archive lacks %s", str::printable(name, kMaxBundleName).c_str());
}

Result<void> add_name(BundleImage& image, const String& name)
{
    registry::Reference reference =
        TRY(registry::Reference::parse(name), "the name \"%s\" in the archive",
            str::printable(name, kMaxBundleName).c_str());
    image.names.push_back(std::move(reference));
    return {};
}

Result<void> add_layers(Bundle& bundle, BundleImage& image, const Vector<String>& names)
{
    if (names.size() != image.config.diff_ids.size())
        return Error(EBADMSG, "its manifest has %zu layers, but its configuration %zu",
                     names.size(), image.config.diff_ids.size());
    for (const String& name : names) {
        LayerPart* part = bundle.layer(name);
        if (!part)
            return missing(name);
        if (!part->trouble.empty())
            return Error(EBADMSG, "%s: %s", part->name.c_str(), part->trouble.c_str());
        image.layers.push_back(part);
    }
    return {};
}

Result<BundleImage> docker_image(Bundle& bundle, const DockerImage& entry)
{
    if (entry.tags.size() > kMaxBundleTags)
        return Error(E2BIG, "it has %zu names; %zu are allowed", entry.tags.size(), kMaxBundleTags);
    const String* text = bundle.document(entry.config);
    if (!text)
        return missing(entry.config);
    BundleImage image = {.id = Digest::of(*text), .config_text = *text};
    image.config = TRY(Config::parse(*text), "configuration %s", image.id.text().c_str());
    TRY(add_layers(bundle, image, entry.layers));
    for (const String& name : entry.tags)
        if (name != kNothing)
            TRY(add_name(image, name));
    return image;
}

String blob_name(const Digest& digest)
{
    return kBundleBlobs + digest.hex();
}

Result<const String*> blob(const Bundle& bundle, const Descriptor& descriptor)
{
    String name = blob_name(descriptor.digest);
    const String* text = bundle.document(name);
    if (!text)
        return missing(name);
    if (text->size() != descriptor.size)
        return Error(EBADMSG, "%s has %zu bytes instead of %llu", name.c_str(), text->size(),
                     static_cast<unsigned long long>(descriptor.size));
    return text;
}

// An index may tell of images that were left out of the archive.
Result<Descriptor> choose_present(const Bundle& bundle, Vector<Descriptor> manifests,
                                  const Platform& wanted)
{
    Vector<Descriptor> present;
    for (Descriptor& manifest : manifests)
        if (bundle.document(blob_name(manifest.digest)))
            present.push_back(std::move(manifest));
    if (present.empty() && !manifests.empty())
        return missing(blob_name(manifests[0].digest));
    return choose(present, wanted);
}

// From a descriptor in index.json to the image.  `chosen`: by its platform.
Result<BundleImage> oci_image(Bundle& bundle, Descriptor entry, bool chosen, const Platform& wanted,
                              bool explicitly)
{
    Digest named = entry.digest;
    const String* text = TRY(blob(bundle, entry));
    for (int nesting = 0; TRY(is_index(entry.media_type, *text)); nesting++) {
        if (nesting == kMaxNesting)
            return Error(EBADMSG, "its index leads from index to index");
        Vector<Descriptor> entries = TRY(entries_of(*text));
        entry = TRY(choose_present(bundle, std::move(entries), wanted));
        text = TRY(blob(bundle, entry));
        chosen = true;
    }
    Manifest manifest = TRY(Manifest::parse(*text), "manifest %s", entry.digest.text().c_str());
    const String* config = TRY(blob(bundle, manifest.config));
    BundleImage image = {.id = manifest.config.digest,
                         .named = named,
                         .config_text = *config,
                         .manifest_text = *text};
    image.config = TRY(Config::parse(*config), "configuration %s", image.id.text().c_str());
    if (!chosen)
        TRY(check_platform(wanted, explicitly, image.config.platform));
    Vector<String> layers;
    for (const Descriptor& layer : manifest.layers)
        layers.push_back(blob_name(layer.digest));
    TRY(add_layers(bundle, image, layers));
    for (size_t i = 0; i < layers.size(); i++)
        if (image.layers[i]->size != manifest.layers[i].size)
            return Error(EBADMSG, "%s has %llu bytes instead of %llu", layers[i].c_str(),
                         static_cast<unsigned long long>(image.layers[i]->size),
                         static_cast<unsigned long long>(manifest.layers[i].size));
    return image;
}

// The name that an entry of index.json gives its image.  A bare word is a tag of no repository.
String name_of(const Descriptor& entry)
{
    String name;
    for (auto& [key, value] : entry.annotations)
        if (key == kNameAnnotation)
            return value;
        else if (key == kRefAnnotation)
            name = value;
    return name.find_first_of(":/") == name.npos ? "" : name;
}

// Entries that are one image for several platforms: those of one name, or, without any, all that
// tell their platform.
struct Group {
    String name;
    Vector<Descriptor> entries;
};

Vector<Group> groups_of(Vector<Descriptor> entries)
{
    Vector<Group> groups;
    for (Descriptor& entry : entries) {
        String name = name_of(entry);
        Group* group = nullptr;
        for (Group& each : groups)
            if (entry.platform && each.entries[0].platform && each.name == name)
                group = &each;
        if (!group)
            group = &groups.emplace_back(Group{std::move(name), {}});
        group->entries.push_back(std::move(entry));
    }
    return groups;
}

Result<BundleImage> image_of(Bundle& bundle, Group& group, const Platform& wanted, bool explicitly)
{
    bool several = group.entries.size() > 1;
    Descriptor entry = group.entries[0];
    if (several)
        entry = TRY(choose_present(bundle, std::move(group.entries), wanted));
    BundleImage image = TRY(oci_image(bundle, std::move(entry), several, wanted, explicitly));
    if (!group.name.empty())
        TRY(add_name(image, group.name));
    return image;
}

Result<void> check_count(size_t count)
{
    if (count > kMaxBundleImages)
        return Error(E2BIG, "the archive has %zu images; %zu are allowed", count, kMaxBundleImages);
    return {};
}

}  // namespace

std::span<const json::Field> fields_of(const DockerImage*)
{
    return kDockerImage;
}

Result<Vector<BundleImage>> match(Bundle& bundle, const Platform& wanted, bool explicitly)
{
    Vector<BundleImage> images;
    if (const String* text = bundle.document("manifest.json")) {
        auto entries = TRY(json::parse<Vector<DockerImage>>(*text), "manifest.json");
        TRY(check_count(entries.size()));
        for (size_t i = 0; i < entries.size(); i++) {
            BundleImage image = TRY(docker_image(bundle, entries[i]), "image %zu", i + 1);
            TRY(check_platform(wanted, explicitly, image.config.platform));
            images.push_back(std::move(image));
        }
    } else if (const String* index = bundle.document("index.json")) {
        Vector<Descriptor> entries = TRY(entries_of(*index), "index.json");
        Vector<Group> groups = groups_of(std::move(entries));
        TRY(check_count(groups.size()));
        for (size_t i = 0; i < groups.size(); i++) {
            BundleImage image =
                TRY(image_of(bundle, groups[i], wanted, explicitly), "image %zu", i + 1);
            images.push_back(std::move(image));
        }
    } else {
        return Error(EBADMSG, "it has neither manifest.json nor index.json, so it holds no images")
            .with_hint("archives of images are made by kist save, docker save or podman save");
    }
    if (images.empty())
        return Error(EBADMSG, "it holds no images");
    return images;
}

}  // namespace kist::image
