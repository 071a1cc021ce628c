// volume_use.cpp - what a container's mounts mean as volumes, and what becomes of these.

#include "container/volume_use.h"

#include "base/log.h"
#include "base/path.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/container.h"
#include "container/directories.h"
#include "container/inside.h"
#include "container/spec_words.h"

namespace kist::container {

namespace {

// The options of a volume, each looked at once.
struct Options {
    std::string_view type, words, device;
};

Result<Options> sort_out(const json::Map& options)
{
    Options sorted;
    for (auto& [name, value] : options)
        if (name == "type")
            sorted.type = value;
        else if (name == "o")
            sorted.words = value;
        else if (name == "device")
            sorted.device = value;
        else
            return Error(ENOTSUP, "a volume has no option \"%s\"", name.c_str())
                .with_hint("there are type, o and device");
    return sorted;
}

// Takes the word "bind" or "rbind" out of "ro,bind"; whether it was there.
bool is_bind(std::string_view words)
{
    while (!words.empty())
        if (std::string_view word = str::cut(words, ','); word == "bind" || word == "rbind")
            return true;
    return false;
}

bool is_anonymous_volume(const Mount& mount)
{
    return mount.kind == Mount::Kind::volume && mount.anonymous;
}

// The anonymous volumes of `spec` that nobody else has, out of sight.
Result<Vector<VolumeTrash>> take_out_unshared(const Spec& spec, const image::Places& places,
                                              const VolumeStore& store)
{
    Fd lock = TRY(store.lock());
    Vector<VolumeUse> uses = TRY(volume_uses(places));
    Vector<VolumeTrash> trash;
    for (const Mount& mount : spec.mounts) {
        bool wanted = !is_anonymous_volume(mount);
        for (const VolumeUse& use : uses)
            wanted = wanted || (use.volume == mount.source && use.container_id != spec.id);
        if (wanted)
            continue;
        auto taken = store.take_out(mount.source, fs::Durable::no);
        if (taken)
            trash.push_back(taken.take());
        else if (!taken.error().is(ENOENT))
            return std::move(taken).error();
    }
    return trash;
}

void inherit(Vector<Mount>& mounts, const Spec& from, bool read_only)
{
    for (const Mount& mount : from.mounts) {
        if (mount.kind == Mount::Kind::tmpfs)
            continue;
        Mount copy = mount;
        copy.read_only = mount.read_only || read_only;
        copy.copy_up = false;  // it has had its time
        mounts.push_back(std::move(copy));
    }
}

}  // namespace

Result<Mount> mount_of_options(const json::Map& options, const Mount& asked)
{
    auto [type, words, device] = TRY(sort_out(options));
    Mount meant;
    if (type == "tmpfs") {
        meant = TRY(parse_tmpfs("/x:" + String(words)), "volume option o");
    } else if ((type == "none" || type == "bind" || type.empty()) && is_bind(words)) {
        if (!device.starts_with('/'))
            return Error(EINVAL, "a volume with o=bind needs device=PATH, an absolute one");
        meant = TRY(parse_volume("/x:/x:" + String(words)), "volume option o");
        meant.source = path::clean(device);
        meant.must_exist = true;
    } else {
        return Error(ENOTSUP, "volumes of type \"%.*s\" are not supported", int(type.size()),
                     type.data())
            .with_hint(
                "there are type=tmpfs, and type=none with o=bind and device=PATH; mount other file "
                "systems on the host and give their directory");
    }
    meant.target = asked.target;
    meant.read_only |= asked.read_only;
    meant.no_dev |= asked.no_dev;
    meant.no_exec |= asked.no_exec;
    meant.no_suid |= asked.no_suid;
    return meant;
}

Result<Vector<VolumeUse>> volume_uses(const image::Places& places)
{
    Vector<VolumeUse> uses;
    for (const Spec& spec : TRY(all_specs(places)))
        for (const Mount& mount : spec.mounts)
            if (mount.kind == Mount::Kind::volume)
                uses.push_back({mount.source, spec.id, spec.name});
    return uses;
}

VolumeInfo volume_of(const Mount& mount)
{
    VolumeInfo info;
    info.name = mount.source;
    info.anonymous = mount.anonymous;
    info.labels = mount.labels;
    info.options = mount.driver_options;
    return info;
}

Result<void> make_volumes(const Spec& spec, const image::Places& places,
                          const OuterNamespace& outer)
{
    std::optional<VolumeStore> store;
    for (const Mount& mount : spec.mounts) {
        if (mount.kind != Mount::Kind::volume)
            continue;
        if (!store) {
            Fd root = TRY(sys::open(places.root, O_RDONLY | O_DIRECTORY));
            store = TRY(VolumeStore::open(root));
            auto swept = store->sweep();
            if (!swept && needs_other_ids(outer, swept.error()))
                swept = do_inside(outer, places, [&] { return store->sweep(); });
            if (!swept)
                log::debug("cannot sweep volumes: %s", swept.error().message().c_str());
        }
        bool passing = spec.remove && mount.anonymous;
        TRY(store->make(volume_of(mount), passing ? fs::Durable::no : fs::Durable::yes),
            "cannot make volume %s", mount.source.c_str());
    }
    return {};
}

Result<void> remove_anonymous_volumes(const Spec& spec, const image::Places& places,
                                      const OuterNamespace& outer)
{
    if (!has_anonymous_volumes(spec))
        return {};
    Fd root = TRY(sys::open(places.root, O_RDONLY | O_DIRECTORY));
    VolumeStore store = TRY(VolumeStore::open(root));
    Vector<VolumeTrash> trash = TRY(take_out_unshared(spec, places, store));
    auto erase = [&]() -> Result<void> {
        for (const VolumeTrash& each : trash)
            TRY(store.erase(each));
        return {};
    };
    auto erased = erase();
    return erased || !needs_other_ids(outer, erased.error()) ? std::move(erased)
                                                             : do_inside(outer, places, erase);
}

bool has_anonymous_volumes(const Spec& spec)
{
    for (const Mount& mount : spec.mounts)
        if (is_anonymous_volume(mount))
            return true;
    return false;
}

void keep_volumes(Spec& spec)
{
    for (Mount& mount : spec.mounts)
        mount.anonymous = false;
}

Result<Vector<Mount>> inherited_mounts(const Vector<String>& containers,
                                       const Directories& directories)
{
    Vector<Mount> mounts;
    for (std::string_view mode : containers) {
        std::string_view name = str::cut(mode, ':');
        if (!mode.empty() && mode != "ro" && mode != "rw" && mode != "z" && mode != "Z")
            return Error(EINVAL, "--volumes-from %.*s:%.*s: expected ro or rw", int(name.size()),
                         name.data(), int(mode.size()), mode.data());
        Summary from = TRY(find(directories, name), "--volumes-from");
        inherit(mounts, from.spec, mode == "ro");
    }
    return mounts;
}

}  // namespace kist::container
