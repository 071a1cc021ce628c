// copy.cpp - cp, diff and export: the files of containers, from outside.

#include <unistd.h>

#include "base/string.h"
#include "base/sys.h"
#include "base/vector.h"
#include "cli/command.h"
#include "cli/context.h"
#include "cli/output.h"
#include "cli/print.h"
#include "cli/say.h"
#include "container/changes.h"
#include "container/transfer.h"
#include "service/engine.h"

namespace kist::cli {

namespace {

constexpr Text kCpDetails =
    "CONTAINER:PATH is a path in a container, running or not; PATH begins at its root.\n"
    "\n"
    "SRC keeps its name in DEST when that is a directory; otherwise it becomes DEST. \"SRC/.\" "
    "copies\n"
    "what is in the directory. \"-\" is a tar archive: written to stdout, or read from stdin "
    "(also\n"
    "compressed) and unpacked into the directory DEST.\n"
    "\n"
    "What is copied into a container belongs to its root, what comes out of it to the caller, "
    "without\n"
    "set-id bits and device nodes. With --archive owners are kept as numbers (towards the host as "
    "root\n"
    "only); those of an archive on stdin always are.\n"_help;

struct CpFlags {
    bool archive = false, follow_link = false;
    std::optional<bool> quiet;
};

// clang-format off
constexpr Flag kCpFlags[] = {
    flag<&CpFlags::archive>    ('a', "archive",     nullptr, "Keep owners"_help),
    flag<&CpFlags::follow_link>('L', "follow-link", nullptr, "Copy what a link at SRC links to"_help),
    flag<&CpFlags::quiet>      ('q', "quiet",       nullptr, "Do not say what was copied; so it is without a terminal"_help),
};
// clang-format on

// "web:/etc" is a place in a container; "/a:b", "./a:b" and "a" are the caller's.
struct Place {
    String container, path;
};

Place parse_place(std::string_view word)
{
    size_t colon = word.find(':');
    if (colon == word.npos || word.starts_with('/') || word.starts_with('.'))
        return {"", String(word)};
    return {String(word.substr(0, colon)), String(word.substr(colon + 1))};
}

Error cannot_copy(const char* why)
{
    return Error(EINVAL, "%s", why)
        .with_hint("kist cp CONTAINER:SRC DEST, or kist cp SRC CONTAINER:DEST");
}

// What the words mean; the caller's path becomes an absolute one, with the "/" or "/." at its end.
Result<void> settle_paths(Place& from, Place& to)
{
    if (!from.container.empty() && !to.container.empty())
        return cannot_copy("files cannot be copied from one container to another at once");
    if (from.container.empty() && to.container.empty())
        return cannot_copy("neither SRC nor DEST is in a container");
    for (Place* place : {&from, &to}) {
        if (place->path.empty())
            return cannot_copy(place == &from ? "SRC has no path" : "DEST has no path");
        if (!place->container.empty()) {
            if (!place->path.starts_with('/'))
                place->path = "/" + place->path;
        } else if (place->path != "-" && !place->path.starts_with('/')) {
            char here[4096];
            if (!::getcwd(here, sizeof here))
                return os_error("find the working directory");
            place->path = String(here) + "/" + place->path;
        }
        if (place->path.ends_with("/.."))
            place->path += '/';
    }
    return {};
}

Result<int> cp(const CpFlags& flags, const service::Engine& engine, Arguments operands)
{
    Place from = parse_place(operands[0]), to = parse_place(operands[1]);
    TRY(settle_paths(from, to));
    bool out = !from.container.empty();
    const String& name = out ? from.container : to.container;
    bool stream = (out ? to : from).path == "-";
    if (out && stream && ::isatty(STDOUT_FILENO))
        return Error(EINVAL, "an archive does not belong on a terminal")
            .with_hint("redirect stdout to a file or a program");

    container::Summary summary = TRY(container::find(engine.directories, name));
    summary.spec.remove = false;  // what is mounted here is not thrown away
    container::VisitRequest request = {.places = engine.places,
                                       .outer = engine.outer,
                                       .directories = engine.directories,
                                       .container = summary};
    container::Transfer transfer = {.source = from.path,
                                    .destination = to.path,
                                    .follow = flags.follow_link,
                                    .keep_owners = flags.archive};
    const char* towards = out ? "copy from" : "copy to";
    if (stream) {
        TRY(out ? copy_out_archive(request, transfer, sys::borrow(STDOUT_FILENO))
                : copy_in_archive(request, transfer, sys::borrow(STDIN_FILENO)),
            "cannot %s container \"%s\"", towards, summary.spec.name.c_str());
        return 0;
    }
    uint64_t bytes = TRY(out ? copy_out(request, transfer) : copy_in(request, transfer),
                         "cannot %s container \"%s\"", towards, summary.spec.name.c_str());
    if (!flags.quiet.value_or(!::isatty(STDOUT_FILENO)))
        tell(Where::errors, "Successfully copied %s to %.*s\n", human_size(bytes).c_str(),
             int(operands[1].size()), operands[1].data());
    return 0;
}

struct NoFlags {};

Result<int> diff(const NoFlags&, const service::Engine& engine, Arguments operands)
{
    container::Summary summary = TRY(container::find(engine.directories, operands[0]));
    // The files may belong to ids that are not ours.
    TRY(container::enter_outer(engine.outer, engine.places));
    Fd store = TRY(sys::open(engine.places.root, O_PATH | O_DIRECTORY));
    Vector<container::Change> changes =
        TRY(container::find_changes(summary.spec, store), "cannot compare container \"%s\"",
            summary.spec.name.c_str());
    for (const container::Change& change : changes)
        say("%c %s\n", change.kind, change.path.c_str());
    return 0;
}

struct ExportFlags {
    String output;
};

// clang-format off
constexpr Flag kExportFlags[] = {
    flag<&ExportFlags::output>('o', "output", "FILE", "Write to FILE instead of stdout"_help),
};
// clang-format on

Result<int> export_container(const ExportFlags& flags, const service::Engine& engine,
                             Arguments operands)
{
    Output output = TRY(Output::open(flags.output));
    container::Summary summary = TRY(container::find(engine.directories, operands[0]));
    summary.spec.remove = false;
    container::VisitRequest request = {.places = engine.places,
                                       .outer = engine.outer,
                                       .directories = engine.directories,
                                       .container = summary,
                                       .volumes = false};
    TRY(export_root(request, output.file()), "cannot export container \"%s\"",
        summary.spec.name.c_str());
    TRY(output.finish(), "cannot export container \"%s\"", summary.spec.name.c_str());
    return 0;
}

}  // namespace

extern const Command kCp = {
    .name = "cp",
    .operands = "SRC DEST",
    .summary = "Copy files between a container and the host"_help,
    .details = kCpDetails,
    .flags = kCpFlags,
    .offer = Offer::files,
    .run = with_engine<CpFlags, cp>,
};

extern const Command kDiff = {
    .name = "diff",
    .operands = "CONTAINER",
    .summary = "List what a container has added (A), changed (C) and deleted (D)"_help,
    .offer = Offer::containers,
    .run = with_engine<NoFlags, diff>,
};

extern const Command kExport = {
    .name = "export",
    .operands = "CONTAINER",
    .summary = "Write a container's file system as a tar archive"_help,
    .details = "Volumes are left out; the places they are mounted on are in it.\n"_help,
    .flags = kExportFlags,
    .offer = Offer::containers,
    .run = with_engine<ExportFlags, export_container>,
};

}  // namespace kist::cli
