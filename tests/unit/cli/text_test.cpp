// text_test.cpp - cli/text.h: every text that a row names is there, as it stands in the source.

#include "cli/text.h"

#include "check.h"
#include "cli/commands.h"

namespace kist::cli {
namespace {

TEST(Text, OfEveryRowIsThere)
{
    auto look = [](const Command& command) {
        EXPECT_TRUE(command.summary) << command.name;
        EXPECT_STRNE(command.summary.words(), "") << command.name;
        EXPECT_TRUE(!command.details || std::string_view(command.details.words()).ends_with('\n'))
            << command.name;
        for (const Flag& flag : command.flags) {
            EXPECT_TRUE(flag.help) << command.name << " --" << flag.name;
            EXPECT_STRNE(flag.help.words(), "") << command.name << " --" << flag.name;
        }
    };
    look(kProgram);
    for (const Command* command : commands())
        look(*command);
}

TEST(Text, IsWhatTheSourceSays)
{
    EXPECT_STREQ(kProgram.summary.words(), "Containers for small boards, in one file");
    EXPECT_STREQ(Text().words(), "");
    EXPECT_STREQ("Containers for small boards, in one file"_help.words(), kProgram.summary.words());
}

TEST(Text, ThatWasNotPackedIsNotPassedOver)
{
    EXPECT_DEATH(("No source of the program "
                  "says this"_help)
                     .words(),
                 "");
}

TEST(Text, LicencesAreApartFromTheTexts)
{
    std::string_view all = licenses();
    EXPECT_TRUE(all.starts_with("==== kist\n"));
    EXPECT_TRUE(all.ends_with("make ROOTS=none).\n"));
}

}  // namespace
}  // namespace kist::cli
