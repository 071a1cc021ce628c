// command.h - what a command is: one row that help, the manual page, shell
// completion and the parser are all derived from.
//
// To add a flag, add a field to the command's options struct and a row to its flag
// table.  To add a command, write its file and name it in commands.cpp.

#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::cli {

using Arguments = std::span<const std::string_view>;

// What the shell should offer for a value.
enum class Offer : unsigned char {
    nothing,
    containers,
    images,
    volumes,
    networks,
    files,
    commands
};

struct Flag {
    char letter;  // 0: no short form
    Offer offer;
    const char* name;
    const char* value;  // "BYTES"; nullptr: a switch
    const char* help;
    Result<void> (*set)(void* options, std::string_view text);
};

// What was said before the command's name.
struct Globals {
    String root, state, log_level;
    bool debug = false;
};

struct Command {
    const char* name;      // "run", "image prune"
    const char* operands;  // "IMAGE [COMMAND] [ARG...]": also says how many there must be
    const char* summary;
    const char* details = "";
    Offer offer = Offer::nothing;
    std::span<const Flag> flags = {};
    Result<int> (*run)(const Command& self, const Globals& globals, Arguments words);
    int failure = 1;  // the exit code when it fails; docker's is 125 for run, 1 for others
};

// How text becomes a value: overload for a type, and flags can hold that type.  A switch
// comes with "" when it was given without "=VALUE".
Result<void> assign(bool& field, std::string_view text);
Result<void> assign(unsigned& field, std::string_view text);
Result<void> assign(int& field, std::string_view text);
Result<void> assign(long long& field, std::string_view text);
inline Result<void> assign(String& field, std::string_view text)
{
    field = text;
    return {};
}
template <class T>
Result<void> assign(std::optional<T>& field, std::string_view text)
{
    return assign(field.emplace(), text);
}
template <class T>
Result<void> assign(Vector<T>& field, std::string_view text)
{
    return assign(field.emplace_back(), text);
}

template <class Options, class Field>
Options options_of(Field Options::*);

template <auto Field>
constexpr Flag flag(char letter, const char* name, const char* value, const char* help,
                    Offer offer = Offer::nothing)
{
    using Options = decltype(options_of(Field));
    return {letter, offer, name, value, help, [](void* options, std::string_view text) {
                return assign(static_cast<Options*>(options)->*Field, text);
            }};
}

// A flag whose text is read by `Set`, a function (Options&, std::string_view) -> Result<void>.
template <class Options, auto Set>
constexpr Flag custom_flag(char letter, const char* name, const char* value, const char* help,
                           Offer offer = Offer::nothing)
{
    return {letter, offer, name, value, help, [](void* options, std::string_view text) {
                return Set(*static_cast<Options*>(options), text);
            }};
}

// Fills `options` from the flags in `words`; what remains are the operands.  Flags may stand
// between operands, unless the last of these is "[ARG...]": then all from the first
// operand on belongs to the container's program.  EINVAL, with a hint.
Result<Vector<std::string_view>> parse(const Command& command, Arguments words, void* options);

// The same for flags alone, up to the first word that is none: how many words they took.
Result<size_t> parse_leading(const Command& command, Arguments words, void* options);

// A command behind the reading of its words.  What all commands have in common is kept out of the
// templates, of which there is one for each.
using Step = Result<int> (*)(const void* options, const Globals& globals, Arguments operands);
Result<int> parse_and_go(const Command& self, const Globals& globals, Arguments words,
                         void* options, Step step);

template <class Options, Result<int> (*Run)(const Options&, const Globals&, Arguments)>
Result<int> run_as(const Command& self, const Globals& globals, Arguments words)
{
    Options options;
    return parse_and_go(self, globals, words, &options,
                        [](const void* read, const Globals& before, Arguments operands) {
                            return Run(*static_cast<const Options*>(read), before, operands);
                        });
}

// A mistake in the words themselves; main answers it with exit code 125, as docker does.
Error usage_error(const Command& command, const String& message);
bool is_usage_error(const Error& error);

}  // namespace kist::cli
