// bundle.cpp - what is in an archive of images.

#include "image/bundle.h"

#include "archive/tar.h"
#include "base/path.h"
#include "base/string.h"

namespace kist::image {

namespace {

constexpr int kMaxLinks = 8;  // from one to the next

// Without "./" and "/" in front, which tools put there or not.
std::string_view plain(std::string_view name)
{
    for (;;) {
        if (name.starts_with("./"))
            name.remove_prefix(2);
        else if (name.starts_with('/'))
            name.remove_prefix(1);
        else
            return name;
    }
}

// What a symlink called `name` means by `target`, as a name of the archive.
String beside(std::string_view name, std::string_view target)
{
    String meant = path::clean(path::join(path::directory(name), target));
    return String(plain(meant));
}

template <class List>
auto* find_named(List& list, std::string_view name)
{
    for (auto& each : list)
        if (each.name == name)
            return &each;
    return decltype(list.data())();
}

Error too_many(const char* what, size_t limit)
{
    return Error(E2BIG, "the archive has more than %zu %s", limit, what);
}

}  // namespace

std::optional<Digest> digest_in(std::string_view name)
{
    name = plain(name);
    if (!name.starts_with(kBundleBlobs))
        return {};
    return from_hex(name.substr(sizeof kBundleBlobs - 1));
}

Result<void> Bundle::check_new(const String& name) const
{
    if (find_named(documents_, name) || find_named(layers_, name) || find_named(links_, name))
        return Error(EBADMSG, "the archive has it twice");
    return {};
}

Result<void> Bundle::add_document(std::string_view name, String text)
{
    String key(plain(name));
    TRY(check_new(key));
    text_ += text.size();
    if (documents_.size() == kMaxBundleDocuments)
        return too_many("documents", kMaxBundleDocuments);
    if (text_ > kMaxBundleText)
        return too_many("bytes of documents", kMaxBundleText);
    auto expected = digest_in(key);
    if (expected && Digest::of(text) != *expected)
        return Error(EBADMSG, "its contents have another digest, %s",
                     Digest::of(text).text().c_str());
    documents_.push_back({std::move(key), std::move(text)});
    return {};
}

Result<LayerPart*> Bundle::add_layer(std::string_view name)
{
    String key(plain(name));
    TRY(check_new(key));
    if (layers_.size() == kMaxBundleLayers)
        return too_many("layers", kMaxBundleLayers);
    layers_.push_back({.name = std::move(key)});
    return &layers_.back();
}

Result<void> Bundle::add_link(std::string_view name, std::string_view target, bool symbolic)
{
    String key(plain(name));
    TRY(check_new(key));
    if (links_.size() == kMaxBundleLinks)
        return too_many("links", kMaxBundleLinks);
    String meant = symbolic ? beside(key, target) : String(plain(target));
    links_.push_back({std::move(key), std::move(meant)});
    return {};
}

String Bundle::resolve(std::string_view name) const
{
    String key(plain(name));
    for (int i = 0; i < kMaxLinks; i++) {
        const Link* link = find_named(links_, key);
        if (!link)
            break;
        key = link->target;
    }
    return key;
}

const String* Bundle::document(std::string_view name) const
{
    const Document* found = find_named(documents_, resolve(name));
    return found ? &found->text : nullptr;
}

LayerPart* Bundle::layer(std::string_view name)
{
    return find_named(layers_, resolve(name));
}

}  // namespace kist::image
