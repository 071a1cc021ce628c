// store.cpp - opening a store, and finding images in it.
//
// A name leads to an image by one small file, an image to its layers by one link each; nothing is
// listed for that, because `kist run` waits for it.

#include "image/store.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/str.h"
#include "base/string.h"
#include "base/sys.h"
#include "base/vector.h"
#include "image/layout.h"
#include "image/staging.h"

namespace kist::image {

namespace {

constexpr int kFormat = 1;
constexpr char kMark[] = "kist store ";
constexpr size_t kMaxVersion = 4096;

const char* reason_of(StoreMap::Tier made, StoreMap::Tier now)
{
    using enum StoreMap::Tier;
    if (made == root)
        return "it belongs to root: run kist as root";
    if (now == root)
        return "it belongs to an ordinary user: run kist as that user";
    if (made == single && now == subuid)
        return "newuidmap or ranges in /etc/subuid have come since; to start anew remove it";
    if (made == subuid && now == single)
        return "bring newuidmap and the ranges in /etc/subuid and /etc/subgid back";
    return "restore the ranges in /etc/subuid and /etc/subgid that it was made with";
}

StoreMap::Tier tier_of(std::string_view map)
{
    if (map.starts_with("subuid"))
        return StoreMap::Tier::subuid;
    return map.starts_with("single") ? StoreMap::Tier::single : StoreMap::Tier::root;
}

String version_text(const StoreMap& map)
{
    return str::format("%s%d\n%s\n", kMark, kFormat, map.text.c_str());
}

// The first line is the format, the second the id map.
Result<void> check_version(std::string_view text, const String& root, const StoreMap& map)
{
    std::string_view first = str::cut(text, '\n');
    if (!first.starts_with(kMark))
        return Error(EBADMSG, "%s/%s is not from kist", root.c_str(), kVersion)
            .with_hint("is this the right --root?");
    auto format = str::to_integer(first.substr(sizeof kMark - 1));
    if (!format || *format > kFormat)
        return Error(EPROTONOSUPPORT, "the store %s was made by a newer kist", root.c_str())
            .with_hint("use that kist, or another --root; nothing has been changed");
    String made(str::cut(text, '\n'));
    if (made == map.text)
        return {};
    return Error(EINVAL, "the store %s was made with id map \"%s\", but now it is \"%s\"",
                 root.c_str(), made.c_str(), map.text.c_str())
        .with_hint(str::format("%s, or use another --root", reason_of(tier_of(made), map.tier)));
}

Result<void> make_store(const Fd& root, const StoreMap& map)
{
    for (const char* name : {kReferences, kImages, kDiffIds, kLayers, kStaging})
        TRY(fs::make_directory(root, name, 0700));
    TRY(sys::open_at(root, kLock, O_RDONLY | O_CREAT, 0600));
    return fs::replace(root, kVersion, version_text(map));
}

Result<Fd> locked(const Fd& root, sys::Lock kind)
{
    Fd file = TRY(sys::open_at(root, kLock, O_RDONLY), "cannot lock the store");
    TRY(sys::lock(file, kind), "cannot lock the store");
    return file;
}

Error not_found(std::string_view name)
{
    String text(name.substr(0, 300));
    return Error(ENOENT, "there is no image \"%s\" in the store", text.c_str())
        .with_hint("pull it: kist pull " + text);
}

// Fills in the layers.  A missing one is an error only when `whole` is asked for.
Result<Image> load(const Fd& root, const Digest& id, bool whole)
{
    Image image;
    image.id = id;
    image.config = TRY(read_config(root, id));
    const Vector<Digest>& diff_ids = image.config.diff_ids;
    for (size_t i = 0; i < diff_ids.size(); i++) {
        bool again = false;
        for (size_t above = i + 1; above < diff_ids.size(); above++)
            again |= diff_ids[above] == diff_ids[i];
        if (again)
            continue;
        auto layer = TRY(find_layer(root, diff_ids[i]));
        if (!layer && whole)
            return Error(ENOENT, "image %s lacks its layer %s", id.text().c_str(),
                         diff_ids[i].text().c_str())
                .with_hint("pull it again");
        if (!layer)
            continue;
        image.size += layer->size;
        image.layers.push_back(*layer);
    }
    return image;
}

bool is_hex(std::string_view text)
{
    return !text.empty() && text.size() <= 64 &&
           text.find_first_not_of("0123456789abcdef") == text.npos;
}

void add_names(Image& image, const Vector<Record>& records)
{
    for (const Record& record : records) {
        if (record.id != image.id)
            continue;
        image.references.push_back(record.reference);
        if (record.digest != Digest())
            image.digest = record.digest;
    }
}

// The image whose id begins with `prefix`, when there is just one.
Result<Digest> find_id(const Fd& root, std::string_view prefix)
{
    std::optional<Digest> found;
    for (const Digest& id : TRY(list_images(root))) {
        if (!id.hex().starts_with(prefix))
            continue;
        if (found)
            return Error(EINVAL, "the ids of several images begin with \"%.*s\"",
                         static_cast<int>(prefix.size()), prefix.data())
                .with_hint("give more digits of the one you mean");
        found = id;
    }
    if (!found)
        return not_found(prefix);
    return *found;
}

}  // namespace

Result<Found> look_up(const Fd& root, std::string_view name)
{
    std::string_view digits = name.starts_with("sha256:") ? name.substr(7) : name;
    bool is_id = is_hex(digits) && (digits.size() == 64 || digits.size() < name.size());
    auto reference = registry::Reference::parse(name);
    if (reference && !is_id)
        if (auto record = TRY(read_record(root, full_name(*reference))))
            return Found{record->id, record};
    if (is_hex(digits)) {
        Digest id = TRY(find_id(root, digits));
        return Found{id, std::nullopt};
    }
    if (!reference)
        return std::move(reference).error();
    return not_found(name);
}

Image::Image() = default;
Image::Image(Image&& other) noexcept : Image()  // moving is there once
{
    *this = std::move(other);
}
Image& Image::operator=(Image&&) noexcept = default;
Image::~Image() = default;

Result<Store> Store::open(const Places& places, const StoreMap& map)
{
    const String& path = places.root;
    Fd root = TRY(fs::make_directories(path, 0700), "cannot open the store %s", path.c_str());
    auto version = fs::read(root, kVersion, kMaxVersion);
    if (!version && version.error().is(ENOENT)) {
        TRY(make_store(root, map), "cannot make the store %s", path.c_str());
        // Somebody else may have made it at the same time, with another map.
        version = fs::read(root, kVersion, kMaxVersion);
    }
    if (!version)
        return std::move(version).error().context("cannot open the store %s", path.c_str());
    TRY(check_version(*version, path, map));

    // What cannot be swept (a store that is read-only, say) is no reason not to use the rest.
    auto swept = sweep(root);
    if (!swept)
        log::debug("cannot sweep the store: %s", swept.error().message().c_str());
    return Store(std::move(root), path, map);
}

Result<Vector<Image>> Store::images() const
{
    Vector<Record> records = TRY(read_records(root_));
    Vector<Image> images;
    for (const Digest& id : TRY(list_images(root_))) {
        auto image = load(root_, id, false);
        if (!image && image.error().is(ENOENT))  // removed meanwhile
            continue;
        if (!image)
            return std::move(image).error();
        add_names(*image, records);
        images.push_back(image.take());
    }
    return images;
}

Result<Image> Store::find(std::string_view name) const
{
    Found found = TRY(look_up(root_, name));
    Image image = TRY(load(root_, found.id, true));
    if (found.record) {
        image.digest = found.record->digest;
        image.references = {found.record->reference};
    } else {
        add_names(image, TRY(read_records(root_)));
    }
    return image;
}

Result<Vector<History>> Store::history(const Digest& id) const
{
    String text = TRY(fs::read(root_, image_path(id) + "/" + kConfig, kMaxConfig), "image %s",
                      id.text().c_str());
    return parse_history(std::move(text));
}

Result<Fd> Store::lock_shared() const
{
    return locked(root_, sys::Lock::shared);
}

Result<Fd> Store::lock_exclusive() const
{
    return locked(root_, sys::Lock::exclusive);
}

Result<void> Store::name(const registry::Reference& reference, const Digest& id,
                         const Digest& digest, const String& platform) const
{
    Fd lock = TRY(lock_shared());
    if (!TRY(sys::exists_at(root_, image_path(id))))
        return not_found(id.text());
    return write_record(root_, {full_name(reference), id, digest, platform});
}

String Store::layer_path(const LayerInfo& layer)
{
    return str::format("%s/%u/%s", kLayers, layer.number, kTree);
}

}  // namespace kist::image
