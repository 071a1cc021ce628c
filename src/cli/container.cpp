// container.cpp - ps and rm.

#include "container/container.h"

#include <cstdio>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/context.h"
#include "cli/print.h"

namespace kist::cli {

namespace {

constexpr size_t kShortId = 12;
constexpr size_t kMaxCommand = 20;  // shown by ps

struct PsFlags {
    bool all = false, quiet = false, no_trunc = false;
    std::string format;
};

// clang-format off
constexpr Flag kPsFlags[] = {
    flag<&PsFlags::all>     ('a', "all",      nullptr,  "Show containers that have ended, too"),
    flag<&PsFlags::format>  (0,   "format",   "FORMAT", "json, or a template such as '{{.Names}} {{.Status}}'"),
    flag<&PsFlags::no_trunc>(0,   "no-trunc", nullptr,  "Show whole ids and commands"),
    flag<&PsFlags::quiet>   ('q', "quiet",    nullptr,  "Print ids only"),
};

constexpr Column kColumns[] = {
    {"ID", "CONTAINER ID"},
    {"Image", "IMAGE"},
    {"Command", "COMMAND"},
    {"RunningFor", "CREATED"},
    {"CreatedAt", "CREATED AT", false},
    {"Status", "STATUS"},
    {"State", "STATE", false},
    {"Ports", "PORTS"},
    {"Labels", "LABELS", false},
    {"Mounts", "MOUNTS", false},
    {"Networks", "NETWORKS", false},
    {"Names", "NAMES"},
};
// clang-format on

const char* state_word(container::Status status)
{
    switch (status) {
        case container::Status::created: return "created";
        case container::Status::running: return "running";
        case container::Status::exited: return "exited";
    }
    return "";
}

std::string joined(const std::vector<std::string>& words, const char* separator)
{
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : separator) + word;
    return text;
}

Row row_of(const container::Summary& summary, bool whole)
{
    const container::Spec& spec = summary.spec;
    std::string command = joined(spec.argv, " ");
    if (!whole && command.size() > kMaxCommand)
        command = command.substr(0, kMaxCommand - 1) + "\u2026";
    std::vector<std::string> labels, mounts;
    for (auto& [name, value] : spec.labels)
        labels.push_back(name + "=" + value);
    for (const container::Mount& mount : spec.mounts)
        mounts.push_back(mount.source.empty() ? mount.target : mount.source);
    auto created = clock::from_text(spec.created);
    return {
        whole ? spec.id : spec.id.substr(0, kShortId),
        spec.image,
        "\"" + command + "\"",
        created ? clock::ago(clock::now() - *created) : "",
        spec.created,
        container::describe(summary.state),
        state_word(summary.state.status),
        "",
        joined(labels, ","),
        joined(mounts, ","),
        spec.network_none ? "none" : "host",
        spec.name,
    };
}

Result<int> ps(const PsFlags& flags, const Globals& globals, Arguments)
{
    Context context = TRY(open_context(globals));
    std::vector<Row> rows;
    for (const container::Summary& each : TRY(container::list(context.places, context.outer)))
        if (flags.all || each.state.status == container::Status::running)
            rows.push_back(row_of(each, flags.no_trunc));
    TRY(print_rows(kColumns, rows, flags.quiet ? "{{.ID}}" : flags.format));
    return 0;
}

struct RmFlags {
    bool force = false, volumes = false;
};

// clang-format off
constexpr Flag kRmFlags[] = {
    flag<&RmFlags::force>  ('f', "force",   nullptr, "Kill it first when it runs"),
    flag<&RmFlags::volumes>('v', "volumes", nullptr, "Accepted for docker's sake: anonymous volumes always go"),
};
// clang-format on

Result<int> rm(const RmFlags& flags, const Globals& globals, Arguments operands)
{
    Context context = TRY(open_context(globals));
    int status = 0;
    for (std::string_view name : operands) {
        auto removed = container::remove(context.places, context.outer, name, flags.force);
        bool missing = !removed && removed.error().is(ENOENT);
        if (removed) {
            printf("%.*s\n", int(name.size()), name.data());
        } else {
            report(removed.error());
            status = missing && flags.force ? status : 1;
        }
    }
    return status;
}

}  // namespace

extern const Command kPs = {
    .name = "ps",
    .operands = "",
    .summary = "List containers",
    .flags = kPsFlags,
    .run = run_as<PsFlags, ps>,
};

extern const Command kRm = {
    .name = "rm",
    .operands = "CONTAINER...",
    .summary = "Remove containers",
    .offer = Offer::containers,
    .flags = kRmFlags,
    .run = run_as<RmFlags, rm>,
};

}  // namespace kist::cli
