// cleanup.cpp - taking away what launch() laid out.
//
// The mounts went with the container's mount namespace; what is left are directories.  With
// subordinate ids they may belong to ids that are not ours, and then are removed from inside the
// outer user namespace, by a child.

#include "base/fs.h"
#include "base/string.h"
#include "container/inside.h"
#include "container/launch.h"

namespace kist::container {

namespace {

// clang-format off
constexpr struct { const char* name; bool kept; } kParts[] = {
    {"copied", true},   // marks `root` as a whole copy
    {"copy",   false},
    {"empty",  false},
    {"root",   true},
    {"upper",  true},
    {"work",   false},
};
// clang-format on

Result<void> remove_parts(const Fd& directory, bool everything)
{
    for (auto& part : kParts)
        if (everything || !part.kept)
            TRY(fs::remove_tree(directory, part.name));
    return {};
}

}  // namespace

Result<void> clean_up(const image::Places& places, const OuterNamespace& outer, const String& id,
                      bool everything)
{
    auto directory = sys::open(places.root + "/containers/" + id, O_RDONLY | O_DIRECTORY);
    if (!directory)
        return directory.error().is(ENOENT) ? Result<void>() : std::move(directory).error();
    auto removed = remove_parts(*directory, everything);
    if (removed || !needs_other_ids(outer, removed.error()))
        return removed;
    return do_inside(outer, places, [&] { return remove_parts(*directory, everything); });
}

}  // namespace kist::container
