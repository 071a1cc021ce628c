// transfer.cpp - save, load, tag: images without a registry.

#include <fcntl.h>
#include <unistd.h>

#include <csignal>

#include "base/file_stream.h"
#include "base/string.h"
#include "base/sys.h"
#include "base/vector.h"
#include "cli/command.h"
#include "cli/context.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "image/load.h"
#include "image/save.h"

namespace kist::cli {

namespace {

// ---- save ------------------------------------------------------------------

struct SaveFlags {
    String output, format = "docker-archive";
};

// clang-format off
constexpr Flag kSaveFlags[] = {
    flag<&SaveFlags::format>(0,   "format", "FORMAT", "docker-archive or oci-archive"_help),
    flag<&SaveFlags::output>('o', "output", "FILE",   "Write to FILE, not to standard output"_help),
};
// clang-format on

Result<int> save(const SaveFlags& flags, const Context& context, Arguments operands)
{
    image::BundleForm form = image::BundleForm::docker;
    if (flags.format == "oci-archive")
        form = image::BundleForm::oci;
    else if (flags.format != "docker-archive")
        return Error(EINVAL, "--format %s: expected docker-archive or oci-archive",
                     flags.format.c_str());
    // Before the user namespace is entered: the file is the caller's.
    Output output = TRY(Output::open(flags.output));
    ::signal(SIGPIPE, SIG_IGN);
    image::Store store = TRY(enter_store(context));
    FileWriter sink(output.file());
    Vector<String> names(operands.begin(), operands.end());
    TRY(image::save(store, names, form, sink), "cannot save");
    TRY(output.finish(), "cannot save");
    return 0;
}

// ---- load ------------------------------------------------------------------

struct LoadFlags {
    String input, platform;
    bool quiet = false;
};

// clang-format off
constexpr Flag kLoadFlags[] = {
    flag<&LoadFlags::input>   ('i', "input",    "FILE",     "Read FILE, not standard input"_help),
    flag<&LoadFlags::platform>(0,   "platform", "PLATFORM", "Of an image for several platforms: another than this machine's"_help),
    flag<&LoadFlags::quiet>   ('q', "quiet",    nullptr,    "Show no progress"_help),
};
// clang-format on

Result<int> load(const LoadFlags& flags, const Context& context, Arguments)
{
    image::LoadOptions options;
    if (!flags.platform.empty())
        options.platform = TRY(image::Platform::parse(flags.platform), "--platform");
    if (flags.input.empty() && ::isatty(0))
        return Error(EINVAL, "an archive is not typed on a terminal")
            .with_hint("use -i FILE, or redirect the input");
    Fd file = TRY(flags.input.empty() ? sys::duplicate(sys::borrow(0))
                                      : sys::open(flags.input, O_RDONLY));
    image::Store store = TRY(enter_store(context));
    std::unique_ptr<image::Progress> progress;
    if (!flags.quiet && ::isatty(2))
        progress = make_progress();
    options.progress = progress.get();
    const char* shown = flags.input.empty() ? "standard input" : flags.input.c_str();
    auto images = TRY(image::load(store, file, options), "cannot load %s", shown);
    progress.reset();
    for (const image::Loaded& image : images) {
        for (const String& name : image.names)
            say("Loaded image: %s\n", name.c_str());
        if (image.names.empty())
            say("Loaded image ID: %s\n", image.id.text().c_str());
    }
    return 0;
}

// ---- tag -------------------------------------------------------------------

struct TagFlags {};

Result<int> tag(const TagFlags&, const Context& context, Arguments operands)
{
    registry::Reference target = TRY(registry::Reference::parse(operands[1]));
    if (target.digest)
        return Error(EINVAL, "\"%s\" has a digest: that follows from what an image is",
                     String(operands[1]).c_str())
            .with_hint("give a name and a tag");
    image::Store store = TRY(enter_store(context));
    image::Image image = TRY(store.find(operands[0]));
    TRY(store.name(target, image.id, image.digest));
    return 0;
}

}  // namespace

extern const Command kSave = {
    .name = "save",
    .operands = "IMAGE...",
    .summary = "Write images to an archive"_help,
    .details =
        "The archive is for kist load, docker load, podman load and skopeo.  IMAGE without a tag\n"
        "is every tag of that name.  (podman reads an oci-archive of one name only.)\n"
        "\n"
        "kist keeps layers unpacked and packs them anew, so an image that came from a registry\n"
        "gets another id in the archive: its contents and configuration are the same, its layers'\n"
        "digests are not.  From then on it keeps its id: what was loaded is saved byte for byte\n"
        "as it was.\n"_help,
    .flags = kSaveFlags,
    .offer = Offer::images,
    .run = with_context<SaveFlags, save>,
};

extern const Command kLoad = {
    .name = "load",
    .operands = "",
    .summary = "Bring images of an archive into the store"_help,
    .details =
        "Reads what kist save, docker save and podman save write, and OCI layouts in a tar file,\n"
        "plain or packed by gzip.  Everything is verified first: of an archive that is damaged\n"
        "nothing is kept.  A FILE that is not packed is fastest: layers that are here already are\n"
        "not read.\n"_help,
    .flags = kLoadFlags,
    .run = with_context<LoadFlags, load>,
};

extern const Command kTag = {
    .name = "tag",
    .operands = "IMAGE NAME",
    .summary = "Give an image another name"_help,
    .offer = Offer::images,
    .run = with_context<TagFlags, tag>,
};

}  // namespace kist::cli
