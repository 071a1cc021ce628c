// log_read_test.cpp - how a container's log is read: tail, times, and following it.

#include <atomic>
#include <thread>

#include "base/clock.h"
#include "base/string.h"
#include "base/vector.h"
#include "check.h"
#include "log_fixture.h"

namespace kist::container {

namespace {

TEST_F(LogTest, OutlivesATornLastLine)
{
    for (const char* torn :
         {"{\"log\":\"half a li", "{\"log\":\"whole\\n\",\"stream\":\"stdout\"", "{", "\0\0\0"}) {
        {
            Log log = open();
            log.write(Stream::output, "before\n");
        }
        add_to_file(*torn ? std::string_view(torn) : std::string_view("\0\0\0", 3));
        EXPECT_EQ(read(), "o:before\n");
        Log log = open();
        log.write(Stream::output, "after\n");
        EXPECT_EQ(read(), "o:before\no:after\n");
        EXPECT_EQ(read({.tail = 2}), "o:before\no:after\n");
        EXPECT_OK(sys::unlink_at(place_.fd(), "log.json"));
    }
}

TEST_F(LogTest, SkipsWhatIsNoLineOfALog)
{
    constexpr const char* kLine =
        "{\"time\":\"2026-11-22T10:00:00Z\",\"attrs\":{\"a\":\"b\"},\"log\":\"fine\\n\"}\n";
    add_to_file("\n\nnull\n[]\n{}\n{\"log\":1}\n{\"log\":\"no time\\n\"}\n");
    add_to_file(kLine);
    add_to_file(String(3 << 20, 'x') + "\n");
    add_to_file(String(700 << 10, '{') + "\n");
    add_to_file(kLine);
    EXPECT_EQ(read(), "o:fine\no:fine\n");
}

TEST_F(LogTest, TailCountsLinesAcrossFiles)
{
    spec_.log.max_size = 4096;
    spec_.log.max_files = 3;
    Log log = open();
    write_numbered(log, 0, 120);
    ASSERT_NE(file("log.json.2"), "");
    for (int count : {0, 1, 2, 10, 39, 40, 41, 50, 77, 78, 79, 80, 81, 119, 120})
        EXPECT_EQ(read({.tail = count}), numbered(120 - count, 120)) << count;
    EXPECT_EQ(read({.tail = 1000}), numbered(0, 120));
}

TEST_F(LogTest, TailFindsItsWayThroughLongLines)
{
    Log log = open();
    String wanted;
    for (int i = 0; i < 30; i++) {
        String line(size_t(i) * 541, char('a' + i % 26));
        log.write(Stream::output, line + "\n");
        if (i >= 9)
            wanted += "o:" + line + "\n";
    }
    EXPECT_EQ(read({.tail = 21}), wanted);
}

TEST_F(LogTest, SinceAndUntilChooseByTime)
{
    auto line = [](int second, const char* fraction) {
        return str::format(
            "{\"log\":\"%d%s\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-22T10:00:%02d%sZ\"}\n",
            second, fraction, second, fraction);
    };
    for (int second = 0; second < 3; second++)
        for (const char* fraction : {"", ".000000001", ".5"})
            add_to_file(line(second, fraction));
    auto at = [](const char* text) { return clock::nanos_from_text(text).take(); };
    EXPECT_EQ(read({.since = at("2026-11-22T10:00:02Z")}), "o:2\no:2.000000001\no:2.5\n");
    EXPECT_EQ(read({.since = at("2026-11-22T12:00:02.25+02:00")}), "o:2.5\n");
    EXPECT_EQ(read({.until = at("2026-11-22T10:00:00.000000001Z")}), "o:0\no:0.000000001\n");
    EXPECT_EQ(read({.since = at("2026-11-22T10:00:00.3Z"), .until = at("2026-11-22T10:00:01.2Z")}),
              "o:0.5\no:1\no:1.000000001\n");
    // The last lines are counted before.
    EXPECT_EQ(read({.tail = 2, .until = at("2026-11-22T10:00:02.1Z")}), "o:2.000000001\n");
}

TEST_F(LogTest, OfDriversThatKeepNothingCannotBeRead)
{
    for (auto driver : {LogPlan::Driver::none, LogPlan::Driver::syslog}) {
        spec_.log.driver = driver;
        EXPECT_ERROR(read_log(spec_, place_.fd(), place_.fd(), {}, nullptr, nullptr), ENOTSUP,
                     "the log of \"web\" cannot be read: its log driver is");
    }
    spec_.log.driver = LogPlan::Driver::none;
    Log log = open();
    log.write(Stream::output, "x\n");
    log.flush();
    EXPECT_EQ(fs::list(place_.fd())->size(), 0u);
}

// Several readers follow a writer that rotates all the time.
TEST_F(LogTest, IsFollowedAcrossRotationWithoutLosingALine)
{
    constexpr int kLines = 5000, kReaders = 3;
    spec_.log.max_size = 16 << 10;
    spec_.log.max_files = 5;
    std::atomic<bool> alive = true;
    std::atomic<int> reached[kReaders] = {};
    String seen[kReaders];
    Vector<std::thread> readers;
    for (int i = 0; i < kReaders; i++)
        readers.emplace_back([&, i] {
            auto done = read_log(
                spec_, place_.fd(), place_.fd(), {.follow = true},
                [&](const LogLine& line) {
                    seen[i] += "o:" + line.text;
                    reached[i]++;
                    return Result<void>();
                },
                [&] { return alive.load(); });
            EXPECT_OK(done);
        });
    {
        Log log = open();
        for (int i = 0; i < kLines; i++) {
            write_numbered(log, i, i + 1);
            // Readers that are left behind by more than all files hold cannot but lose lines.
            for (auto& count : reached)
                while (i - count.load() > 400)
                    std::this_thread::yield();
        }
        log.write(Stream::output, "the end");
        log.flush();
        alive = false;
        add_to_file("{}", "state.json");  // as the record of the end does, it wakes the readers
    }
    for (std::thread& reader : readers)
        reader.join();
    for (const String& text : seen)
        EXPECT_EQ(text, numbered(0, kLines) + "o:the end");
}

TEST_F(LogTest, IsFollowedUntilItsTimeIsUp)
{
    Log log = open();
    log.write(Stream::output, "now\n");
    int64_t began = clock::steady_ms();
    String seen;
    EXPECT_OK(read_log(
        spec_, place_.fd(), place_.fd(),
        {.until = clock::now_nanos() + 200'000'000, .follow = true},
        [&](const LogLine& line) {
            seen += line.text;
            return Result<void>();
        },
        [] { return true; }));
    EXPECT_EQ(seen, "now\n");
    EXPECT_GE(clock::steady_ms() - began, 190);
}

}  // namespace

}  // namespace kist::container
