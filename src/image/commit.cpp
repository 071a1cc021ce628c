// commit.cpp - an image that has arrived.

#include "image/commit.h"

#include "base/fs.h"
#include "base/random.h"
#include "base/string.h"
#include "base/sys.h"
#include "base/vector.h"

namespace kist::image {

Result<Claim> Claim::make(const Store& store, const Vector<Digest>& diff_ids)
{
    Fd lock = TRY(store.lock_shared());
    Staging staging = TRY(Staging::begin(store.directory(), kPulls + random::hex(16)));
    Claim claim(std::move(staging));
    TRY(claim.write(diff_ids));
    return claim;
}

Result<void> Claim::say(const Store& store, const Vector<Digest>& diff_ids)
{
    Fd lock = TRY(store.lock_shared());
    return write(diff_ids);
}

Result<void> Claim::write(const Vector<Digest>& diff_ids)
{
    String lines;
    for (const Digest& diff_id : diff_ids)
        lines += diff_id.hex() + "\n";
    return fs::replace(staging_.directory(), kNeeds, lines, 0600, fs::Durable::no);
}

Result<void> commit_image(const Store& store, const Fd& staging, const ImageFiles& files,
                          const Vector<Record>& names)
{
    constexpr char kImage[] = "image";
    const Fd& root = store.directory();
    Fd directory = TRY(fs::make_directory(staging, kImage, 0700));
    TRY(fs::replace(directory, kManifest, files.manifest_text));
    TRY(fs::replace(directory, kConfig, files.config_text));

    Fd lock = TRY(store.lock_shared());
    Fd images = TRY(sys::open_at(root, kImages, O_RDONLY | O_DIRECTORY));
    auto moved = sys::rename_between(staging, kImage, images, files.id.hex());
    bool there = !moved && (moved.error().is(EEXIST) || moved.error().is(ENOTEMPTY));
    if (!moved && !there)
        return std::move(moved).error();
    TRY(sys::fsync(images));
    for (const Record& record : names)
        TRY(write_record(root, record));
    return {};
}

}  // namespace kist::image
