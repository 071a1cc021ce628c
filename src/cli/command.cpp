// command.cpp - reading a command line against a command's table.

#include "cli/command.h"

#include <climits>

#include "base/string.h"
#include "base/vector.h"

namespace kist::cli {

namespace {

// No system call answers this, so it marks the user's own mistakes among errors.
constexpr int kUsageCode = EBADRQC;

// "IMAGE [COMMAND] [ARG...]" wants one operand and takes any number.
struct Arity {
    size_t least = 0;
    size_t most = 0;
};

Arity arity_of(std::string_view operands)
{
    Arity arity;
    for (std::string_view word : str::words(operands)) {
        bool any = word.find("...") != word.npos;
        arity.least += !word.starts_with('[');
        arity.most = any || arity.most == SIZE_MAX ? SIZE_MAX : arity.most + 1;
    }
    return arity;
}

const Flag* find(const Command& command, char letter, std::string_view name)
{
    for (const Flag& flag : command.flags)
        if (letter ? flag.letter == letter : name == flag.name)
            return &flag;
    return nullptr;
}

// "unknown flag --memry; did you mean --memory?"
Error unknown_flag(const Command& command, bool is_long, std::string_view name)
{
    String message =
        str::format("unknown flag %s%.*s", is_long ? "--" : "-", int(name.size()), name.data());
    for (const Flag& flag : command.flags)
        if (is_long && name.size() > 2 && str::distance(name, flag.name) <= 2)
            return usage_error(command,
                               str::format("%s; did you mean --%s?", message.c_str(), flag.name));
    return usage_error(command, message);
}

Result<long long> integer_between(std::string_view text, long long least, long long most)
{
    long long value = TRY(str::to_integer(text));
    if (value < least || value > most)
        return Error(ERANGE, "%lld is out of range", value);
    return value;
}

// Reads the flag or cluster of flags at words[at]; the number of words it took.
// --name, --name=value, --name value, -n value, -nvalue, -n=value, -ab for switches a and b.
Result<size_t> take_flag(const Command& command, Arguments words, size_t at, void* options)
{
    std::string_view word = words[at];
    size_t took = 1;
    bool is_long = word.starts_with("--");
    std::string_view rest = word.substr(is_long ? 2 : 1);
    do {
        std::string_view name = is_long ? str::cut(rest, '=') : rest.substr(0, 1);
        if (!is_long)
            rest.remove_prefix(1);
        const Flag* flag = find(command, is_long ? 0 : name[0], name);
        if (!flag)
            return unknown_flag(command, is_long, name);

        bool equals = !is_long && rest.size() > 1 && rest[0] == '=';  // -t=false, -e=A=b
        if (equals)
            rest.remove_prefix(1);
        bool attached = is_long ? word.find('=') != word.npos : !rest.empty();
        std::string_view value = flag->value || is_long || equals ? rest : std::string_view();
        if (flag->value && !attached) {
            if (at + took == words.size())
                return usage_error(command,
                                   str::format("--%s needs a %s", flag->name, flag->value_word()));
            value = words[at + took++];
        }
        if ((flag->value || equals) && !is_long)
            rest = {};
        auto done = flag->set(static_cast<char*>(options) + flag->field, value);
        if (!done)
            return usage_error(command,
                               str::format("--%s: %s", flag->name, done.error().message().c_str()));
    } while (!is_long && !rest.empty());
    return took;
}

bool is_flag(std::string_view word)
{
    return word.size() > 1 && word.starts_with('-');
}

}  // namespace

Result<void> assign(bool& field, std::string_view text)
{
    if (text.empty())
        field = true;
    else if (!str::read_boolean(text, field))
        return Error(EINVAL, "\"%.*s\" is neither true nor false", int(text.size()), text.data());
    return {};
}

Result<void> assign(unsigned& field, std::string_view text)
{
    field = static_cast<unsigned>(TRY(integer_between(text, 0, UINT_MAX)));
    return {};
}

Result<void> assign(int& field, std::string_view text)
{
    field = static_cast<int>(TRY(integer_between(text, INT_MIN, INT_MAX)));
    return {};
}

Result<void> assign(long long& field, std::string_view text)
{
    field = TRY(str::to_integer(text));
    return {};
}

Error usage_error(const Command& command, const String& message)
{
    Error error(kUsageCode, "%s", message.c_str());
    return std::move(error).with_hint(
        str::format("see \"kist %s%s--help\"", command.name, *command.name ? " " : ""));
}

bool is_usage_error(const Error& error)
{
    return error.is(kUsageCode);
}

Result<size_t> parse_leading(const Command& command, Arguments words, void* options)
{
    size_t at = 0;
    while (at < words.size() && is_flag(words[at]) && words[at] != "--" && words[at] != "--help" &&
           words[at] != "--version" && words[at] != "-h" && words[at] != "-v")
        at += TRY(take_flag(command, words, at, options));
    return at;
}

Result<Vector<std::string_view>> parse(const Command& command, Arguments words, void* options)
{
    bool program_follows = std::string_view(command.operands).ends_with("[ARG...]");
    Vector<std::string_view> operands;
    for (size_t at = 0; at < words.size();) {
        bool ended = words[at] == "--";
        if (ended || (program_follows && !is_flag(words[at]))) {
            for (at += ended; at < words.size(); at++)
                operands.push_back(words[at]);
            break;
        }
        if (is_flag(words[at]))
            at += TRY(take_flag(command, words, at, options));
        else
            operands.push_back(words[at++]);
    }

    Arity arity = arity_of(command.operands);
    if (operands.size() < arity.least || operands.size() > arity.most)
        return usage_error(command,
                           str::format("\"kist %s\" takes %s", command.name,
                                       *command.operands ? command.operands : "no operands"));
    return operands;
}

Result<int> parse_and_go(const Command& self, const Globals& globals, Arguments words,
                         void* options, Step step)
{
    Vector<std::string_view> operands = TRY(parse(self, words, options));
    return step(options, globals, operands);
}

}  // namespace kist::cli
