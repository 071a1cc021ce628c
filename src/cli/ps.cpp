// ps.cpp - listing containers.

#include <climits>

#include "base/clock.h"
#include "base/string.h"
#include "base/vector.h"
#include "cli/command.h"
#include "cli/container_filter.h"
#include "cli/listing.h"
#include "cli/network.h"
#include "cli/print.h"

namespace kist::cli {

namespace {

constexpr size_t kMaxCommand = 20;  // characters of a command, and of a mount, that are shown
constexpr size_t kMaxMount = 15;

struct PsFlags {
    bool all = false, quiet = false, no_trunc = false, latest = false, size = false;
    int last = -1;
    String format;
    Vector<String> filters;
};

// clang-format off
constexpr Flag kFlags[] = {
    flag<&PsFlags::all>     ('a', "all",      nullptr,     "Show containers that do not run, too"_help),
    flag<&PsFlags::filters> ('f', "filter",   "KEY=VALUE", "Show those with this id, name, label, status, exited, ancestor, before, since, volume, network, publish, expose or health"_help),
    flag<&PsFlags::format>  (0,   "format",   "FORMAT",    "json, or a template such as '{{.Names}} {{.Status}}'"_help),
    flag<&PsFlags::last>    ('n', "last",     "COUNT",     "Show the last so many that were created"_help),
    flag<&PsFlags::latest>  ('l', "latest",   nullptr,     "Show the one that was created last"_help),
    flag<&PsFlags::no_trunc>(0,   "no-trunc", nullptr,     "Show whole ids and commands"_help),
    flag<&PsFlags::quiet>   ('q', "quiet",    nullptr,     "Print ids only"_help),
    flag<&PsFlags::size>    ('s', "size",     nullptr,     "Show how much each has written"_help),
};
// clang-format on

// At most `limit` bytes of it, the last of them a sign that there is more; no character is cut.
String shortened(String text, size_t limit, bool whole)
{
    if (whole || text.size() <= limit)
        return text;
    size_t end = limit - 1;
    while (end > 0 && (text[end] & 0xc0) == 0x80)
        end--;
    return text.substr(0, end) + "\u2026";
}

String command_of(const Listed& listed, bool whole)
{
    return "\"" + shortened(joined(listed.spec.argv, " "), kMaxCommand, whole) + "\"";
}

String age_of(const Listed& listed, bool)
{
    auto created = clock::from_text(listed.spec.created);
    return created ? clock::ago(clock::now() - *created) : "";
}

// As docker writes times in tables: "2026-11-22 15:04:05 +0000 UTC".
String created_at(const Listed& listed, bool)
{
    String text = listed.spec.created;
    if (text.size() >= 20 && text.ends_with('Z'))
        text = text.substr(0, 10) + " " + text.substr(11, 8) + " +0000 UTC";
    return text;
}

String labels_of(const Listed& listed, bool)
{
    Vector<String> labels;
    for (auto& [name, value] : listed.spec.labels)
        labels.push_back(name + "=" + value);
    return joined(labels, ",");
}

String mounts_of(const Listed& listed, bool whole)
{
    Vector<String> mounts;
    for (const container::Mount& mount : listed.spec.mounts)
        if (mount.kind != container::Mount::Kind::tmpfs)
            mounts.push_back(shortened(mount.source, kMaxMount, whole));
    return joined(mounts, ",");
}

String volume_count(const Listed& listed, bool)
{
    unsigned count = 0;
    for (const container::Mount& mount : listed.spec.mounts)
        count += mount.kind == container::Mount::Kind::volume;
    return str::format("%u", count);
}

String size_of(const Listed& listed, bool)
{
    return human_size(listed.written) + " (virtual " +
           human_size(listed.written + listed.image_bytes) + ")";
}

// docker's name for it, and its text.
struct Field {
    Column column;
    String (*text)(const Listed& listed, bool whole);
};

using L = const Listed&;

// clang-format off
constexpr Field kFields[] = {
    {{"ID", "CONTAINER ID"},                 [](L l, bool whole) { return whole ? l.spec.id : l.spec.id.substr(0, kShortId); }},
    {{"Image", "IMAGE"},                     [](L l, bool) { return l.spec.image; }},
    {{"Command", "COMMAND"},                 command_of},
    {{"RunningFor", "CREATED"},              age_of},
    {{"CreatedAt", "CREATED AT", false},     created_at},
    {{"Status", "STATUS"},                   [](L l, bool) { return status_text(l); }},
    {{"State", "STATE", false},              [](L l, bool) { return String(state_word(l)); }},
    {{"Ports", "PORTS"},                     [](L l, bool) { return ports_text(l); }},
    {{"Labels", "LABELS", false},            labels_of},
    {{"Mounts", "MOUNTS", false},            mounts_of},
    {{"LocalVolumes", "LOCAL VOLUMES", false}, volume_count},
    {{"Networks", "NETWORKS", false},        [](L l, bool) { return joined(network_names(l.spec), ","); }},
    {{"Names", "NAMES"},                     [](L l, bool) { return l.spec.name; }},
    {{"Size", "SIZE", false},                size_of},
    {{"Label", "", false, true},             [](L l, bool) { return json::write(l.spec.labels); }},
};
// clang-format on

Result<void> print_list(const Vector<Listed>& containers, const PsFlags& flags)
{
    Vector<Column> columns;
    for (const Field& field : kFields)
        columns.push_back(field.column);
    for (Column& column : columns)
        column.by_default |= flags.size && std::string_view(column.field) == "Size";
    Vector<Row> rows;
    for (const Listed& each : containers) {
        Row row;
        for (const Field& field : kFields)
            row.push_back(field.text(each, flags.no_trunc));
        rows.push_back(std::move(row));
    }
    return print_rows(columns, rows, flags.quiet ? "{{.ID}}" : flags.format);
}

Result<int> ps(const PsFlags& flags, const Context& context, Arguments)
{
    service::Engine engine = TRY(service::open_engine(context.places, context.outer));
    Vector<Listed> all = TRY(list_containers(engine));
    Conditions conditions =
        TRY(parse_container_filters(flags.filters, FilterUse::list, context, all));
    size_t limit = flags.latest ? 1 : flags.last >= 0 ? size_t(flags.last) : SIZE_MAX;
    bool idle = flags.all || limit != SIZE_MAX || reach_beyond_running(conditions);

    Vector<Listed> shown;
    for (size_t i = 0; i < all.size() && shown.size() < limit; i++) {
        bool shows = idle || container::is_alive(all[i].state);
        if (shows && match_container(conditions, {all[i], i}))
            shown.push_back(std::move(all[i]));
    }
    if (flags.size || flags.format.find(".Size") != String::npos)
        TRY(measure(context, shown));
    TRY(print_list(shown, flags));
    return 0;
}

}  // namespace

extern const Command kPs = {
    .name = "ps",
    .operands = "",
    .summary = "List containers"_help,
    .flags = kFlags,
    .run = with_context<PsFlags, ps>,
};

}  // namespace kist::cli
