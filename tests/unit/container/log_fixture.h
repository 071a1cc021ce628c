// log_fixture.h - a log in a directory of its own, and what is read back of it.

#pragma once

#include "base/string.h"
#include "check.h"
#include "container/log.h"
#include "temporary.h"

namespace kist::container {

class LogTest : public ::testing::Test {
protected:
    LogTest() { spec_.name = "web"; }

    Log open()
    {
        auto log = Log::open(spec_, place_.fd(), place_.fd());
        EXPECT_OK(log);
        return std::move(*log);
    }
    String file(const char* name = "log.json")
    {
        auto text = fs::read(place_.fd(), name, 64 << 20);
        return text ? *text : "";
    }
    void add_to_file(std::string_view text, const char* name = "log.json")
    {
        auto file = sys::open_at(place_.fd(), name, O_WRONLY | O_APPEND | O_CREAT, 0600);
        ASSERT_TRUE(test::is_ok(file));
        EXPECT_OK(sys::write_all(*file, text));
    }
    // All that is read back, the stream in front of each line.
    String read(const LogQuery& query = {})
    {
        String all;
        auto done = read_log(
            spec_, place_.fd(), place_.fd(), query,
            [&](const LogLine& line) {
                all += (line.stream == Stream::output ? "o:" : "e:") + line.text;
                return Result<void>();
            },
            [] { return false; });
        EXPECT_OK(done);
        return all;
    }

    Spec spec_;
    test::TemporaryDirectory place_;
};

inline String numbered(int from, int to)
{
    String text;
    for (int i = from; i < to; i++)
        text += str::format("o:line %d\n", i);
    return text;
}

inline void write_numbered(Log& log, int from, int to)
{
    for (int i = from; i < to; i++)
        log.write(Stream::output, str::format("line %d\n", i));
}

}  // namespace kist::container
