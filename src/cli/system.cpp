// system.cpp - check, system df, unshare.

#include <unistd.h>

#include <cstdlib>

#include "base/json.h"
#include "base/string.h"
#include "base/vector.h"
#include "cli/command.h"
#include "cli/context.h"
#include "cli/print.h"
#include "cli/say.h"
#include "cli/volume.h"
#include "container/check.h"
#include "container/container.h"
#include "container/launch.h"
#include "version.h"

namespace kist::cli {

namespace {

// ---- check -----------------------------------------------------------------

struct CheckFlags {
    bool json = false;
};

constexpr Flag kCheckFlags[] = {
    flag<&CheckFlags::json>(0, "json", nullptr, "Print JSON"_help),
};

void print_check_json(const Vector<container::CheckRow>& rows)
{
    json::Text out(json::Layout::pretty);
    out.begin('[');
    for (const container::CheckRow& row : rows) {
        out.begin('{');
        out.name("feature");
        out.text(row.feature);
        out.name("state");
        out.text(container::check_state_name(row.state));
        out.name("meaning");
        out.text(row.meaning);
        out.name("fix");
        out.text(row.fix);
        out.end('}');
    }
    out.end(']');
    say_line(std::move(out).take());
}

Result<int> check(const CheckFlags& flags, const Globals&, Arguments)
{
    Vector<container::CheckRow> rows = container::check_board({.built = kBuildDate});
    if (flags.json) {
        print_check_json(rows);
        return 0;
    }
    for (const container::CheckRow& row : rows) {
        say("%-8s %-22s %s\n", container::check_state_name(row.state), row.feature,
            row.meaning.c_str());
        if (!row.fix.empty())
            say("%-8s %-22s fix: %s\n", "", "", row.fix.c_str());
    }
    return 0;
}

String decimal(size_t count)
{
    return str::format("%zu", count);
}

// ---- system df -------------------------------------------------------------

struct DfFlags {
    String format;
};

// clang-format off
constexpr Flag kDfFlags[] = {
    flag<&DfFlags::format>(0, "format", "FORMAT", "json, or a template such as '{{.Type}} {{.Size}}'"_help),
};
constexpr Column kDfColumns[] = {
    {"Type", "TYPE"}, {"TotalCount", "TOTAL"}, {"Active", "ACTIVE"}, {"Size", "SIZE"}, {"Reclaimable", "RECLAIMABLE"},
};
// clang-format on

Result<int> system_df(const DfFlags& flags, const Context& context, Arguments)
{
    service::Engine engine = TRY(service::open_engine(context.places, context.outer));
    Vector<container::Summary> containers = TRY(container::list(engine.directories));
    Vector<Digest> used = TRY(container::images_in_use(context.places));
    image::Store store = TRY(enter_store(context));
    image::Usage usage = TRY(store.usage(used));
    uint64_t written = 0, idle = 0;
    size_t running = 0;
    for (const container::Summary& each : containers) {
        uint64_t size = TRY(container::writable_size(store.directory(), each.spec.id));
        bool runs = each.state.status == container::Status::running;
        running += runs;
        written += size;
        idle += runs ? 0 : size;
    }
    Vector<Row> rows = {
        {"Images", decimal(usage.images), decimal(used.size()), human_size(usage.layer_bytes),
         human_size(usage.reclaimable_bytes)},
        {"Containers", decimal(containers.size()), decimal(running), human_size(written),
         human_size(idle)},
    };
    rows.push_back(TRY(volume_usage(context)));
    TRY(print_rows(kDfColumns, rows, flags.format));
    return 0;
}

// ---- unshare ---------------------------------------------------------------

struct UnshareFlags {};

Result<int> unshare(const UnshareFlags&, const Context& context, Arguments operands)
{
    TRY(container::enter_outer(context.outer, context.places));
    const char* shell = ::getenv("SHELL");
    Vector<String> words(operands.begin(), operands.end());
    if (words.empty())
        words.emplace_back(shell && *shell ? shell : "/bin/sh");
    Vector<char*> argv;
    for (String& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execvp(argv[0], argv.data());
    int code = errno;
    report(os_error("cannot run %s", argv[0]));
    return code == ENOENT ? 127 : 126;
}

}  // namespace

extern const Command kCheck = {
    .name = "check",
    .operands = "",
    .summary = "Say what this board has and lacks, and how to get it"_help,
    .flags = kCheckFlags,
    .run = run_as<CheckFlags, check>,
};

extern const Command kSystemDf = {
    .name = "system df",
    .operands = "",
    .summary = "Show how much disk is used"_help,
    .flags = kDfFlags,
    .run = with_context<DfFlags, system_df>,
};

extern const Command kUnshare = {
    .name = "unshare",
    .operands = "[COMMAND] [ARG...]",
    .summary = "Run a shell with the ids that containers have"_help,
    .details = "To look at, or delete, files that belong to a container's users.\n"_help,
    .failure = 125,
    .run = with_context<UnshareFlags, unshare>,
};

}  // namespace kist::cli
