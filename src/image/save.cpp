// save.cpp - images out of the store into an archive.
//
// plan      which images under which names, and every layer's new digest and size
// write     the documents first, so that a reader knows what comes; then the layers, each once
//
// In both forms an entry is called by its digest, as docker does since version 25.

#include "image/save.h"

#include "archive/pack.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/path.h"
#include "base/str.h"
#include "base/string.h"
#include "base/sys.h"
#include "base/vector.h"
#include "image/bundle.h"
#include "image/commit.h"

namespace kist::image {

namespace {

constexpr size_t kMaxOwners = 64 << 20;  // bytes of a layer's `owners`, which is held in memory

struct PackedLayer {
    LayerInfo source;
    Digest digest;  // of the archive that is made of it: its diff id too
    uint64_t size = 0;
};

struct SavedImage {
    Digest source;        // its id in this store
    Vector<String> tags;  // in full
    Digest id;
    String config_text;
    Vector<const PackedLayer*> layers;  // one for each diff id
};

// Counts and hashes what would be written.
class Measure : public Writer {
public:
    Result<void> write(std::string_view bytes) override
    {
        hash_.add(bytes);
        size_ += bytes.size();
        return {};
    }
    Digest digest() { return hash_.finish(); }
    uint64_t size() const { return size_; }

private:
    Sha256 hash_;
    uint64_t size_ = 0;
};

// What is written becomes the contents of an entry.
class EntryWriter : public Writer {
public:
    explicit EntryWriter(archive::TarWriter& tar) : tar_(tar) {}
    Result<void> write(std::string_view bytes) override { return tar_.contents(bytes); }

private:
    archive::TarWriter& tar_;
};

// The root directory has an entry where there is something to say of it.
bool is_plain(const struct stat& root)
{
    return (root.st_mode & 07777) == 0755 && root.st_uid == 0 && root.st_gid == 0;
}

Result<void> pack_layer(const Store& store, const LayerInfo& layer, Writer& sink)
{
    String path = Store::layer_path(layer);
    Fd tree = TRY(sys::open_at(store.directory(), path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    String owners;
    if (store.map().tier != StoreMap::Tier::root) {
        auto text = fs::read(store.directory(),
                             str::format("%s/%u/%s", kLayers, layer.number, kOwners), kMaxOwners);
        if (!text && !text.error().is(ENOENT))
            return std::move(text).error();
        if (text)
            owners = text.take();
    }
    struct stat root = TRY(sys::stat(tree));
    archive::TarWriter tar(sink);
    archive::PackOptions options = {
        .top = !is_plain(root), .marks = archive::Marks::whiteouts, .owners = owners};
    TRY(archive::pack(tree, options, tar));
    return tar.finish();
}

// `config` with the digests of `layers` for its diff ids, all else as it stands.
Result<String> with_diff_ids(const String& config, const Vector<const PackedLayer*>& layers)
{
    bool same = true;
    json::Text text;
    text.begin('[');
    for (const PackedLayer* layer : layers) {
        same &= layer->digest == layer->source.diff_id;
        text.text(layer->digest.text());
    }
    text.end(']');
    if (same)
        return config;
    auto document = TRY(json::Document::parse(config));
    json::Node rootfs = TRY(document.root().member("rootfs"));
    json::Node list = TRY(rootfs.member("diff_ids"));
    std::string_view whole = document.root().source(), old = list.source();
    size_t at = config.find(whole) + size_t(old.data() - whole.data());
    String changed = config;
    changed.replace(at, old.size(), std::move(text).take());
    return changed;
}

class Saver {
public:
    Saver(const Store& store, Claim claim, Writer& sink)
        : store_(store), claim_(std::move(claim)), tar_(sink)
    {
    }

    // The images that `name` means.
    Result<void> add(const String& name);
    // Settles everything that stands in front of the layers.
    Result<void> prepare();
    Result<void> write(BundleForm form);

private:
    Result<void> add_tags(const registry::Reference& reference);
    void add_image(const Digest& id, const String& tag);
    Result<const PackedLayer*> packed(const Digest& diff_id);
    Result<void> file(const String& name, std::string_view contents);
    Result<void> write_docker();
    Result<void> write_oci();
    Result<void> write_layers();

    const Store& store_;
    Claim claim_;
    archive::TarWriter tar_;
    Vector<SavedImage> images_;
    Vector<std::unique_ptr<PackedLayer>> layers_;  // each once
};

String blob_name(const Digest& digest)
{
    return kBundleBlobs + digest.hex();
}

void Saver::add_image(const Digest& id, const String& tag)
{
    SavedImage* image = nullptr;
    for (SavedImage& each : images_)
        if (each.source == id)
            image = &each;
    if (!image)
        image = &images_.emplace_back(SavedImage{.source = id});
    for (const String& other : image->tags)
        if (other == tag)
            return;
    if (!tag.empty())
        image->tags.push_back(tag);
}

// Every tag of the repository.
Result<void> Saver::add_tags(const registry::Reference& reference)
{
    String name = full_name(reference);
    bool found = false;
    for (const Record& record : TRY(read_records(store_.directory()))) {
        if (is_by_digest(record) || repository_of(record.reference) != repository_of(name))
            continue;
        add_image(record.id, record.reference);
        found = true;
    }
    if (found)
        return {};
    Found only = TRY(look_up(store_.directory(), name));
    add_image(only.id, "");
    return {};
}

Result<void> Saver::add(const String& name)
{
    auto found = look_up(store_.directory(), name);
    if (found && !found->record) {
        add_image(found->id, "");
        return {};
    }
    auto reference = registry::Reference::parse(name);
    bool bare = path::base(name).find_first_of(":@") == std::string_view::npos;
    if (reference && bare)
        return add_tags(*reference);
    if (!found)
        return std::move(found).error();
    add_image(found->id, is_by_digest(*found->record) ? "" : found->record->reference);
    return {};
}

Result<const PackedLayer*> Saver::packed(const Digest& diff_id)
{
    for (auto& layer : layers_)
        if (layer->source.diff_id == diff_id)
            return static_cast<const PackedLayer*>(layer.get());
    auto source = TRY(find_layer(store_.directory(), diff_id));
    if (!source)
        return Error(ENOENT, "its layer %s is not in the store", diff_id.text().c_str())
            .with_hint("pull or load the image again");
    Measure measure;
    TRY(pack_layer(store_, *source, measure), "layer %s", diff_id.text().c_str());
    layers_.push_back(
        std::make_unique<PackedLayer>(PackedLayer{*source, measure.digest(), measure.size()}));
    return static_cast<const PackedLayer*>(layers_.back().get());
}

Result<void> Saver::prepare()
{
    Vector<Digest> needed;
    Vector<Config> configs;
    for (SavedImage& image : images_) {
        const Fd& root = store_.directory();
        image.config_text =
            TRY(fs::read(root, image_path(image.source) + "/" + kConfig, kMaxConfig));
        Config config = TRY(Config::parse(image.config_text));
        for (const Digest& diff_id : config.diff_ids)
            needed.push_back(diff_id);
        configs.push_back(std::move(config));
    }
    TRY(claim_.say(store_, needed));
    for (size_t i = 0; i < images_.size(); i++) {
        SavedImage& image = images_[i];
        for (const Digest& diff_id : configs[i].diff_ids) {
            const PackedLayer* layer =
                TRY(packed(diff_id), "image %s", image.source.text().c_str());
            image.layers.push_back(layer);
        }
        image.config_text = TRY(with_diff_ids(image.config_text, image.layers));
        image.id = Digest::of(image.config_text);
    }
    return {};
}

Result<void> Saver::file(const String& name, std::string_view contents)
{
    archive::Entry entry = {.name = name, .mode = 0644, .size = contents.size()};
    TRY(tar_.add(entry));
    return tar_.contents(contents);
}

// Each once: different layers may have become the same archive.
Result<void> Saver::write_layers()
{
    Vector<Digest> written;
    for (auto& layer : layers_) {
        if (contains(written, layer->digest))
            continue;
        written.push_back(layer->digest);
        archive::Entry entry = {
            .name = blob_name(layer->digest), .mode = 0644, .size = layer->size};
        TRY(tar_.add(entry));
        EntryWriter contents(tar_);
        TRY(pack_layer(store_, layer->source, contents), "layer %s",
            layer->source.diff_id.text().c_str());
    }
    return {};
}

Result<void> Saver::write_docker()
{
    Vector<DockerImage> entries;
    Vector<Digest> written;
    for (const SavedImage& image : images_) {
        // Names in full: what a short one means differs from tool to tool.
        DockerImage entry = {.config = blob_name(image.id), .tags = image.tags};
        for (const PackedLayer* layer : image.layers)
            entry.layers.push_back(blob_name(layer->digest));
        entries.push_back(std::move(entry));
    }
    TRY(file("manifest.json", json::write(entries) + "\n"));
    for (const SavedImage& image : images_) {
        if (!contains(written, image.id))
            TRY(file(blob_name(image.id), image.config_text));
        written.push_back(image.id);
    }
    return {};
}

Result<void> Saver::write_oci()
{
    Vector<Descriptor> entries;
    Vector<String> documents;
    for (const SavedImage& image : images_) {
        Manifest manifest = {.config = {.media_type = kOciTypes.config,
                                        .digest = image.id,
                                        .size = image.config_text.size()}};
        for (const PackedLayer* layer : image.layers)
            manifest.layers.push_back(
                {.media_type = kOciTypes.layer, .digest = layer->digest, .size = layer->size});
        String text = text_of(manifest, kOciTypes);
        Descriptor entry = {
            .media_type = kOciTypes.manifest, .digest = Digest::of(text), .size = text.size()};
        for (const String& tag : image.tags) {
            entry.annotations = {{kNameAnnotation, tag}, {kRefAnnotation, tag}};
            entries.push_back(entry);
        }
        if (image.tags.empty())
            entries.push_back(entry);
        documents.push_back(std::move(text));
    }
    TRY(file("oci-layout", R"({"imageLayoutVersion":"1.0.0"})"));
    TRY(file("index.json", index_of(entries)));
    Vector<Digest> written;
    for (size_t i = 0; i < images_.size(); i++)
        for (const String* text : {&documents[i], &images_[i].config_text}) {
            Digest digest = Digest::of(*text);
            if (!contains(written, digest))
                TRY(file(blob_name(digest), *text));
            written.push_back(digest);
        }
    return {};
}

Result<void> Saver::write(BundleForm form)
{
    TRY(form == BundleForm::docker ? write_docker() : write_oci());
    TRY(write_layers());
    return tar_.finish();
}

}  // namespace

Result<void> save(const Store& store, const Vector<String>& names, BundleForm form, Writer& sink)
{
    Claim claim = TRY(Claim::make(store, {}));
    Saver saver(store, std::move(claim), sink);
    for (const String& name : names)
        TRY(saver.add(name));
    TRY(saver.prepare());
    return saver.write(form);
}

}  // namespace kist::image
