// volume_store.cpp - volumes: directories that outlive containers.

#include "container/volume_store.h"

#include <cstdlib>
#include <cstring>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/names.h"

namespace kist::container {

namespace {

constexpr const char* kRecord = "volume.json";
constexpr const char* kLock = ".lock";
constexpr const char* kNew = ".new-";
constexpr const char* kTrash = ".trash-";
constexpr size_t kAnonymousName = 64;
constexpr size_t kMaxRecord = 1 << 20;

// clang-format off
constexpr json::Field kInfo[] = {
    json::field<&VolumeInfo::version>  ("version"),
    json::field<&VolumeInfo::name>     ("name"),
    json::field<&VolumeInfo::created>  ("created"),
    json::field<&VolumeInfo::labels>   ("labels", json::optional),
    json::field<&VolumeInfo::options>  ("options", json::optional),
    json::field<&VolumeInfo::anonymous>("anonymous", json::optional),
    json::field<&VolumeInfo::filled>   ("filled", json::optional),
    json::field<&VolumeInfo::owned>    ("owned", json::optional),
    json::field<&VolumeInfo::moving>   ("moving", json::optional),
};
// clang-format on

bool looks_anonymous(std::string_view name)
{
    return name.size() == kAnonymousName && name.find_first_not_of("0123456789abcdef") == name.npos;
}

int by_name(const void* left, const void* right)
{
    return strcmp((*static_cast<VolumeInfo* const*>(left))->name.c_str(),
                  (*static_cast<VolumeInfo* const*>(right))->name.c_str());
}

}  // namespace

// Found beside the type (json.h), so not in the unnamed namespace.
static std::span<const json::Field> fields_of(const VolumeInfo*)
{
    return kInfo;
}

Result<VolumeInfo> read_volume(const Fd& volume, const String& name)
{
    auto text = fs::read(volume, kRecord, kMaxRecord);
    if (!text && !text.error().is(ENOENT))
        return std::move(text).error();
    // Lost, or empty: those of containers that go when they end are not synced.
    if (!text || text->empty()) {
        VolumeInfo lost;
        lost.name = name;
        lost.anonymous = looks_anonymous(name);
        return lost;
    }
    auto info = json::parse<VolumeInfo>(text.take());
    if (!info)
        return std::move(info)
            .error()
            .context("the record of volume \"%s\" (%s) is damaged", name.c_str(), kRecord)
            .with_hint("repair it, or remove the volume with its files: kist volume rm " + name);
    if (info->version > VolumeInfo().version)
        return Error(ENOTSUP, "volume \"%s\" is of a newer kist (format %d)", name.c_str(),
                     info->version)
            .with_hint("use the newer kist, or remove the volume with it");
    return info;
}

Result<void> write_volume(const Fd& volume, const VolumeInfo& info, fs::Durable durable)
{
    return fs::replace(volume, kRecord, json::write(info) + "\n", 0600, durable);
}

Result<VolumeStore> VolumeStore::open(const Fd& root)
{
    return VolumeStore(TRY(fs::make_directory(root, "volumes", 0711)));
}

Result<Fd> VolumeStore::open_volume(const String& name) const
{
    TRY(check_name(name, "volume"));
    auto opened = sys::open_at(directory_, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!opened && opened.error().is(ENOENT))
        return Error(ENOENT, "no volume \"%s\"", name.c_str())
            .with_hint("\"kist volume ls\" lists them");
    return opened;
}

Result<Fd> VolumeStore::open_data(const String& name) const
{
    Fd volume = TRY(open_volume(name));
    return sys::open_at(volume, kVolumeData, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

Result<VolumeInfo> VolumeStore::find(const String& name) const
{
    Fd volume = TRY(open_volume(name));
    return read_volume(volume, name);
}

Result<Vector<VolumeInfo>> VolumeStore::list() const
{
    Vector<VolumeInfo> found, sorted;
    for (const String& name : TRY(fs::list(directory_)))
        if (!name.starts_with('.')) {
            auto info = find(name);
            if (info)
                found.push_back(info.take());
            else if (!info.error().is(ENOENT))
                log::warn("%s", info.error().message().c_str());
        }
    Vector<VolumeInfo*> order;
    for (VolumeInfo& info : found)
        order.push_back(&info);
    if (!order.empty())
        ::qsort(order.data(), order.size(), sizeof(VolumeInfo*), by_name);
    for (VolumeInfo* info : order)
        sorted.push_back(std::move(*info));
    return sorted;
}

Result<Fd> VolumeStore::open_lock() const
{
    return sys::open_at(directory_, kLock, O_RDWR | O_CREAT, 0600);
}

Result<Fd> VolumeStore::lock() const
{
    Fd lock = TRY(open_lock());
    TRY(sys::lock(lock, sys::Lock::exclusive));
    return lock;
}

Result<bool> VolumeStore::make(VolumeInfo info, fs::Durable durable) const
{
    TRY(check_name(info.name, "volume"));
    Fd lock = TRY(open_lock());
    TRY(sys::lock(lock, sys::Lock::shared));
    if (TRY(sys::exists_at(directory_, info.name)))
        return false;

    if (info.created.empty())
        info.created = clock::to_text(clock::now());
    String staging = kNew + random::hex(16);
    Undo discard([&] { (void)fs::remove_tree(directory_, staging); });
    Fd fresh = TRY(fs::make_directory(directory_, staging, 0700));
    Fd data = TRY(fs::make_directory(fresh, kVolumeData, 0755));
    if (::fchmod(data.get(), 0755) < 0)  // whatever the umask is
        return os_error("chmod");
    TRY(write_volume(fresh, info, durable));
    auto placed = sys::rename_at(directory_, staging, info.name);
    if (!placed && (placed.error().is(EEXIST) || placed.error().is(ENOTEMPTY)))
        return false;  // somebody else was faster
    TRY(std::move(placed));
    discard.keep();
    if (durable == fs::Durable::yes)
        TRY(sys::fsync(directory_));
    return true;
}

Result<VolumeTrash> VolumeStore::take_out(const String& name, fs::Durable durable) const
{
    VolumeTrash trash = {kTrash + random::hex(16), TRY(open_volume(name))};
    // Who fills it holds this lock; after the rename it tells sweep() that we are alive.
    if (!TRY(sys::try_lock(trash.lock, sys::Lock::exclusive)))
        return Error(EBUSY, "volume \"%s\" is just being filled, exported or imported",
                     name.c_str());
    TRY(sys::rename_at(directory_, name, trash.name));
    if (durable == fs::Durable::yes)
        TRY(sys::fsync(directory_));
    return trash;
}

Result<void> VolumeStore::erase(const VolumeTrash& trash) const
{
    return fs::remove_tree(directory_, trash.name);
}

Result<void> VolumeStore::sweep() const
{
    Fd lock = TRY(open_lock());
    bool alone = false;
    for (const String& name : TRY(fs::list(directory_))) {
        bool trash = name.starts_with(kTrash);
        if (!trash && !name.starts_with(kNew))
            continue;
        alone = alone || TRY(sys::try_lock(lock, sys::Lock::exclusive));
        if (!alone)
            return {};
        Fd left = TRY(sys::open_at(directory_, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
        if (TRY(sys::try_lock(left, sys::Lock::exclusive)))
            TRY(fs::remove_tree(directory_, name));
    }
    return {};
}

}  // namespace kist::container
