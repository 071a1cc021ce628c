// volume_fill.cpp - copying the image's files into a volume that is used for the first time.
//
// The copy is made in _filling, synced and marked in the record ("moving"), and then moved into
// _data entry by entry: a rename of the whole would take the directory away from under a container
// that has mounted it already.  A kill before the mark leaves a copy that is thrown away, one after
// it a move that is finished by the next container that mounts the volume.  Only then it counts as
// filled.  All of it is done with the volume's directory locked (flock(2)).

#include "container/volume_fill.h"

#include <sys/stat.h>

#include "base/string.h"
#include "container/copy.h"
#include "container/volume_store.h"

namespace kist::container {

namespace {

constexpr const char* kFilling = "_filling";
constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;

struct Filling {
    const Fd& volume;
    Fd data;
    VolumeInfo info;
    fs::Durable durable;
};

Result<void> record(const Filling& filling)
{
    if (filling.durable == fs::Durable::yes)
        TRY(sys::syncfs(filling.volume));
    return write_volume(filling.volume, filling.info, filling.durable);
}

// What a container has put at a name meanwhile stays there.
Result<void> move_in(Filling& filling)
{
    auto copy = sys::open_at(filling.volume, kFilling, kDirectory);
    if (!copy && !copy.error().is(ENOENT))
        return std::move(copy).error();
    if (copy) {
        for (const String& name : TRY(fs::list(*copy)))
            if (!TRY(sys::exists_at(filling.data, name)))
                TRY(sys::rename_between(*copy, name, filling.data, name));
        TRY(copy_attributes(*copy, filling.data));
        TRY(fs::remove_tree(filling.volume, kFilling));
    }
    filling.info.moving = false;
    filling.info.filled = true;
    return record(filling);
}

// Whether there is something to move in.
Result<bool> copy_aside(Filling& filling, const Fd& image)
{
    if (TRY(fs::list(image)).empty()) {
        if (!filling.info.owned)
            TRY(copy_attributes(image, filling.data));
        bool news = !filling.info.owned;
        filling.info.owned = true;
        if (news)
            TRY(record(filling));
        return false;
    }
    Undo discard([&] { (void)fs::remove_tree(filling.volume, kFilling); });
    Fd copy = TRY(fs::make_directory(filling.volume, kFilling, 0700));
    TRY(copy_tree(image, copy, {}));
    filling.info.moving = true;
    TRY(record(filling));
    discard.keep();
    return true;
}

}  // namespace

Result<void> fill_volume(const Fd& volume, const String& name, const Fd& root, const String& target,
                         fs::Durable durable)
{
    VolumeInfo info = TRY(read_volume(volume, name));
    if (info.filled)
        return {};
    Fd data = TRY(sys::open_at(volume, kVolumeData, kDirectory));
    Fd lock = TRY(sys::open_at(volume, ".", O_RDONLY | O_DIRECTORY));
    if (!TRY(sys::try_lock(lock, sys::Lock::exclusive))) {
        // An export or import may take its time, and a used volume is not filled.  Looked at in
        // this order: what is just being moved in shows in the record.
        bool used = !TRY(fs::list(data)).empty();
        info = TRY(read_volume(volume, name));
        if (used && !info.moving)
            return {};
        TRY(sys::lock(lock, sys::Lock::exclusive));
    }
    info = TRY(read_volume(volume, name));
    Filling filling = {volume, std::move(data), std::move(info), durable};
    if (filling.info.filled)
        return {};
    fs::remove_temporaries(volume);
    if (filling.info.moving)
        return move_in(filling);

    TRY(fs::remove_tree(volume, kFilling));
    if (!TRY(fs::list(filling.data)).empty()) {
        filling.info.filled = true;
        return record(filling);
    }
    auto image = sys::open_in_root(root, target, O_RDONLY | O_DIRECTORY);
    if (!image)
        return {};  // the image has nothing there
    if (TRY(copy_aside(filling, *image)))
        TRY(move_in(filling));
    return {};
}

}  // namespace kist::container
