// commands.cpp - finding a command by its words; commands.tbl lists them.

#include "cli/commands.h"

#include "cli/document.h"

namespace kist::cli {

// clang-format off
#define KIST_COMMAND(name) extern const Command name;
#include "cli/commands.tbl"
#undef KIST_COMMAND
// clang-format on

namespace {

// clang-format off
constexpr Flag kGlobalFlags[] = {
    flag<&Globals::debug>    ('D', "debug",     nullptr, "Say what is done; the same as --log-level debug"_help),
    flag<&Globals::log_level>(0,   "log-level", "LEVEL", "error, warn, info or debug"_help),
    flag<&Globals::root>     (0,   "root",      "PATH",  "Where images and containers are kept"_help),
    flag<&Globals::state>    (0,   "state",     "PATH",  "Where locks and other things of this boot are kept"_help),
};

// docker's longer spellings.
struct Alias {
    const char* name;
    const Command* command;
};
constexpr Alias kAliases[] = {
    {"container attach",  &kAttach},
    {"container cp",      &kCp},
    {"container create",  &kCreate},
    {"container diff",    &kDiff},
    {"container exec",    &kExec},
    {"container export",  &kExport},
    {"container kill",    &kKill},
    {"container list",    &kPs},
    {"container logs",    &kLogs},
    {"container ls",      &kPs},
    {"container pause",   &kPause},
    {"container port",    &kPort},
    {"container ps",      &kPs},
    {"container rename",  &kRename},
    {"container restart", &kRestart},
    {"container rm",      &kRm},
    {"container run",     &kRun},
    {"container start",   &kStart},
    {"container stats",   &kStats},
    {"container stop",    &kStop},
    {"container top",     &kTop},
    {"container unpause", &kUnpause},
    {"container update",  &kUpdate},
    {"container wait",    &kWait},
    {"image history",     &kHistory},
    {"image list",        &kImages},
    {"image load",        &kLoad},
    {"image ls",          &kImages},
    {"image pull",        &kPull},
    {"image remove",      &kRmi},
    {"image rm",          &kRmi},
    {"image save",        &kSave},
    {"image tag",         &kTag},
    {"network list",      &kNetworkLs},
    {"network remove",    &kNetworkRm},
    {"system events",     &kEvents},
    {"system info",       &kInfo},
    {"volume list",       &kVolumeLs},
    {"volume remove",     &kVolumeRm},
};
// clang-format on

// docker's that have no like here: no guess at what was meant.
constexpr const char* kNotOurs[] = {"build",  "buildx", "commit", "compose", "context",
                                    "import", "plugin", "push",   "search",  "service",
                                    "stack",  "swarm",  "trust"};

// Whether `words` begin with those of `name`; how many these are.
size_t begins_with(Arguments words, std::string_view name)
{
    size_t count = 0;
    for (std::string_view word : str::words(name)) {
        if (count == words.size() || words[count] != word)
            return 0;
        count++;
    }
    return count;
}

struct GroupFlags {};

Result<int> list_group(const GroupFlags&, const Globals&, Arguments words)
{
    print_group(words[0]);
    return 0;
}

}  // namespace

const Command kGroup = {
    .name = "",
    .operands = "GROUP [ARG...]",
    .run = run_as<GroupFlags, list_group>,
};

Vector<Named> spellings(std::string_view group)
{
    Vector<Named> all;
    auto look = [&](const char* name, const Command& command) {
        std::string_view rest = name;
        if (group.empty() || (str::cut(rest, ' ') == group && !rest.empty()))
            all.push_back({name, &command});
    };
    for (const Command* command : commands())
        look(command->name, *command);
    for (const Alias& alias : kAliases)
        look(alias.name, *alias.command);
    return all;
}

const Command kProgram = {
    .name = "",
    .operands = "COMMAND [ARG...]",
    .summary = "Containers for small boards, in one file"_help,
    .flags = kGlobalFlags,
    .run = nullptr,
};

std::span<const Command* const> commands()
{
    static constexpr const Command* kAll[] = {
#define KIST_COMMAND(name) &name,
#include "base/string.h"
#include "base/vector.h"
#include "cli/commands.tbl"
#undef KIST_COMMAND
    };
    return kAll;
}

Result<Found> find_command(Arguments words)
{
    for (const Command* command : commands())
        if (size_t count = begins_with(words, command->name))
            return Found{command, count};
    for (const Alias& alias : kAliases)
        if (size_t count = begins_with(words, alias.name))
            return Found{alias.command, count};

    String word(words[0]);
    if (!spellings(word).empty()) {
        if (words.size() == 1 || words[1] == "--help" || words[1] == "-h")
            return Found{&kGroup, 0};
        return usage_error(kProgram, str::format("unknown command \"%s %s\"", word.c_str(),
                                                 String(words[1]).c_str()))
            .with_hint(str::format("\"kist %s\" lists those that there are", word.c_str()));
    }
    for (const char* name : kNotOurs)
        if (word == name)
            return usage_error(kProgram, str::format("kist has no %s", name));
    for (const Command* command : commands())
        if (word.size() > 1 && str::distance(word, command->name) <= 2)
            return usage_error(kProgram, str::format("unknown command \"%s\"; did you mean \"%s\"?",
                                                     word.c_str(), command->name));
    return usage_error(kProgram, str::format("unknown command \"%s\"", word.c_str()));
}

}  // namespace kist::cli
