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
#include "cli/text.h"

namespace kist::cli {

using Arguments = std::span<const std::string_view>;

// What the shell should offer for operands.
enum class Offer : unsigned char {
    nothing,
    containers,
    images,
    volumes,
    networks,
    files,
    commands
};

// The words for values in help and messages.  A flag keeps the place of its own; a new word goes
// here.
// clang-format off
inline constexpr char kValueWords[] =
    "\0ACTION\0ADDRESS\0BOOL\0BYTES\0COMMAND\0CONDITION\0CONTAINER[:ro]\0COUNT\0DOMAIN"
    "\0DRIVER\0FILE\0FORMAT\0GROUP\0KEY=VALUE\0KEYS\0LEVEL\0LIST\0MASK\0MICROSECONDS\0NAME"
    "\0NAME:ADDRESS\0NAME=SOFT[:HARD]\0NAME=VALUE\0NAME[=VALUE]\0NETWORK"
    "\0NETWORK[:ip=ADDRESS,...]\0NUMBER\0OPTION\0PASSWORD\0PATH\0PATH:RATE\0PATH[:OPTIONS]"
    "\0PATH[:PATH[:rwm]]\0PLATFORM\0POLICY\0PORT[-PORT][/udp]\0RULE\0SECONDS\0SIGNAL\0SPEC"
    "\0STREAM\0SUBNET\0TIME\0TYPE\0USER\0USER[:GROUP]\0ZONE\0[SOURCE:]TARGET[:ro]"
    "\0[[IP:]PORT:]PORT[/udp]\0host|private\0true|false";
// clang-format on

consteval unsigned place_of_word(const char* word)
{
    if (!word)
        return 0;
    for (unsigned at = 1; at < sizeof kValueWords;
         at += std::string_view(kValueWords + at).size() + 1)
        if (std::string_view(kValueWords + at) == word)
            return at;
    __builtin_unreachable();  // no constant expression: a word that is not there does not compile
}

// A row of three machine words, of which there are hundreds.
struct Flag {
    const char* name;
    Result<void> (*set)(void* field, std::string_view text);
    Text help;
    uint32_t letter : 7;  // 0: no short form
    uint32_t value : 9;   // in kValueWords: "BYTES"; 0: a switch
    uint32_t field : 16;  // where the field is in the options, in bytes

    const char* value_word() const { return kValueWords + value; }
};

// What was said before the command's name.
struct Globals {
    String root, state, log_level;
    bool debug = false;
};

// A table of flags.  Private members let what follows it in Command use its last bytes.
class Flags {
public:
    constexpr Flags() = default;
    template <size_t Count>
    consteval Flags(const Flag (&rows)[Count]) : Flags(std::span(rows))
    {
    }
    consteval Flags(std::span<const Flag> rows) : rows_(rows.data()), count_{uint8_t(rows.size())}
    {
        if (rows.size() > UINT8_MAX)
            __builtin_unreachable();  // does not compile
    }

    const Flag* begin() const { return rows_; }
    const Flag* end() const { return rows_ + count_; }
    size_t size() const { return count_; }
    bool empty() const { return count_ == 0; }

private:
    const Flag* rows_ = nullptr;
    uint8_t count_ = 0;
};

struct Command {
    const char* name;      // "run", "image prune"
    const char* operands;  // "IMAGE [COMMAND] [ARG...]": also says how many there must be
    Text summary = {};
    Text details = {};
    [[no_unique_address]] Flags flags = {};
    Offer offer = Offer::nothing;
    uint8_t failure = 1;  // the exit code when it fails; docker's is 125 for run, 1 for others
    Result<int> (*run)(const Command& self, const Globals& globals, Arguments words);
};
static_assert(sizeof(Command) == 6 * sizeof(void*));

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
template <class Options, class Field>
Field field_of(Field Options::*);

// Where a field is.  A cast is no constant expression unless __builtin_constant_p asks for it.
template <auto Field>
consteval unsigned place_of()
{
    using Options = decltype(options_of(Field));
    constexpr Options* kNowhere = nullptr;
    constexpr size_t kPlace = __builtin_constant_p(reinterpret_cast<size_t>(&(kNowhere->*Field)))
                                  ? reinterpret_cast<size_t>(&(kNowhere->*Field))
                                  : SIZE_MAX;
    static_assert(kPlace <= UINT16_MAX);
    return kPlace;
}

template <class Field>
Result<void> set_field(void* field, std::string_view text)
{
    return assign(*static_cast<Field*>(field), text);
}

template <auto Field>
consteval Flag flag(char letter, const char* name, const char* value, Text help)
{
    return {.name = name,
            .set = set_field<decltype(field_of(Field))>,
            .help = help,
            .letter = static_cast<unsigned char>(letter),
            .value = place_of_word(value),
            .field = place_of<Field>()};
}

// A flag whose text is read by `Set`, a function (Options&, std::string_view) -> Result<void>.
template <class Options, auto Set>
consteval Flag custom_flag(char letter, const char* name, const char* value, Text help)
{
    return {.name = name,
            .set = [](void* options, std::string_view text) -> Result<void> {
                return Set(*static_cast<Options*>(options), text);
            },
            .help = help,
            .letter = static_cast<unsigned char>(letter),
            .value = place_of_word(value),
            .field = 0};
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

// Options that last as long as the process does: taking them apart would be code for each command.
template <class Options>
union Lasting {
    Options options;
    Lasting() : options() {}
    ~Lasting() {}
};

template <class Options, Result<int> (*Run)(const Options&, const Globals&, Arguments)>
Result<int> run_as(const Command& self, const Globals& globals, Arguments words)
{
    Lasting<Options> options;
    return parse_and_go(self, globals, words, &options,
                        [](const void* read, const Globals& before, Arguments operands) {
                            return Run(*static_cast<const Options*>(read), before, operands);
                        });
}

// A mistake in the words themselves; main answers it with exit code 125, as docker does.
Error usage_error(const Command& command, const String& message);
bool is_usage_error(const Error& error);

}  // namespace kist::cli
