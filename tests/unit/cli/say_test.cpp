// say_test.cpp - cli/say.h

#include "cli/say.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/str.h"
#include "base/sys.h"
#include "check.h"

namespace kist::cli {
namespace {

TEST(Say, WhatIsSaidComesInItsOrderHoweverMuchThereIs)
{
    testing::internal::CaptureStdout();
    String expected;
    for (int i = 0; i < 3000; i++) {
        say("%d,", i);
        expected += str::format("%d,", i);
    }
    say_line("end");
    tell(Where::output, "%s", "more");
    EXPECT_TRUE(put(Where::output, std::string_view("\0!", 2)));
    EXPECT_TRUE(flush());
    EXPECT_EQ(kist::test::captured(), expected + "end\nmore" + String("\0!", 2));
}

TEST(Say, StandardErrorIsWrittenAtOnce)
{
    testing::internal::CaptureStderr();
    tell(Where::errors, "%s: %d", "a", 1);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "a: 1");
}

// In a process of its own, as the failure stays.
TEST(Say, WhatCannotBeWrittenIsNotForgotten)
{
    auto fill = [] {
        Fd full = MUST(sys::open("/dev/full", O_WRONLY));
        if (::dup2(full.get(), 1) < 0)
            ::_exit(2);
        say_line("lost");
        auto failed = flush();
        bool as_expected = !failed && failed.error().is(ENOSPC) && !flush();
        say("%s", String(10000, 'x').c_str());
        ::_exit(as_expected && !flush() ? 0 : 1);
    };
    EXPECT_EXIT(fill(), testing::ExitedWithCode(0), "");
}

TEST(Say, ALineOfInputIsAllThatIsRead)
{
    auto answers = [] {
        sys::Pipe pipe = MUST(sys::pipe());
        if (::dup2(pipe.reader.get(), 0) < 0 ||
            !sys::write_all(pipe.writer, "yes\nsecond, long\n\nlast"))
            ::_exit(2);
        pipe.writer.close();
        bool all = read_line(1) == "y" && read_line(9) == "second, l" && read_line(9) == "" &&
                   read_line(9) == "last" && read_line(9) == "";
        ::_exit(all ? 0 : 1);
    };
    EXPECT_EXIT(answers(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace kist::cli
