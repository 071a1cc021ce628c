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

String spelling(const Flag& flag)
{
    String letter = flag.letter ? str::format("-%c, ", flag.letter) : "    ";
    return str::format("%s--%s%s%s", letter.c_str(), flag.name, flag.value ? " " : "",
                       flag.value ? flag.value : "");
}

String usage(const Command& command)
{
    return str::format("kist %s%s%s%s%s", command.name, command.flags.empty() ? "" : " [FLAGS]",
                       *command.operands ? " " : "", command.operands, "");
}

void print_flags(std::span<const Flag> flags)
{
    size_t width = 0;
    for (const Flag& flag : flags)
        width = std::max(width, spelling(flag).size());
    for (const Flag& flag : flags)
        printf("  %-*s  %s\n", int(width), spelling(flag).c_str(), flag.help);
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

void print_manual_flags(std::span<const Flag> flags)
{
    for (const Flag& flag : flags) {
        printf(".TP\n.B ");
        if (flag.letter)
            printf("\\-%c, ", flag.letter);
        printf("\\-\\-%s", troff(flag.name).c_str());
        if (flag.value)
            printf(" \\fI%s\\fR", troff(flag.value).c_str());
        printf("\n%s.\n", troff(flag.help).c_str());
    }
}

void print_manual_head(const String& name, const char* summary)
{
    String date = clock::to_text(kBuildDate).substr(0, 10);
    printf(".TH %s 1 %s \"kist %s\" \"User Commands\"\n.SH NAME\n%s \\- %s\n.SH SYNOPSIS\n",
           troff(name).c_str(), date.c_str(), kVersion, troff(name).c_str(),
           troff(summary).c_str());
}

void print_program_manual()
{
    print_manual_head("kist", kProgram.summary);
    printf(
        ".B kist\n[FLAGS] COMMAND [ARG...]\n.SH DESCRIPTION\n"
        "Pulls images from registries and runs them as containers, as root or as an ordinary "
        "user,\nwith no daemon.  The words are docker's.\n.SH FLAGS\n");
    print_manual_flags(kProgram.flags);
    printf(".SH COMMANDS\n");
    for (const Command* command : commands())
        printf(".TP\n.B %s\n%s.\n", troff(usage(*command)).c_str(),
               troff(command->summary).c_str());
    printf(
        ".SH FILES\n.TP\n.I /etc/kist.conf\n\"root = PATH\" and \"state = PATH\", as the flags of "
        "these names.\n.TP\n.I ~/.docker/config.json\nCredentials of registries.\n"
        ".SH EXIT STATUS\n\\fBrun\\fR answers with the exit code of its program, 128 + n for "
        "signal n, 127 when it was not\nfound, 126 when it cannot be executed and 125 when "
        "kist itself failed.  Other commands\nanswer 0, 1, or 125 for a mistake in the words.\n");
}

void print_command_manual(const Command& command)
{
    String name = "kist-";
    for (const char* c = command.name; *c; c++)
        name += *c == ' ' ? '-' : *c;
    print_manual_head(name, command.summary);
    printf("%s\n.SH DESCRIPTION\n%s.\n%s", troff(usage(command)).c_str(),
           troff(command.summary).c_str(), troff(command.details).c_str());
    if (!command.flags.empty())
        printf(".SH FLAGS\n");
    print_manual_flags(command.flags);
    printf(".SH SEE ALSO\n.BR kist (1)\n");
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
    printf(
        "_kist() {\n    local word=\"${COMP_WORDS[COMP_CWORD]}\" at=1 flags= words=\n"
        "    COMPREPLY=()\n"
        "    while [[ $at -lt $COMP_CWORD && ${COMP_WORDS[at]} == -* ]]; do\n"
        "        [[ ${COMP_WORDS[at+1]} == = ]] && at=$((at + 1))\n"
        "        case ${COMP_WORDS[at]} in =");
    for (const Flag& flag : kProgram.flags)
        if (flag.value)
            printf("|--%s", flag.name);
    printf(
        ") at=$((at + 1)) ;; esac\n        at=$((at + 1))\n    done\n"
        "    case \"$((COMP_CWORD - at > 1 ? 2 : COMP_CWORD - at)) ${COMP_WORDS[at]} "
        "${COMP_WORDS[at+1]} \" in\n"
        "    0*) words='echo%s' flags='--help --version",
        firsts.c_str());
    for (const Flag& flag : kProgram.flags)
        printf(" --%s", flag.name);
    printf("' ;;\n");
    for (std::string_view word : str::words(firsts))
        if (!spellings(word).empty())
            printf("    \"1 %.*s \"*) words='echo%s' ;;\n", int(word.size()), word.data(),
                   words_of(word).c_str());
    for (const Named& each : spellings("")) {
        printf("    [12]\" %s \"*) flags='--help", each.name);
        for (const Flag& flag : each.command->flags)
            printf(" --%s", flag.name);
        const char* words = words_command(each.command->offer);
        printf("' words=\"%s\" ;;\n", words ? words : "");
    }
    printf(
        "    esac\n    [[ $word == -* ]] && words=\"echo $flags\"\n"
        "    COMPREPLY=($(compgen -W \"$(eval \"$words\")\" -- \"$word\"))\n"
        "    __ltrim_colon_completions \"$word\" 2>/dev/null\n    return 0\n}\n"
        "complete -o default -F _kist kist\n");
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
    printf(
        "#compdef kist\n_kist() {\n    if (( CURRENT == 2 )); then\n        local -a names\n"
        "        names=(\n");
    for (const Command* command : commands())
        printf("            '%s:%s'\n", command->name, without_quotes(command->summary).c_str());
    printf(
        "        )\n        _describe command names\n        return\n    fi\n    case "
        "\"$words[2]\" in\n");
    for (const Command* command : commands()) {
        std::string_view rest = command->name;
        String first(str::cut(rest, ' '));
        if (!rest.empty())
            continue;
        printf("    %s) _arguments", first.c_str());
        for (const Flag& flag : command->flags)
            printf(" '--%s[%s]%s'", flag.name, without_quotes(flag.help).c_str(),
                   flag.value ? ":value:_files" : "");
        if (const char* words = words_command(command->offer))
            printf(" \"*:name:($(%s))\"", words);
        else
            printf(" '*:file:_files'");
        printf(" ;;\n");
    }
    printf("    esac\n}\n_kist \"$@\"\n");
}

void print_fish()
{
    for (const Command* command : commands()) {
        printf("complete -c kist -f -n __fish_use_subcommand -a '%s' -d '%s'\n", command->name,
               without_quotes(command->summary).c_str());
        String condition = str::format("-n '__fish_seen_subcommand_from %s'", command->name);
        for (const Flag& flag : command->flags) {
            printf("complete -c kist %s -l %s", condition.c_str(), flag.name);
            if (flag.letter)
                printf(" -s %c", flag.letter);
            printf("%s -d '%s'\n", flag.value ? " -r" : "", without_quotes(flag.help).c_str());
        }
        if (const char* words = words_command(command->offer))
            printf("complete -c kist -f %s -a \"(%s)\"\n", condition.c_str(), words);
    }
}

}  // namespace

void print_overview(FILE* where)
{
    fprintf(where, "Usage: kist [FLAGS] COMMAND [ARG...]\n\n%s\n\nCommands:\n", kProgram.summary);
    for (const Command* command : commands())
        fprintf(where, "  %-17s %s\n", command->name, command->summary);
    fprintf(where, "\n\"kist help COMMAND\" says more.  Flags before the command:\n");
    for (const Flag& flag : kProgram.flags)
        fprintf(where, "  %-22s %s\n", spelling(flag).c_str(), flag.help);
}

void print_help(const Command& command)
{
    printf("Usage: %s\n\n%s\n", usage(command).c_str(), command.summary);
    if (*command.details)
        printf("\n%s", command.details);
    if (!command.flags.empty())
        puts("\nFlags:");
    print_flags(command.flags);
}

void print_group(std::string_view group)
{
    printf("Usage: kist %.*s COMMAND\n\nCommands:\n", int(group.size()), group.data());
    for (const Named& each : spellings(group))
        printf("  %-20s %s\n", each.name, each.command->summary);
    puts("\n\"kist help COMMAND\" says more.");
}

Result<void> print_manual(std::string_view name)
{
    if (name.empty()) {
        print_program_manual();
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
    puts("| command | what it does |\n|---|---|");
    for (const Command* command : commands())
        printf("| `%s` | %s |\n", usage(*command).c_str(), command->summary);
}

}  // namespace kist::cli
