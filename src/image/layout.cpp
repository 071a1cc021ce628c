// layout.cpp - the files in a store, one by one.

#include "image/layout.h"

#include "base/fs.h"
#include "base/str.h"
#include "base/string.h"
#include "base/sys.h"
#include "base/vector.h"

namespace kist::image {

namespace {

// clang-format off
constexpr json::Field kRecordFields[] = {
    json::field<&Record::reference>("reference"),
    json::field<&Record::id>       ("id"),
    json::field<&Record::digest>   ("digest",   json::optional),
    json::field<&Record::platform> ("platform", json::optional),
};
constexpr json::Field kInfoFields[] = {
    json::field<&Info::diff_id>("diffID"),
    json::field<&Info::size>   ("size"),
    json::field<&Info::entries>("entries"),
};
// clang-format on

constexpr size_t kMaxName = 200;  // of a file, so that fs::replace's temporary name fits too

// A reference as a file name: '/' becomes '%', which no reference contains.  What is too long is
// filed under its hash; no reference begins with "=".
String file_name(std::string_view reference)
{
    if (reference.size() > kMaxName)
        return "=" + Digest::of(reference).hex();
    String name(reference);
    for (char& c : name)
        if (c == '/')
            c = '%';
    return name;
}

String in(const char* directory, std::string_view name)
{
    return String(directory).append("/").append(name);
}

Result<Record> parse_record(const Fd& root, const String& name)
{
    String text = TRY(fs::read(root, in(kReferences, name), kMaxRecord));
    return TRY(json::parse<Record>(std::move(text)), "references/%s", name.c_str());
}

Result<unsigned> number_from(std::string_view text)
{
    long long number = TRY(str::to_integer(text));
    if (number < 0 || number > INT32_MAX)
        return Error(EBADMSG, "\"%.*s\" is no layer", static_cast<int>(text.size()), text.data());
    return static_cast<unsigned>(number);
}

// The smallest number that no layer has: short numbers are what they are for.
Result<unsigned> free_number(const Fd& layers)
{
    Vector<String> names = TRY(fs::list(layers));
    String taken(names.size() + 1, 0);  // as flags
    for (const String& name : names)
        if (auto number = number_from(name); number && *number < taken.size())
            taken[*number] = 1;
    unsigned number = 0;
    while (taken[number])
        number++;
    return number;
}

}  // namespace

std::span<const json::Field> fields_of(const Record*)
{
    return kRecordFields;
}
std::span<const json::Field> fields_of(const Info*)
{
    return kInfoFields;
}

String full_name(const registry::Reference& reference)
{
    String name = reference.host + "/" + reference.repository;
    return reference.digest ? name + "@" + reference.digest->text() : name + ":" + reference.tag;
}

bool is_by_digest(const Record& record)
{
    return record.reference.find('@') != String::npos;
}

std::string_view repository_of(std::string_view reference)
{
    size_t end = reference.find('@');
    if (end == reference.npos)
        end = reference.rfind(':');
    return reference.substr(0, end);
}

Result<std::optional<Record>> read_record(const Fd& root, const String& reference)
{
    auto record = parse_record(root, file_name(reference));
    if (!record && record.error().is(ENOENT))
        return std::optional<Record>();
    if (!record)
        return std::move(record).error();
    return std::optional<Record>(record.take());
}

Result<Vector<Record>> read_records(const Fd& root)
{
    Fd directory = TRY(sys::open_at(root, kReferences, O_RDONLY | O_DIRECTORY));
    Vector<Record> records;
    for (const String& name : TRY(fs::list(directory))) {
        if (name.starts_with('.'))  // being written
            continue;
        auto record = parse_record(root, name);
        if (!record && record.error().is(ENOENT))  // removed meanwhile
            continue;
        if (!record)
            return std::move(record).error();
        records.push_back(record.take());
    }
    return records;
}

Result<void> write_record(const Fd& root, const Record& record)
{
    Fd directory = TRY(sys::open_at(root, kReferences, O_RDONLY | O_DIRECTORY));
    return fs::replace(directory, file_name(record.reference), json::write(record) + "\n");
}

Result<void> remove_record(const Fd& root, const String& reference)
{
    return sys::unlink_at(root, in(kReferences, file_name(reference)));
}

Result<std::optional<LayerInfo>> find_layer(const Fd& root, const Digest& diff_id)
{
    auto link = sys::readlink_at(root, in(kDiffIds, diff_id.hex()));
    if (!link && link.error().is(ENOENT))
        return std::optional<LayerInfo>();
    String target = TRY(std::move(link));
    unsigned number = TRY(number_from(target));
    auto text = fs::read(root, str::format("%s/%u/%s", kLayers, number, kInfo), kMaxRecord);
    if (!text && text.error().is(ENOENT))
        return std::optional<LayerInfo>();
    String contents = TRY(std::move(text));
    Info info = TRY(json::parse<Info>(std::move(contents)), "layer %u", number);
    if (info.diff_id != diff_id)
        return std::optional<LayerInfo>();
    return std::optional<LayerInfo>({diff_id, number, info.size});
}

Result<Vector<LayerInfo>> list_layers(const Fd& root)
{
    Fd directory = TRY(sys::open_at(root, kDiffIds, O_RDONLY | O_DIRECTORY));
    Vector<LayerInfo> layers;
    for (const String& name : TRY(fs::list(directory)))
        if (auto diff_id = from_hex(name))
            if (auto layer = TRY(find_layer(root, *diff_id)))
                layers.push_back(*layer);
    return layers;
}

Result<void> write_info(const Fd& directory, const Info& info)
{
    Fd file = TRY(sys::open_at(directory, kInfo, O_WRONLY | O_CREAT | O_EXCL, 0600));
    return sys::write_all(file, json::write(info) + "\n");
}

Result<LayerInfo> commit_layer(const Fd& root, const Fd& staging, CStr name, const Info& info)
{
    Fd layers = TRY(sys::open_at(root, kLayers, O_RDONLY | O_DIRECTORY));
    unsigned number = TRY(free_number(layers));
    // A directory that is not empty is never replaced by rename(2): that decides who gets a number.
    for (;; number++) {
        auto moved = sys::rename_between(staging, name, layers, str::format("%u", number));
        if (moved)
            break;
        if (!moved.error().is(EEXIST) && !moved.error().is(ENOTEMPTY))
            return std::move(moved).error();
    }
    TRY(sys::fsync(layers));
    Fd diff_ids = TRY(sys::open_at(root, kDiffIds, O_RDONLY | O_DIRECTORY));
    String link = info.diff_id.hex();
    (void)sys::unlink_at(diff_ids, link);  // to a layer that has gone: the caller has looked
    TRY(sys::symlink_at(str::format("%u", number), diff_ids, link));
    TRY(sys::fsync(diff_ids));
    return LayerInfo{info.diff_id, number, info.size};
}

Result<Config> read_config(const Fd& root, const Digest& id)
{
    String text = TRY(fs::read(root, in(kImages, id.hex() + "/" + kConfig), kMaxConfig));
    return TRY(Config::parse(std::move(text)), "the configuration of image %s", id.text().c_str());
}

Result<Vector<Digest>> list_images(const Fd& root)
{
    Fd directory = TRY(sys::open_at(root, kImages, O_RDONLY | O_DIRECTORY));
    Vector<Digest> images;
    for (const String& name : TRY(fs::list(directory)))
        if (auto id = from_hex(name))
            images.push_back(*id);
    return images;
}

String image_path(const Digest& id)
{
    return in(kImages, id.hex());
}

bool contains(const Vector<Digest>& list, const Digest& digest)
{
    for (const Digest& other : list)
        if (other == digest)
            return true;
    return false;
}

std::optional<Digest> from_hex(std::string_view text)
{
    if (text.size() != 64)
        return {};
    auto digest = Digest::parse("sha256:" + String(text));
    if (!digest)
        return {};
    return *digest;
}

}  // namespace kist::image
