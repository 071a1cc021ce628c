// main.cpp - finds the command, runs it, and is the only place that prints an error.

#include <fcntl.h>
#include <unistd.h>

#include <csignal>

#include "base/log.h"
#include "base/vector.h"
#include "cli/commands.h"
#include "cli/document.h"
#include "cli/print.h"
#include "cli/say.h"
#include "service/agent.h"
#include "service/monitor.h"

using namespace kist;
using namespace kist::cli;

namespace {

constexpr int kUsageFailure = 125;

Result<void> set_log_level(const Globals& globals)
{
    struct Row {
        const char* name;
        log::Level level;
    };
    constexpr Row kLevels[] = {{"error", log::Level::error},
                               {"warn", log::Level::warn},
                               {"info", log::Level::info},
                               {"debug", log::Level::debug}};
    if (globals.debug)
        log::set_level(log::Level::debug);
    if (globals.log_level.empty())
        return {};
    for (const Row& row : kLevels)
        if (globals.log_level == row.name) {
            log::set_level(row.level);
            return {};
        }
    return usage_error(kProgram, "--log-level " + globals.log_level + ": no such level");
}

bool asks_for_help(const Command& command, Arguments words)
{
    bool program_follows = std::string_view(command.operands).ends_with("[ARG...]");
    bool short_too = true;  // docker's -h, where it is nothing else
    for (const Flag& flag : command.flags)
        short_too = short_too && flag.letter != 'h';
    for (std::string_view word : words) {
        if (word == "--help" || (short_too && word == "-h"))
            return true;
        if (word == "--" || (program_follows && !word.starts_with('-')))
            return false;
    }
    return false;
}

int dispatch(Arguments words)
{
    Globals globals;
    auto taken = parse_leading(kProgram, words, &globals);
    if (!taken)
        return report(taken.error()), kUsageFailure;
    if (auto level = set_log_level(globals); !level)
        return report(level.error()), kUsageFailure;
    words = words.subspan(*taken);
    if (words.empty()) {
        print_overview(Where::errors);
        return kUsageFailure;
    }
    if (words[0] == "--help" || words[0] == "-h")
        return print_overview(Where::output), 0;
    constexpr std::string_view kVersionWord[] = {"version"};
    if (words[0] == "--version" || words[0] == "-v")
        words = kVersionWord;

    auto found = find_command(words);
    if (!found)
        return report(found.error()), kUsageFailure;
    words = words.subspan(found->words);
    if (asks_for_help(*found->command, words))
        return print_help(*found->command), 0;
    auto status = found->command->run(*found->command, globals, words);
    if (status)
        return *status;
    report(status.error());
    return is_usage_error(status.error()) ? kUsageFailure : found->command->failure;
}

// What our caller may have left us in a state that programs do not expect.
void settle_in()
{
    // Of 0, 1 and 2 a closed one must not become a file of ours.
    for (int number = 0; number >= 0 && number <= 2;)
        if ((number = ::open("/dev/null", O_RDWR)) > 2)
            ::close(number);
    // While SIGCHLD is ignored, children cannot be waited for (waitpid(2)).
    (void)::signal(SIGCHLD, SIG_DFL);
}

}  // namespace

int main(int argc, char** argv)
{
    settle_in();
    if (argc > 1 && argv[1][0] == ':') {
        std::span<char* const> rest(argv + 2, size_t(argc - 2));
        if (std::string_view(argv[1]) == service::kMonitorWord)
            return service::run_monitor(rest);
        if (std::string_view(argv[1]) == service::kAgentWord)
            return service::run_agent(rest);
    }
    Vector<std::string_view> words(argv + 1, argv + argc);
    int status = dispatch(words);
    // A full disk behind standard output is noticed at the latest here.
    if (auto flushed = flush(); !flushed && status == 0) {
        report(flushed.error());
        return 1;
    }
    return status;
}
