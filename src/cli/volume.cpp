// volume.cpp - volume create, ls, inspect.

#include "cli/volume.h"

#include "base/random.h"
#include "base/string.h"
#include "base/vector.h"
#include "cli/command.h"
#include "cli/labels.h"
#include "cli/say.h"
#include "container/volume_use.h"

namespace kist::cli {

namespace {

constexpr size_t kAnonymousName = 64;

// ---- create
// --------------------------------------------------------------------------------------

struct CreateFlags {
    String driver = "local", name;
    Vector<String> labels, options;
};

// clang-format off
constexpr Flag kCreateFlags[] = {
    flag<&CreateFlags::driver> ('d', "driver", "DRIVER",       "local, the only one there is"_help),
    flag<&CreateFlags::labels> ('l', "label",  "NAME[=VALUE]", "Give it a label"_help),
    flag<&CreateFlags::name>   (0,   "name",   "NAME",         "Name it; the same as the operand"_help),
    flag<&CreateFlags::options>('o', "opt",    "NAME=VALUE",   "type=tmpfs, or type=none with o=bind and device=PATH"_help),
};
// clang-format on

Result<int> create(const CreateFlags& flags, const Context& context, Arguments operands)
{
    if (flags.driver != "local")
        return Error(EINVAL, "--driver %s: there is only \"local\"", flags.driver.c_str());
    VolumeInfo info;
    info.name = operands.empty() ? flags.name : operands[0];
    info.anonymous = info.name.empty();
    if (info.anonymous)
        info.name = random::hex(kAnonymousName);
    info.labels = pairs_of(flags.labels);
    info.options = pairs_of(flags.options);
    if (!info.options.empty())
        TRY(container::mount_of_options(info.options, {}), "--opt");

    VolumeStore store = TRY(open_volumes(context));
    String name = info.name;
    if (TRY(store.make(std::move(info), fs::Durable::yes)))
        tell_volume(context, "create", name);
    say_line(name);
    return 0;
}

// ---- ls, inspect
// ---------------------------------------------------------------------------------

String mountpoint_of(const Context& context, const String& name)
{
    return context.places.root + "/volumes/" + name + "/" + container::kVolumeData;
}

struct LsFlags {
    bool quiet = false;
    String format;
    Vector<String> filters;
};

// clang-format off
constexpr Flag kLsFlags[] = {
    flag<&LsFlags::filters>('f', "filter", "KEY=VALUE", "Show those with this name, label or driver, or that no container uses (dangling=true)"_help),
    flag<&LsFlags::format> (0,   "format", "FORMAT",    "json, or a template such as '{{.Name}} {{.Mountpoint}}'"_help),
    flag<&LsFlags::quiet>  ('q', "quiet",  nullptr,     "Print names only"_help),
};
constexpr Column kColumns[] = {
    {"Driver", "DRIVER"},
    {"Name", "VOLUME NAME"},
    {"Labels", "LABELS", false},
    {"Links", "LINKS", false},
    {"Mountpoint", "MOUNTPOINT", false},
    {"Scope", "SCOPE", false},
    {"Size", "SIZE", false},
    {"Label", "", false, true},
};
// clang-format on

Result<int> ls(const LsFlags& flags, const Context& context, Arguments)
{
    Conditions conditions = TRY(parse_volume_filters(flags.filters, FilterUse::list));
    VolumeStore store = TRY(open_volumes(context));
    Vector<VolumeUse> uses = TRY(container::volume_uses(context.places));
    Vector<Row> rows;
    for (const VolumeInfo& info : TRY(store.list())) {
        size_t links = 0;
        for (const VolumeUse& use : uses)
            links += use.volume == info.name;
        if (!match_volume(conditions, {info, links > 0}))
            continue;
        rows.push_back({"local", info.name, text_of(info.labels), str::format("%zu", links),
                        mountpoint_of(context, info.name), "local", "N/A",
                        json::write(info.labels)});
    }
    TRY(print_rows(kColumns, rows, flags.quiet ? "{{.Name}}" : flags.format));
    return 0;
}

struct InspectFlags {
    String format;
};

constexpr Flag kInspectFlags[] = {
    flag<&InspectFlags::format>('f', "format", "FORMAT",
                                "json, or a template such as '{{.Mountpoint}}'"_help),
};

// docker's fields, and whether its name was made up, as podman calls it.
String document_of(const Context& context, const VolumeInfo& info)
{
    json::Text out;
    auto text = [&](const char* name, std::string_view value) {
        out.name(name);
        out.text(value);
    };
    auto map = [&](const char* name, const json::Map& value) {
        out.name(name);
        out.object(value);
    };
    out.begin('{');
    text("CreatedAt", info.created);
    text("Driver", "local");
    map("Labels", info.labels);
    text("Mountpoint", mountpoint_of(context, info.name));
    text("Name", info.name);
    map("Options", info.options);
    text("Scope", "local");
    out.name("Anonymous");
    out.object(info.anonymous);
    out.end('}');
    return std::move(out).take();
}

Result<int> inspect(const InspectFlags& flags, const Context& context, Arguments operands)
{
    VolumeStore store = TRY(open_volumes(context));
    Vector<String> documents;
    int status = 0;
    for (std::string_view name : operands) {
        auto info = store.find(String(name));
        if (info) {
            documents.push_back(document_of(context, *info));
        } else {
            report(info.error());
            status = 1;
        }
    }
    TRY(print_documents(documents, flags.format));
    return status;
}

}  // namespace

Result<String> volume_document(const Context& context, const String& name)
{
    VolumeStore store = TRY(open_volumes(context));
    return document_of(context, TRY(store.find(name)));
}

extern const Command kVolumeCreate = {
    .name = "volume create",
    .operands = "[NAME]",
    .summary = "Make a volume"_help,
    .details = "Without NAME it is an anonymous one.  One that is there stays as it is.\n"_help,
    .flags = kCreateFlags,
    .run = with_context<CreateFlags, create>,
};

extern const Command kVolumeInspect = {
    .name = "volume inspect",
    .operands = "VOLUME...",
    .summary = "Show all that is known of volumes"_help,
    .flags = kInspectFlags,
    .offer = Offer::volumes,
    .run = with_context<InspectFlags, inspect>,
};

extern const Command kVolumeLs = {
    .name = "volume ls",
    .operands = "",
    .summary = "List volumes"_help,
    .flags = kLsFlags,
    .run = with_context<LsFlags, ls>,
};

}  // namespace kist::cli
