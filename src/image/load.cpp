// load.cpp - images from an archive into the store.
//
// scan      entries as they come: documents into memory, layers unpacked under staging/pull-RANDOM
// match     which images that makes (bundle_match.cpp), and whether every layer is what they say
// commit    layers to their places, one sync for all; then each image's documents and names
//
// Of a stream every layer has to be unpacked before it is known who needs it.  A plain archive in a
// regular file is scanned twice instead: for its documents, skipping layers by seeking, and then
// for those layers that an image needs and the store lacks.

#include "image/load.h"

#include <cstring>

#include "archive/inflate.h"
#include "archive/tar.h"
#include "archive/tar_header.h"
#include "base/file_stream.h"
#include "base/fs.h"
#include "base/str.h"
#include "base/string.h"
#include "base/sys.h"
#include "base/vector.h"
#include "image/bundle.h"
#include "image/commit.h"
#include "image/entry_reader.h"
#include "image/unpack.h"

namespace kist::image {

namespace {

constexpr size_t kMaxEntries = 100'000;
constexpr std::string_view kGzip = "\x1f\x8b";

enum class Looks { document, layer, packed_layer, refused_layer, other };

bool is_tar(std::string_view start)
{
    if (start.size() < archive::kTarBlock)
        return false;
    archive::header::Block block;
    memcpy(block, start.data(), sizeof block);
    return archive::header::is_zero(block) || archive::header::checksum_holds(block);
}

Looks looks_of(std::string_view start)
{
    if (start.starts_with(kGzip))
        return Looks::packed_layer;
    if (archive::refused_format(start))
        return Looks::refused_layer;
    if (is_tar(start))
        return Looks::layer;
    start = str::trim(start);
    return start.starts_with('{') || start.starts_with('[') ? Looks::document : Looks::other;
}

// What an archive is looked over for.
enum class Aim { everything, documents, wanted_layers };

class Loader {
public:
    Loader(const Store& store, const LoadOptions& options, Claim claim)
        : store_(store), options_(options), claim_(std::move(claim))
    {
    }

    Result<Vector<Loaded>> run(const Fd& file);

private:
    Result<void> scan(Reader& archive, Aim aim);
    Result<void> take(archive::Tar& tar, const archive::Entry& entry, Aim aim);
    Result<void> take_document(EntryReader& reader, const archive::Entry& entry);
    Result<void> unpack_part(EntryReader& reader, LayerPart& part);
    Result<void> want_layers(Vector<BundleImage>& images);
    Result<void> check(const BundleImage& image) const;
    Result<void> place_layers(const Vector<BundleImage>& images);
    Result<void> place_layer(const Digest& diff_id, const LayerPart& part);
    Result<Loaded> place_image(BundleImage& image);
    Vector<Digest> diff_ids(const Vector<BundleImage>& images) const;

    const Store& store_;
    const LoadOptions& options_;
    Claim claim_;
    Bundle bundle_;
    size_t unpacked_ = 0;
};

Result<void> Loader::scan(Reader& archive, Aim aim)
{
    archive::Tar tar(archive);
    archive::Entry entry;
    for (size_t count = 0; TRY(tar.next(entry)); count++) {
        if (count == kMaxEntries)
            return Error(E2BIG, "the archive has more than %zu entries", kMaxEntries);
        if (entry.name.size() <= kMaxBundleName)
            TRY(take(tar, entry, aim), "%s", archive::shown(entry.name).c_str());
    }
    return {};
}

Result<void> Loader::take(archive::Tar& tar, const archive::Entry& entry, Aim aim)
{
    EntryReader reader(tar);
    if (aim == Aim::wanted_layers) {
        LayerPart* part = entry.kind == archive::Kind::file ? bundle_.layer(entry.name) : nullptr;
        if (part && part->wanted && part->place.empty())
            return unpack_part(reader, *part);
        return {};
    }
    bool symbolic = entry.kind == archive::Kind::symlink;
    if ((symbolic || entry.kind == archive::Kind::hard_link) && entry.link.size() <= kMaxBundleName)
        return bundle_.add_link(entry.name, entry.link, symbolic);
    if (entry.kind != archive::Kind::file || entry.size == 0)
        return {};
    std::string_view start = TRY(reader.look());
    Looks looks = looks_of(start);
    if (looks == Looks::other)
        return {};
    if (looks == Looks::document)
        return take_document(reader, entry);
    LayerPart* part = TRY(bundle_.add_layer(entry.name));
    part->size = entry.size;
    part->packed = looks == Looks::packed_layer;
    if (looks == Looks::refused_layer)
        part->trouble = str::format("it is packed by %s, which kist does not read",
                                    archive::refused_format(start));
    else if (entry.sparse)
        part->trouble = "it is stored with holes";
    else if (aim == Aim::everything)
        return unpack_part(reader, *part);
    return {};
}

Result<void> Loader::take_document(EntryReader& reader, const archive::Entry& entry)
{
    if (entry.size > kMaxConfig)
        return Error(E2BIG, "it has %llu bytes; %zu are allowed",
                     static_cast<unsigned long long>(entry.size), kMaxConfig);
    String text;
    for (;;) {
        std::string_view bytes = TRY(reader.next());
        if (bytes.empty())
            return bundle_.add_document(entry.name, std::move(text));
        text += bytes;
    }
}

// A layer that cannot be unpacked matters only when an image needs it.
Result<void> Loader::unpack_part(EntryReader& reader, LayerPart& part)
{
    reader.tell_of(options_.progress, part, unpacked_);
    if (part.packed)
        reader.hash();
    String place = str::format("layer-%zu", unpacked_++);
    TRY(sys::mkdir_at(claim_.directory(), place, 0700));
    Fd directory = TRY(sys::open_at(claim_.directory(), place, O_RDONLY | O_DIRECTORY));
    reader.tell(Progress::Phase::extracting);
    auto info = unpack(reader, directory, store_.map());
    if (!info) {
        if (reader.broken() || !info.error().is(EBADMSG))
            return std::move(info).error();
        part.trouble = info.error().message();
        TRY(fs::remove_tree(claim_.directory(), place));
        return {};
    }
    part.place = std::move(place);
    part.info = *info;
    // What is not packed is its own archive, and has been hashed as such.
    part.digest = part.packed ? reader.digest() : part.info.diff_id;
    auto expected = digest_in(part.name);
    if (expected && part.digest != *expected)
        return Error(EBADMSG, "its contents have another digest, %s", part.digest.text().c_str());
    TRY(write_info(directory, part.info));
    reader.tell(Progress::Phase::done);
    return {};
}

Vector<Digest> Loader::diff_ids(const Vector<BundleImage>& images) const
{
    Vector<Digest> all;
    for (const BundleImage& image : images)
        for (const Digest& diff_id : image.config.diff_ids)
            if (!contains(all, diff_id))
                all.push_back(diff_id);
    return all;
}

// Of layers that are in the store already, only those are read whose digest is to be found out.
Result<void> Loader::want_layers(Vector<BundleImage>& images)
{
    Vector<Digest> seen;
    for (BundleImage& image : images)
        for (size_t i = 0; i < image.layers.size(); i++) {
            const Digest& diff_id = image.config.diff_ids[i];
            LayerPart& part = *image.layers[i];
            bool there = TRY(find_layer(store_.directory(), diff_id)).has_value();
            bool unknown = !image.named && part.packed;
            if (unknown || (!there && !contains(seen, diff_id)))
                part.wanted = true;
            seen.push_back(diff_id);
        }
    return {};
}

Result<void> Loader::check(const BundleImage& image) const
{
    for (size_t i = 0; i < image.layers.size(); i++) {
        const LayerPart& part = *image.layers[i];
        const Digest& expected = image.config.diff_ids[i];
        if (!part.trouble.empty())
            return Error(EBADMSG, "%s: %s", part.name.c_str(), part.trouble.c_str());
        if (!part.place.empty() && part.info.diff_id != expected)
            return Error(
                EBADMSG, "%s: the unpacked layer has another diff id, %s, than its image says, %s",
                part.name.c_str(), part.info.diff_id.text().c_str(), expected.text().c_str());
        if (part.wanted && part.place.empty())
            return Error(EBADMSG, "%s: it went while the archive was read", part.name.c_str());
    }
    return {};
}

Result<void> Loader::place_layer(const Digest& diff_id, const LayerPart& part)
{
    const Fd& root = store_.directory();
    // Where pulls of the same layer meet.
    Staging meeting = TRY(Staging::begin(root, diff_id.hex()));
    if (TRY(find_layer(root, diff_id)))
        return {};
    Fd lock = TRY(store_.lock_shared());
    TRY(commit_layer(root, claim_.directory(), part.place, part.info));
    return {};
}

Result<void> Loader::place_layers(const Vector<BundleImage>& images)
{
    TRY(sys::syncfs(claim_.directory()), "cannot sync the store");
    for (const BundleImage& image : images)
        for (size_t i = 0; i < image.layers.size(); i++) {
            const Digest& diff_id = image.config.diff_ids[i];
            if (TRY(find_layer(store_.directory(), diff_id)))
                continue;
            if (image.layers[i]->place.empty())
                return Error(ENOENT, "layer %s was removed meanwhile", diff_id.text().c_str())
                    .with_hint("load the archive again");
            TRY(place_layer(diff_id, *image.layers[i]));
        }
    return {};
}

// docker's form has no manifest of the registry's kind; one is made for the layers as they came.
String made_manifest(const BundleImage& image)
{
    Manifest manifest = {.config = {.media_type = kDockerTypes.config,
                                    .digest = image.id,
                                    .size = image.config_text.size()}};
    for (size_t i = 0; i < image.layers.size(); i++) {
        const LayerPart& part = *image.layers[i];
        manifest.layers.push_back(
            {.media_type = part.packed ? kDockerTypes.packed_layer : kDockerTypes.layer,
             .digest = part.packed ? part.digest : image.config.diff_ids[i],
             .size = part.size});
    }
    return text_of(manifest, kDockerTypes);
}

Result<Loaded> Loader::place_image(BundleImage& image)
{
    if (image.manifest_text.empty())
        image.manifest_text = made_manifest(image);
    Loaded loaded = {.id = image.id};
    Vector<Record> records;
    String platform = options_.platform ? options_.platform->text() : Platform::host().text();
    for (registry::Reference& reference : image.names) {
        loaded.names.push_back(reference.familiar());
        Record record = {full_name(reference), image.id, image.named.value_or(Digest()), platform};
        records.push_back(record);
        if (!image.named)
            continue;
        reference.digest = image.named;
        record.reference = full_name(reference);
        records.push_back(std::move(record));
    }
    ImageFiles files = {image.id, image.config_text, image.manifest_text};
    TRY(commit_image(store_, claim_.directory(), files, records));
    return loaded;
}

// A plain archive in a regular file can be looked over fast and read again.
bool can_be_sought(const Fd& file)
{
    auto status = sys::stat(file);
    off_t at = ::lseek(file.get(), 0, SEEK_CUR);
    char start[2];
    return status && S_ISREG((*status).st_mode) && at >= 0 &&
           ::pread(file.get(), start, sizeof start, at) == ssize_t(sizeof start) &&
           std::string_view(start, sizeof start) != kGzip;
}

Result<Vector<Loaded>> Loader::run(const Fd& file)
{
    bool twice = can_be_sought(file);
    off_t start = twice ? ::lseek(file.get(), 0, SEEK_CUR) : 0;
    FileReader source(file);
    auto archive = archive::decompress(source);
    if (!archive)
        return std::move(archive)
            .error()
            .context("the archive")
            .with_hint("it may be plain or packed by gzip; unpack it by its own tool first");
    TRY(scan(**archive, twice ? Aim::documents : Aim::everything));
    Platform wanted = options_.platform ? *options_.platform : Platform::host();
    Vector<BundleImage> images = TRY(match(bundle_, wanted, options_.platform.has_value()));
    TRY(claim_.say(store_, diff_ids(images)));
    if (twice) {
        TRY(want_layers(images));
        if (::lseek(file.get(), start, SEEK_SET) < 0)
            return os_error("lseek");
        FileReader again(file);
        TRY(scan(again, Aim::wanted_layers));
    }
    for (const BundleImage& image : images)
        TRY(check(image), "image %s", image.id.text().c_str());

    TRY(place_layers(images));
    Vector<Loaded> loaded;
    for (BundleImage& image : images) {
        Loaded one = TRY(place_image(image));
        loaded.push_back(std::move(one));
    }
    return loaded;
}

}  // namespace

Result<Vector<Loaded>> load(Store& store, const Fd& file, const LoadOptions& options)
{
    Claim claim = TRY(Claim::make(store, {}));
    Loader loader(store, options, std::move(claim));
    return loader.run(file);
}

}  // namespace kist::image
