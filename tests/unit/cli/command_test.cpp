// command_test.cpp - cli/command.h

#include "cli/command.h"

#include "base/string.h"
#include "base/vector.h"
#include "check.h"
#include "cli/commands.h"

namespace kist::cli {
namespace {

struct Options {
    bool quiet = false, force = false;
    String name;
    unsigned count = 0;
    Vector<String> env;
    std::optional<String> entrypoint;
};

// clang-format off
constexpr Flag kFlags[] = {
    flag<&Options::count>     (0,   "count",      "COUNT", {}),
    flag<&Options::entrypoint>(0,   "entrypoint", "NAME",  {}),
    flag<&Options::env>       ('e', "env",        "NAME",  {}),
    flag<&Options::force>     ('f', "force",      nullptr, {}),
    flag<&Options::name>      ('n', "name",       "NAME",  {}),
    flag<&Options::quiet>     ('q', "quiet",      nullptr, {}),
};
// clang-format on

constexpr Command kPlain = {.name = "rmi", .operands = "IMAGE...", .flags = kFlags, .run = nullptr};
constexpr Command kProgramFollows = {
    .name = "run", .operands = "IMAGE [COMMAND] [ARG...]", .flags = kFlags, .run = nullptr};
constexpr Command kNothing = {.name = "info", .operands = "", .flags = kFlags, .run = nullptr};

using Words = Vector<std::string_view>;

TEST(Command, FlagsTakeTheirValueInEveryCommonWay)
{
    for (const Words& words :
         {Words{"--name=web", "x"}, Words{"--name", "web", "x"}, Words{"-n", "web", "x"},
          Words{"-nweb", "x"}, Words{"x", "--name", "web"}}) {
        Options options;
        EXPECT_EQ(MUST(parse(kPlain, words, &options)), Words{"x"});
        EXPECT_EQ(options.name, "web");
    }
}

TEST(Command, SwitchesClusterAndTakeABooleanWithEquals)
{
    Options options;
    MUST(parse(kPlain, Words{"-qf", "x"}, &options));
    EXPECT_TRUE(options.quiet && options.force);
    MUST(parse(kPlain, Words{"--quiet=false", "--force=true", "x"}, &options));
    EXPECT_TRUE(!options.quiet && options.force);
    EXPECT_ERROR(parse(kPlain, Words{"--quiet=maybe", "x"}, &options), EBADRQC,
                 "neither true nor false");
}

TEST(Command, AClusterMayEndInAFlagWithAValue)
{
    Options options;
    MUST(parse(kPlain, Words{"-qe", "A=1", "x"}, &options));
    EXPECT_TRUE(options.quiet);
    EXPECT_EQ(options.env, Vector<String>{"A=1"});
}

TEST(Command, OneEqualsSignMayFollowALetter)
{
    Options options;
    MUST(parse(kPlain, Words{"-e=A=1", "-qf=false", "x"}, &options));
    EXPECT_EQ(options.env, Vector<String>{"A=1"});
    EXPECT_TRUE(options.quiet);
    EXPECT_FALSE(options.force);
}

TEST(Command, TheProgramsOwnFlagsAreLeftAlone)
{
    Options options;
    Words words = {"-q", "alpine", "ls", "-f", "--name", "y"};
    EXPECT_EQ(MUST(parse(kProgramFollows, words, &options)),
              (Words{"alpine", "ls", "-f", "--name", "y"}));
    EXPECT_FALSE(options.force);
    EXPECT_EQ(options.name, "");
}

TEST(Command, TwoHyphensEndTheFlags)
{
    Options options;
    EXPECT_EQ(MUST(parse(kPlain, Words{"--", "-f"}, &options)), Words{"-f"});
}

TEST(Command, AnEmptyValueIsAValue)
{
    Options options;
    MUST(parse(kPlain, Words{"--entrypoint=", "x"}, &options));
    EXPECT_EQ(options.entrypoint, "");
    MUST(parse(kPlain, Words{"--entrypoint", "", "x"}, &options));
    EXPECT_EQ(options.entrypoint, "");
}

TEST(Command, MistakesAreNamed)
{
    Options options;
    EXPECT_ERROR(parse(kPlain, Words{"--nmae", "x"}, &options), EBADRQC, "did you mean --name?");
    EXPECT_ERROR(parse(kPlain, Words{"-x", "x"}, &options), EBADRQC, "unknown flag -x");
    EXPECT_ERROR(parse(kPlain, Words{"x", "--name"}, &options), EBADRQC, "--name needs a NAME");
    EXPECT_ERROR(parse(kPlain, Words{"--count", "many", "x"}, &options), EBADRQC,
                 "--count: \"many\"");
    EXPECT_ERROR(parse(kPlain, Words{}, &options), EBADRQC, "takes IMAGE...");
    EXPECT_ERROR(parse(kNothing, Words{"x"}, &options), EBADRQC, "takes no operands");
}

TEST(Commands, AreFoundByOneWordOrTwoAndByDockersOtherNames)
{
    auto name_of = [](const Words& words) { return String(find_command(words)->command->name); };
    EXPECT_EQ(name_of({"run", "x"}), "run");
    EXPECT_EQ(name_of({"image", "prune"}), "image prune");
    EXPECT_EQ(name_of({"container", "ls", "-a"}), "ps");
    EXPECT_ERROR(find_command(Words{"rnu"}), EBADRQC, "did you mean \"run\"?");
    EXPECT_ERROR(find_command(Words{"frobnicate"}), EBADRQC, "unknown command");
    EXPECT_ERROR(find_command(Words{"push", "x"}), EBADRQC, "kist has no push");
}

TEST(Commands, WordsForValuesAreSortedAndEachIsAFlags)
{
    auto is_used = [](size_t at) {
        for (const Command* command : commands())
            for (const Flag& flag : command->flags)
                if (flag.value == at)
                    return true;
        return std::string_view(kValueWords + at) == "LEVEL";  // kProgram's
    };
    std::string_view before;
    for (size_t at = 1; at < sizeof kValueWords; at += before.size() + 1) {
        EXPECT_LT(before, kValueWords + at);
        before = kValueWords + at;
        EXPECT_TRUE(is_used(at)) << before;
    }
}

TEST(Commands, FlagsAreSortedAndTheirLettersUnique)
{
    for (const Command* command : commands()) {
        String letters;
        for (size_t i = 0; i < command->flags.size(); i++) {
            const Flag& flag = command->flags.begin()[i];
            if (i > 0)
                EXPECT_LT(std::string_view(command->flags.begin()[i - 1].name), flag.name)
                    << command->name;
            if (flag.letter)
                EXPECT_EQ(letters.find(flag.letter), letters.npos) << command->name << flag.letter;
            letters += flag.letter ? flag.letter : ' ';
        }
    }
}

}  // namespace
}  // namespace kist::cli
