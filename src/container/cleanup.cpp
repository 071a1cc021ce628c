// cleanup.cpp - taking away what launch() laid out.
//
// The mounts went with the container's mount namespace; what is left are directories.  With
// subordinate ids they may belong to ids that are not ours, and then are removed from inside the
// outer user namespace, by a child.

#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/process.h"
#include "container/launch.h"
#include "container/report.h"

namespace kist::container {

namespace {

// clang-format off
constexpr struct { const char* name; bool kept; } kParts[] = {
    {"copied",  true},   // marks `root` as a whole copy
    {"copy",    false},
    {"empty",   false},
    {"root",    true},
    {"upper",   true},
    {"volumes", true},
    {"work",    false},
};
// clang-format on

Result<void> remove_parts(const Fd& directory, bool everything)
{
    for (auto& part : kParts)
        if (everything || !part.kept)
            TRY(fs::remove_tree(directory, part.name));
    return {};
}

bool needs_other_ids(const Error& error)
{
    return error.is(EACCES) || error.is(EPERM);
}

}  // namespace

Result<void> clean_up(const image::Places& places, const OuterNamespace& outer,
                      const std::string& id, bool everything)
{
    auto directory = sys::open(places.root + "/containers/" + id, O_RDONLY | O_DIRECTORY);
    if (!directory)
        return directory.error().is(ENOENT) ? Result<void>() : std::move(directory).error();
    auto removed = remove_parts(*directory, everything);
    if (removed || outer.map.tier != image::StoreMap::Tier::subuid || outer.given ||
        !needs_other_ids(removed.error()))
        return removed;

    sys::Pipe socket = TRY(sys::socket_pair());
    pid_t child = ::fork();
    if (child < 0)
        return os_error("fork");
    if (child == 0) {
        auto inside = enter_outer(outer, places);
        if (inside)
            inside = remove_parts(*directory, everything);
        if (!inside)
            (void)send_report(socket.writer, Report::of(Stage::setup, inside.error()));
        _exit(0);
    }
    socket.writer.close();
    auto report = receive_report(socket.reader);
    TRY(process::wait(child));
    std::optional<Report> failure = TRY(std::move(report));
    return failure ? Result<void>(std::move(*failure).error()) : Result<void>();
}

}  // namespace kist::container
