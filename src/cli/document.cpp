// document.cpp - help, manual pages and shell completion, all from the command tables.

#include "cli/document.h"

#include <algorithm>

#include "base/clock.h"
#include "base/string.h"
#include "base/vector.h"
#include "cli/commands.h"
#include "version.h"

namespace kist::cli {

namespace {

void tell(Text text)
{
    say("%s", text.words());
}

String spelling(const Flag& flag)
{
    String letter = flag.letter ? str::format("-%c, ", flag.letter) : "    ";
    return str::format("%s--%s%s%s", letter.c_str(), flag.name, flag.value ? " " : "",
                       flag.value_word());
}

String usage(const Command& command)
{
    return str::format("kist %s%s%s%s%s", command.name, command.flags.empty() ? "" : " [FLAGS]",
                       *command.operands ? " " : "", command.operands, "");
}

void print_flags(const Flags& flags)
{
    size_t width = 0;
    for (const Flag& flag : flags)
        width = std::max(width, spelling(flag).size());
    for (const Flag& flag : flags)
        say("  %-*s  %s\n", int(width), spelling(flag).c_str(), flag.help.words());
}

// ---- manual pages ----------------------------------------------------------

// Text for troff: a hyphen is a minus, a leading dot or quote is no request.
String troff(std::string_view text)
{
    String safe;
    for (char c : text) {
        if ((c == '.' || c == '\'') && (safe.empty() || safe.back() == '\n'))
            safe += "\\&";
        if (c == '-' || c == '\\')
            safe += '\\';
        safe += c;
    }
    return safe;
}

void print_manual_flags(const Flags& flags)
{
    for (const Flag& flag : flags) {
        say(".TP\n.B ");
        if (flag.letter)
            say("\\-%c, ", flag.letter);
        say("\\-\\-%s", troff(flag.name).c_str());
        if (flag.value)
            say(" \\fI%s\\fR", troff(flag.value_word()).c_str());
        say("\n%s.\n", troff(flag.help.words()).c_str());
    }
}

constexpr Text kSeeAlso = ".SH SEE ALSO\n.BR kist (1)\n"_help;

void print_manual_head(const String& name, const char* section, const char* summary)
{
    String date = clock::to_text(kBuildDate).substr(0, 10);
    say(".TH %s %s %s \"kist %s\"\n.SH NAME\n%s \\- %s\n", troff(name).c_str(), section,
        date.c_str(), kVersion, troff(name).c_str(), troff(summary).c_str());
}

void print_program_manual()
{
    print_manual_head("kist", "1", kProgram.summary.words());
    tell(
        ".SH SYNOPSIS\n.B kist\n[FLAGS] COMMAND [ARG...]\n.SH DESCRIPTION\n"
        "Pulls images from registries and runs them as containers, as root or as an ordinary "
        "user,\nwith no daemon.  The words are docker's.\n.SH FLAGS\n"_help);
    print_manual_flags(kProgram.flags);
    say(".SH COMMANDS\n");
    for (const Command* command : commands())
        say(".TP\n.B %s\n%s.\n", troff(usage(*command)).c_str(),
            troff(command->summary.words()).c_str());
    for (const Topic& topic : topics())
        say(".TP\n.BR kist\\-%s (7)\n%s.\n", topic.name, topic.summary.words());
    tell(
        ".SH FILES\n.TP\n.I /etc/kist.conf\n\"root = PATH\" and \"state = PATH\", as the flags of "
        "these names.\n.TP\n.I ~/.docker/config.json\nCredentials of registries.\n"
        ".SH EXIT STATUS\n\\fBrun\\fR answers with the exit code of its program, 128 + n for "
        "signal n, 127 when it was not\nfound, 126 when it cannot be executed and 125 when "
        "kist itself failed.  Other commands\nanswer 0, 1, or 125 for a mistake in the "
        "words.\n"_help);
}

void print_command_manual(const Command& command)
{
    String name = "kist-";
    for (const char* c = command.name; *c; c++)
        name += *c == ' ' ? '-' : *c;
    print_manual_head(name, "1", command.summary.words());
    say(".SH SYNOPSIS\n%s\n.SH DESCRIPTION\n%s.\n%s", troff(usage(command)).c_str(),
        troff(command.summary.words()).c_str(), troff(command.details.words()).c_str());
    if (!command.flags.empty())
        say(".SH FLAGS\n");
    print_manual_flags(command.flags);
    tell(kSeeAlso);
}

// ---- completion ------------------------------------------------------------

constexpr const char* kImageWords = "kist images --format '{{.Repository}}:{{.Tag}}' 2>/dev/null";
constexpr const char* kContainerWords = "kist ps -a --format '{{.Names}}' 2>/dev/null";

const char* words_command(Offer offer)
{
    switch (offer) {
        case Offer::containers: return kContainerWords;
        case Offer::images: return kImageWords;
        case Offer::volumes: return "kist volume ls -q 2>/dev/null";
        case Offer::networks: return "kist network ls --format '{{.Name}}' 2>/dev/null";
        case Offer::commands: return "kist help --names";
        case Offer::nothing:
        case Offer::files: return nullptr;
    }
    return nullptr;
}

// The words that may stand first, or second after `group`, each once.
String words_of(std::string_view group)
{
    String all = " ";
    for (const Named& each : spellings(group)) {
        std::string_view rest = each.name;
        std::string_view first = str::cut(rest, ' ');
        String word = str::format(" %s ", String(group.empty() ? first : rest).c_str());
        if (all.find(word) == all.npos)
            all += word.substr(1);
    }
    return all;
}

// The command is found by where its words stand; flags of kist's own may come before.
void print_bash()
{
    String firsts = words_of("");
    tell(
        "_kist() {\n    local word=\"${COMP_WORDS[COMP_CWORD]}\" at=1 flags= words=\n"
        "    COMPREPLY=()\n"
        "    while [[ $at -lt $COMP_CWORD && ${COMP_WORDS[at]} == -* ]]; do\n"
        "        [[ ${COMP_WORDS[at+1]} == = ]] && at=$((at + 1))\n"
        "        case ${COMP_WORDS[at]} in ="_help);
    for (const Flag& flag : kProgram.flags)
        if (flag.value)
            say("|--%s", flag.name);
    tell(
        ") at=$((at + 1)) ;; esac\n        at=$((at + 1))\n    done\n"
        "    case \"$((COMP_CWORD - at > 1 ? 2 : COMP_CWORD - at)) ${COMP_WORDS[at]} "
        "${COMP_WORDS[at+1]} \" in\n    0*) words='echo"_help);
    say("%s' flags='--help --version", firsts.c_str());
    for (const Flag& flag : kProgram.flags)
        say(" --%s", flag.name);
    say("' ;;\n");
    for (std::string_view word : str::words(firsts))
        if (!spellings(word).empty())
            say("    \"1 %.*s \"*) words='echo%s' ;;\n", int(word.size()), word.data(),
                words_of(word).c_str());
    for (const Named& each : spellings("")) {
        say("    [12]\" %s \"*) flags='--help", each.name);
        for (const Flag& flag : each.command->flags)
            say(" --%s", flag.name);
        const char* words = words_command(each.command->offer);
        say("' words=\"%s\" ;;\n", words ? words : "");
    }
    tell(
        "    esac\n    [[ $word == -* ]] && words=\"echo $flags\"\n"
        "    COMPREPLY=($(compgen -W \"$(eval \"$words\")\" -- \"$word\"))\n"
        "    __ltrim_colon_completions \"$word\" 2>/dev/null\n    return 0\n}\n"
        "complete -o default -F _kist kist\n"_help);
}

String without_quotes(const char* text)
{
    String plain;
    for (; *text; text++)
        if (*text == '\'' || *text == '[' || *text == ']' || *text == ':')
            plain += *text == ':' ? "\\:" : "";
        else
            plain += *text;
    return plain;
}

void print_zsh()
{
    tell(
        "#compdef kist\n_kist() {\n    if (( CURRENT == 2 )); then\n        local -a names\n"
        "        names=(\n"_help);
    for (const Command* command : commands())
        say("            '%s:%s'\n", command->name,
            without_quotes(command->summary.words()).c_str());
    tell(
        "        )\n        _describe command names\n        return\n    fi\n    case "
        "\"$words[2]\" in\n"_help);
    for (const Command* command : commands()) {
        std::string_view rest = command->name;
        String first(str::cut(rest, ' '));
        if (!rest.empty())
            continue;
        say("    %s) _arguments", first.c_str());
        for (const Flag& flag : command->flags)
            say(" '--%s[%s]%s'", flag.name, without_quotes(flag.help.words()).c_str(),
                flag.value ? ":value:_files" : "");
        if (const char* words = words_command(command->offer))
            say(" \"*:name:($(%s))\"", words);
        else
            say(" '*:file:_files'");
        say(" ;;\n");
    }
    say("    esac\n}\n_kist \"$@\"\n");
}

void print_fish()
{
    for (const Command* command : commands()) {
        say("complete -c kist -f -n __fish_use_subcommand -a '%s' -d '%s'\n", command->name,
            without_quotes(command->summary.words()).c_str());
        String condition = str::format("-n '__fish_seen_subcommand_from %s'", command->name);
        for (const Flag& flag : command->flags) {
            say("complete -c kist %s -l %s", condition.c_str(), flag.name);
            if (flag.letter)
                say(" -s %c", flag.letter);
            say("%s -d '%s'\n", flag.value ? " -r" : "", without_quotes(flag.help.words()).c_str());
        }
        if (const char* words = words_command(command->offer))
            say("complete -c kist -f %s -a \"(%s)\"\n", condition.c_str(), words);
    }
}

}  // namespace

void print_overview(Where where)
{
    tell(where, "Usage: kist [FLAGS] COMMAND [ARG...]\n\n%s\n\nCommands:\n",
         kProgram.summary.words());
    for (const Command* command : commands())
        tell(where, "  %-17s %s\n", command->name, command->summary.words());
    tell(where, "\nTopics:\n");
    for (const Topic& topic : topics())
        tell(where, "  %-17s %s\n", topic.name, topic.summary.words());
    tell(where, "\n\"kist help\" with one of them says more.  Flags before the command:\n");
    for (const Flag& flag : kProgram.flags)
        tell(where, "  %-22s %s\n", spelling(flag).c_str(), flag.help.words());
}

void print_help(const Command& command)
{
    say("Usage: %s\n\n%s\n", usage(command).c_str(), command.summary.words());
    if (command.details)
        say("\n%s", command.details.words());
    if (!command.flags.empty())
        say_line("\nFlags:");
    print_flags(command.flags);
}

void print_group(std::string_view group)
{
    say("Usage: kist %.*s COMMAND\n\nCommands:\n", int(group.size()), group.data());
    for (const Named& each : spellings(group))
        say("  %-20s %s\n", each.name, each.command->summary.words());
    say_line("\n\"kist help COMMAND\" says more.");
}

void print_topic(const Topic& topic, bool manual)
{
    for (std::string_view rest = topic.words.words(); !rest.empty();) {
        std::string_view line = str::cut(rest, '\n');
        if (!line.starts_with('.'))
            say_line(manual ? std::string_view(troff(line)) : line);
        else if (manual || line[1] == 'S')
            say_line(manual ? line : "");
    }
}

Result<void> print_manual(std::string_view name)
{
    if (name.empty()) {
        print_program_manual();
        return {};
    }
    if (const Topic* topic = find_topic(name)) {
        print_manual_head(String("kist-") + topic->name, "7", topic->summary.words());
        print_topic(*topic, true);
        tell(kSeeAlso);
        return {};
    }
    Vector<std::string_view> words = str::words(name);
    Found found = TRY(find_command(words));
    if (found.command == &kGroup)
        return Error(EINVAL, "\"%.*s\" is a group of commands", int(name.size()), name.data())
            .with_hint("name one of them");
    print_command_manual(*found.command);
    return {};
}

Result<void> print_completion(std::string_view shell)
{
    struct Shell {
        const char* name;
        void (*print)();
    };
    constexpr Shell kShells[] = {{"bash", print_bash}, {"fish", print_fish}, {"zsh", print_zsh}};
    for (const Shell& row : kShells)
        if (shell == row.name) {
            row.print();
            return {};
        }
    return Error(EINVAL, "no completion for \"%.*s\"", int(shell.size()), shell.data())
        .with_hint("there are bash, fish and zsh");
}

void print_markdown()
{
    say_line("| command | what it does |\n|---|---|");
    for (const Command* command : commands())
        say("| `%s` | %s |\n", usage(*command).c_str(), command->summary.words());
}

}  // namespace kist::cli
