// volume_archive.cpp - volume export and import: a volume's files as a tar archive.

#include <unistd.h>

#include <csignal>

#include "archive/inflate.h"
#include "archive/layer.h"
#include "archive/pack.h"
#include "base/file_stream.h"
#include "base/string.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/volume.h"

namespace kist::cli {

namespace {

using Tier = image::StoreMap::Tier;

// A volume held so that nobody removes it, and its files.
struct Held {
    Fd lock, files;
};

Result<Held> hold(const Context& context, std::string_view operand)
{
    String name(operand);
    VolumeStore store = TRY(enter_volumes(context));
    VolumeInfo info = TRY(store.find(name));
    Held held = {TRY(store.open_volume(name)), Fd()};
    TRY(sys::lock(held.lock, sys::Lock::shared));
    container::Mount mount;
    if (!info.options.empty())
        mount = TRY(container::mount_of_options(info.options, {}));
    if (mount.kind == container::Mount::Kind::tmpfs)
        return Error(EINVAL, "volume \"%s\" is a tmpfs of each container's own: it keeps no files",
                     name.c_str());
    held.files = TRY(mount.source.empty() ? store.open_data(name)
                                          : sys::open(mount.source, O_RDONLY | O_DIRECTORY));
    return held;
}

struct ExportFlags {
    String output;
};

constexpr Flag kExportFlags[] = {
    flag<&ExportFlags::output>('o', "output", "FILE",
                               "Write to FILE instead of standard output"_help),
};

Result<void> write_archive(const Held& held, const Fd& to)
{
    FileWriter writer(to);
    archive::TarWriter tar(writer);
    TRY(archive::pack(held.files, {.top = true}, tar));
    return tar.finish();
}

Result<int> export_volume(const ExportFlags& flags, const Context& context, Arguments operands)
{
    // Before the user namespace is entered: the file is the caller's.
    Output output = TRY(Output::open(flags.output), "cannot export");
    ::signal(SIGPIPE, SIG_IGN);
    Held held = TRY(hold(context, operands[0]), "cannot export");
    TRY(write_archive(held, output.file()), "cannot export");
    TRY(output.finish(), "cannot export");
    return 0;
}

struct ImportFlags {};

Result<void> read_archive(const Context& context, const Held& held, const Fd& from)
{
    FileReader file(from);
    std::unique_ptr<Reader> tar = TRY(archive::decompress(file));
    Tier tier = context.outer.map.tier;
    archive::ApplyOptions options = {
        .owners = tier == Tier::single ? archive::Owners::record : archive::Owners::apply,
        .user_xattr = tier != Tier::root,
        .make_devices = tier == Tier::root,
        .live = true,
        .top = true,
    };
    TRY(archive::apply_layer(*tar, held.files, options));
    return sys::syncfs(held.files);
}

Result<int> import_volume(const ImportFlags&, const Context& context, Arguments operands)
{
    String source = operands.size() > 1 ? String(operands[1]) : "-";
    if (source == "-" && ::isatty(0))
        return Error(EINVAL, "an archive cannot be typed in").with_hint("name a file, or redirect");
    Fd file = TRY(source == "-" ? sys::duplicate(sys::borrow(0)) : sys::open(source, O_RDONLY),
                  "cannot import");
    Held held = TRY(hold(context, operands[0]), "cannot import");
    TRY(read_archive(context, held, file), "cannot import %s",
        source == "-" ? "standard input" : source.c_str());
    return 0;
}

}  // namespace

extern const Command kVolumeExport = {
    .name = "volume export",
    .operands = "VOLUME",
    .summary = "Write a volume's files as a tar archive"_help,
    .flags = kExportFlags,
    .run = with_context<ExportFlags, export_volume>,
};

extern const Command kVolumeImport = {
    .name = "volume import",
    .operands = "VOLUME [FILE]",
    .summary = "Put the files of a tar archive into a volume"_help,
    .details =
        "Reads standard input without FILE, or with \"-\"; the archive may be compressed with "
        "gzip.\nFiles of the archive take the place of those that are there.\n"_help,
    .offer = Offer::files,
    .run = with_context<ImportFlags, import_volume>,
};

}  // namespace kist::cli
