// result_test.cpp - base/result.h, base/fd.h

#include "base/result.h"

#include <fcntl.h>

#include "base/fd.h"
#include "check.h"

namespace kist {
namespace {

Result<int> half(int number)
{
    if (number % 2)
        return Error(EDOM, "%d is odd", number).with_hint("add one");
    return number / 2;
}

Result<int> quarter(int number)
{
    int first = TRY(half(number), "first step");
    return TRY(half(first));
}

TEST(Result, TryPassesErrorsOnWithContextAndHint)
{
    EXPECT_EQ(MUST(quarter(12)), 3);
    auto odd = quarter(7);
    EXPECT_ERROR(odd, EDOM, "first step: 7 is odd");
    EXPECT_EQ(odd.error().hint(), "add one");
    EXPECT_ERROR(quarter(6), EDOM, "3 is odd");
}

TEST(Result, SystemErrorsNameTheirReason)
{
    errno = ENOENT;
    Error error = os_error("open %s", "/x");
    EXPECT_TRUE(error.is(ENOENT));
    EXPECT_EQ(error.message(), "open /x: No such file or directory");
}

TEST(Fd, ClosesWhatItOwnsAndKeepsErrno)
{
    int number;
    {
        Fd fd(::open("/dev/null", O_RDONLY));
        number = fd.get();
        Fd moved = std::move(fd);
        EXPECT_EQ(fd.get(), -1);
        EXPECT_EQ(moved.get(), number);
        errno = EDOM;
    }
    EXPECT_EQ(errno, EDOM);
    EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

TEST(Undo, RunsUnlessToldToKeep)
{
    int undone = 0;
    {
        Undo first([&] { undone++; });
        Undo second([&] { undone++; });
        second.keep();
    }
    EXPECT_EQ(undone, 1);
}

}  // namespace
}  // namespace kist
