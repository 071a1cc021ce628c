// help.cpp - help, version, man, completion: what kist says about itself.

#include "base/clock.h"
#include "base/json.h"
#include "base/string.h"
#include "cli/commands.h"
#include "cli/document.h"
#include "cli/print.h"
#include "cli/say.h"
#include "version.h"

namespace kist::cli {

namespace {

#ifdef __aarch64__
constexpr const char* kArchitecture = "arm64";
#else
constexpr const char* kArchitecture = "amd64";
#endif

struct HelpFlags {
    bool names = false, markdown = false;
};

// clang-format off
constexpr Flag kHelpFlags[] = {
    flag<&HelpFlags::markdown>(0, "markdown", nullptr, "Print the list of commands for a web page"_help),
    flag<&HelpFlags::names>   (0, "names",    nullptr, "Print the names of commands and topics only"_help),
};
// clang-format on

Result<int> help(const HelpFlags& flags, const Globals&, Arguments operands)
{
    if (flags.markdown) {
        print_markdown();
    } else if (flags.names) {
        for (const Command* command : commands())
            say_line(command->name);
        for (const Topic& topic : topics())
            say_line(topic.name);
    } else if (operands.empty()) {
        print_overview(Where::output);
    } else if (const Topic* topic = find_topic(operands[0])) {
        print_topic(*topic, false);
    } else {
        Found found = TRY(find_command(operands));
        if (found.command == &kGroup)
            print_group(operands[0]);
        else
            print_help(*found.command);
    }
    return 0;
}

struct VersionFlags {
    bool licenses = false;
    String format;
};

// clang-format off
constexpr Flag kVersionFlags[] = {
    flag<&VersionFlags::format>  ('f', "format",   "FORMAT", "json, or a template such as '{{.Client.Version}}'"_help),
    flag<&VersionFlags::licenses>(0,   "licenses", nullptr,  "Print the licences of everything that is linked in"_help),
};
// clang-format on

// docker's names.  It asks a client and a server; here both are this program.
String version_document()
{
    String facts = json::write(json::Map{{"Version", kVersion},
                                         {"GitCommit", kCommit},
                                         {"BuildTime", clock::to_text(kBuildDate)},
                                         {"Os", "linux"},
                                         {"Arch", kArchitecture}});
    return "{\"Client\":" + facts + ",\"Server\":" + facts + "}";
}

Result<int> version(const VersionFlags& flags, const Globals&, Arguments)
{
    if (flags.licenses) {
        TRY(put(Where::output, licenses()));
        return 0;
    }
    if (!flags.format.empty()) {
        TRY(print_document(version_document(), flags.format));
        return 0;
    }
    say("kist %s (%s, %s, %s)\n", kVersion, kCommit,
        clock::to_text(kBuildDate).substr(0, 10).c_str(), kArchitecture);
    return 0;
}

struct ManFlags {};

Result<int> man(const ManFlags&, const Globals&, Arguments operands)
{
    String name;
    for (std::string_view word : operands)
        name += (name.empty() ? "" : " ") + String(word);
    TRY(print_manual(name));
    return 0;
}

struct CompletionFlags {};

Result<int> completion(const CompletionFlags&, const Globals&, Arguments operands)
{
    TRY(print_completion(operands[0]));
    return 0;
}

}  // namespace

extern const Command kHelp = {
    .name = "help",
    .operands = "[COMMAND...]",
    .summary = "Say more about a command or a topic"_help,
    .flags = kHelpFlags,
    .offer = Offer::commands,
    .run = run_as<HelpFlags, help>,
};

extern const Command kVersionCommand = {
    .name = "version",
    .operands = "",
    .summary = "Print the version"_help,
    .flags = kVersionFlags,
    .run = run_as<VersionFlags, version>,
};

extern const Command kMan = {
    .name = "man",
    .operands = "[COMMAND...]",
    .summary = "Print a manual page, for man(1) to show: kist man run | man -l -"_help,
    .offer = Offer::commands,
    .run = run_as<ManFlags, man>,
};

extern const Command kCompletion = {
    .name = "completion",
    .operands = "SHELL",
    .summary = "Print the completion script for bash, zsh or fish"_help,
    .run = run_as<CompletionFlags, completion>,
};

}  // namespace kist::cli
