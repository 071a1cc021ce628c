// staging.cpp - work in progress, and what is left of it.

#include "image/staging.h"

#include <poll.h>

#include <optional>

#include "base/fs.h"
#include "base/log.h"
#include "base/random.h"
#include "base/string.h"
#include "base/sys.h"
#include "base/vector.h"
#include "image/layout.h"

namespace kist::image {

namespace {

constexpr int kPatience = 50;  // milliseconds between two looks at a lock that another holds

// The lock was taken on what the name still means: its last holder removes the directory.
bool is_still(const Fd& parent, const String& name, const Fd& directory)
{
    auto there = sys::stat_at(parent, name);
    auto here = sys::stat(directory);
    return there && here && there->st_dev == here->st_dev && there->st_ino == here->st_ino;
}

// Opens and locks `name`; nothing when somebody else holds it or it has gone.
Result<std::optional<Fd>> take(const Fd& parent, const String& name)
{
    auto directory = sys::open_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!directory && directory.error().is(ENOENT))
        return std::optional<Fd>();
    if (!directory)
        return std::move(directory).error();
    bool ours = TRY(sys::try_lock(*directory, sys::Lock::exclusive));
    if (!ours || !is_still(parent, name, *directory))
        return std::optional<Fd>();
    return std::optional<Fd>(directory.take());
}

Result<void> empty(const Fd& directory)
{
    for (const String& entry : TRY(fs::list(directory)))
        TRY(fs::remove_tree(directory, entry));
    return {};
}

// Left-overs in staging, each with its lock.
struct LeftOver {
    String name;
    Fd lock;
};

Result<Vector<LeftOver>> left_overs(const Fd& staging)
{
    Vector<LeftOver> found;
    for (String& name : TRY(fs::list(staging)))
        if (auto lock = TRY(take(staging, name)))
            found.push_back({std::move(name), std::move(*lock)});
    return found;
}

}  // namespace

Result<Staging> Staging::begin(const Fd& root, String name, const std::atomic<bool>* cancelled)
{
    Fd parent = TRY(sys::open_at(root, kStaging, O_RDONLY | O_DIRECTORY));
    for (;;) {
        auto made = sys::mkdir_at(parent, name, 0700);
        if (!made && !made.error().is(EEXIST))
            return std::move(made).error();
        if (auto directory = TRY(take(parent, name))) {
            TRY(empty(*directory), "cannot clear staging/%s", name.c_str());
            return Staging(std::move(parent), std::move(name), std::move(*directory));
        }
        if (cancelled && cancelled->load())
            return Error(ECANCELED, "cancelled");
        ::poll(nullptr, 0, kPatience);
    }
}

Staging::~Staging()
{
    if (directory_.get() < 0)
        return;
    auto removed = fs::remove_tree(parent_, name_);
    if (!removed)  // the next sweep tries again
        log::debug("staging/%s: %s", name_.c_str(), removed.error().message().c_str());
}

Result<Staging> begin_trash(const Fd& root)
{
    return Staging::begin(root, "trash-" + random::hex(16));
}

bool is_live(const Fd& root, const String& name)
{
    auto directory =
        sys::open_at(root, String(kStaging) + "/" + name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!directory)
        return false;
    auto ours = sys::try_lock(*directory, sys::Lock::exclusive);
    return ours && !*ours;
}

Result<void> repair(const Fd& root, const Fd& trash)
{
    Fd layers = TRY(sys::open_at(root, kLayers, O_RDONLY | O_DIRECTORY));
    Fd diff_ids = TRY(sys::open_at(root, kDiffIds, O_RDONLY | O_DIRECTORY));
    Vector<String> linked;
    for (const String& link : TRY(fs::list(diff_ids))) {
        auto number = sys::readlink_at(diff_ids, link);
        if (!number && !number.error().is(EINVAL))  // no link at all: nothing of ours
            return std::move(number).error();
        if (number && TRY(sys::exists_at(layers, *number + "/" + kInfo)))
            linked.push_back(number.take());
        else
            TRY(sys::unlink_at(diff_ids, link));
    }
    TRY(sys::fsync(diff_ids));
    for (const String& number : TRY(fs::list(layers))) {
        bool counts = false;
        for (const String& other : linked)
            counts |= other == number;
        if (!counts)
            TRY(sys::rename_between(layers, number, trash, number));
    }
    Fd references = TRY(sys::open_at(root, kReferences, O_RDONLY | O_DIRECTORY));
    for (const String& name : TRY(fs::list(references)))
        if (name.starts_with('.'))
            TRY(sys::unlink_at(references, name));
    return {};
}

Result<void> sweep(const Fd& root)
{
    Fd staging = TRY(sys::open_at(root, kStaging, O_RDONLY | O_DIRECTORY));
    if (TRY(left_overs(staging)).empty())
        return {};
    // The left-overs tell that there may be more of it; so they go last, and only when it is
    // possible to look at the rest.
    Fd lock = TRY(sys::open_at(root, kLock, O_RDONLY));
    if (!TRY(sys::try_lock(lock, sys::Lock::exclusive)))
        return {};
    Vector<LeftOver> dead = TRY(left_overs(staging));
    Staging trash = TRY(begin_trash(root));
    TRY(repair(root, trash.directory()));
    lock.close();
    for (const LeftOver& left : dead) {
        log::debug("sweeping staging/%s", left.name.c_str());
        TRY(fs::remove_tree(staging, left.name));
    }
    return {};
}

}  // namespace kist::image
