// document_test.cpp - cli/document.h: what is generated is well formed for its readers.

#include "cli/document.h"

#include "base/str.h"
#include "base/string.h"
#include "check.h"
#include "cli/commands.h"
#include "cli/say.h"

namespace kist::cli {
namespace {

template <class Print>
String printed(Print print)
{
    testing::internal::CaptureStdout();
    print();
    EXPECT_TRUE(flush());
    return kist::test::captured();
}

TEST(Document, EveryCommandHasHelpAndAManualPage)
{
    for (const Command* command : commands()) {
        String help = printed([&] { print_help(*command); });
        EXPECT_NE(help.find(command->summary.words()), help.npos) << command->name;
        String page = printed([&] { EXPECT_TRUE(print_manual(command->name)); });
        EXPECT_TRUE(page.starts_with(".TH kist\\-")) << command->name;
        for (const Flag& flag : command->flags)
            EXPECT_NE(help.find(String("--") + flag.name), help.npos) << flag.name;
    }
}

TEST(Document, EveryTopicIsAChapterOfPlainLinesAndAManualPage)
{
    for (const Topic& topic : topics()) {
        String help = printed([&] { print_topic(topic, false); });
        String page = printed([&] { EXPECT_TRUE(print_manual(topic.name)); });
        EXPECT_TRUE(page.starts_with(String(".TH kist\\-") + topic.name + " 7 ")) << topic.name;
        for (std::string_view rest = help; !rest.empty();) {
            std::string_view line = str::cut(rest, '\n');
            EXPECT_LE(line.size(), line.starts_with("    ") ? 72u : 80u) << line;
            EXPECT_FALSE(line.starts_with('.')) << line;
        }
        EXPECT_EQ(find_topic(topic.name), &topic);
    }
    EXPECT_EQ(find_topic("network"), nullptr);
}

TEST(Document, CompletionKnowsEveryFlagOfEveryShell)
{
    for (const char* shell : {"bash", "fish", "zsh"}) {
        String script = printed([&] { EXPECT_TRUE(print_completion(shell)); });
        EXPECT_NE(script.find("cpuset-cpus"), script.npos) << shell;
    }
    EXPECT_ERROR(print_completion("tcsh"), EINVAL, "no completion for \"tcsh\"");
}

}  // namespace
}  // namespace kist::cli
