// log_test.cpp - what is kept of a container's output.

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "base/clock.h"
#include "base/string.h"
#include "check.h"
#include "log_fixture.h"

namespace kist::container {

namespace {

TEST_F(LogTest, IsAJsonObjectALineAsDockerWritesThem)
{
    Log log = open();
    log.write(Stream::output, "hello \"world\"\n");
    log.write(Stream::errors, "oh\tno\n");
    String text = file();
    std::string_view rest = text;
    std::string_view first = str::cut(rest, '\n');
    EXPECT_TRUE(first.starts_with(R"({"log":"hello \"world\"\n","stream":"stdout","time":"2)"));
    EXPECT_TRUE(first.ends_with("Z\"}"));
    EXPECT_TRUE(rest.starts_with(R"({"log":"oh\tno\n","stream":"stderr","time":"2)"));
    auto line = parse_log_line(first);
    ASSERT_TRUE(line);
    EXPECT_EQ(line->time.size(), strlen("2026-11-22T11:24:00.123456789Z"));
    EXPECT_LE(clock::now() - MUST(clock::from_text(line->time)), 10);
}

TEST_F(LogTest, HasNoFileWhileNothingIsPrinted)
{
    Log log = open();
    log.write(Stream::output, "");
    log.write(Stream::output, "a prompt without an end");
    log.flush();
    EXPECT_EQ(read(), "o:a prompt without an end");
    log.flush();
    String before = file();
    Log again = open();
    again.flush();
    EXPECT_EQ(file(), before);
    test::TemporaryDirectory other;
    Log silent = std::move(*Log::open(spec_, other.fd(), other.fd()));
    silent.flush();
    EXPECT_EQ(fs::list(other.fd())->size(), 0u);
}

TEST_F(LogTest, JoinsWhatComesInPieces)
{
    Log log = open();
    log.write(Stream::output, "one ");
    log.write(Stream::errors, "other ");
    log.write(Stream::output, "line\nand the ");
    log.write(Stream::errors, "line\n");
    log.write(Stream::output, "next\n\n");
    EXPECT_EQ(read(), "o:one line\ne:other line\no:and the next\no:\n");
}

TEST_F(LogTest, SplitsLongLinesAndFlagsTheParts)
{
    String text(40000, 'x');
    Log log = open();
    for (size_t at = 0; at < text.size(); at += 7000)
        log.write(Stream::output, text.substr(at, 7000));
    log.write(Stream::output, "\nshort\n");
    EXPECT_EQ(read(), "o:" + text.substr(0, 16384) + "o:" + text.substr(16384, 16384) +
                          "o:" + text.substr(32768) + "\no:short\n");
    String all = file();
    std::string_view rest = all;
    for (bool partial : {true, true, false, false}) {
        std::string_view line = str::cut(rest, '\n');
        EXPECT_EQ(line.find("\\n\"") == line.npos, partial);
        EXPECT_EQ(line.ends_with(",\"partial\":true}"), partial);
    }
    EXPECT_EQ(rest, "");
}

TEST_F(LogTest, SplitsBetweenCharacters)
{
    String text = "x";
    while (text.size() < 20000)
        text += "\u20ac";
    Log log = open();
    log.write(Stream::output, text + "\n");
    String all = file();
    EXPECT_EQ(all.find("\\u"), all.npos);
    EXPECT_EQ(all.find("\\udc"), all.npos);
    EXPECT_EQ(read().size(), text.size() + strlen("o:o:\n"));
}

TEST_F(LogTest, KeepsEveryByte)
{
    String text;
    for (int i = 0; i < 256; i++)
        text += char(i);
    text += "\xf0\x9f\x98\x80 \xed\xa0\x80 \xff\xff\n";
    Log log = open();
    log.write(Stream::output, text);
    String lines = read();
    size_t second = lines.find("o:", 3);
    EXPECT_EQ(lines.substr(2, second - 2) + lines.substr(second + 2), text);
    for (unsigned char byte : file())
        EXPECT_TRUE(byte == '\n' || byte >= ' ');
}

TEST_F(LogTest, IsBoundedAndLosesNoLineWhenItRotates)
{
    spec_.log.max_size = 4096;
    spec_.log.max_files = 3;
    Log log = open();
    write_numbered(log, 0, 100);
    EXPECT_EQ(read(), numbered(0, 100));
    EXPECT_NE(file("log.json.1"), "");
    write_numbered(log, 100, 10000);
    EXPECT_EQ(fs::list(place_.fd())->size(), 3u);
    uint64_t total = 0;
    for (const char* name : {"log.json", "log.json.1", "log.json.2"}) {
        EXPECT_LE(file(name).size(), 4096u);
        total += file(name).size();
    }
    EXPECT_GT(total, 2u * 4000);
    String kept = read();
    String all = numbered(0, 10000);
    EXPECT_TRUE(all.ends_with(kept));
    // In one piece, it is the same.
    String burst;
    for (int i = 10000; i < 20000; i++)
        burst += str::format("line %d\n", i);
    log.write(Stream::output, burst);
    EXPECT_LE(file().size(), 4096u);
    EXPECT_EQ(fs::list(place_.fd())->size(), 3u);
    EXPECT_TRUE(numbered(10000, 20000).ends_with(read()));
}

TEST_F(LogTest, OfOneFileBeginsAnewWhenItIsFull)
{
    spec_.log.max_size = 4096;
    spec_.log.max_files = 1;
    Log log = open();
    write_numbered(log, 0, 1000);
    EXPECT_EQ(fs::list(place_.fd())->size(), 1u);
    EXPECT_LE(file().size(), 4096u);
    EXPECT_TRUE(numbered(0, 1000).ends_with(read()));
    EXPECT_NE(read(), "");
}

TEST_F(LogTest, GoesOnWhereTheRunBeforeStopped)
{
    spec_.log.max_size = 4096;
    for (int run = 0; run < 10; run++) {
        Log log = open();
        write_numbered(log, run * 10, run * 10 + 10);
    }
    EXPECT_EQ(read(), numbered(0, 100));
    EXPECT_LE(file().size(), 4096u);
}

TEST_F(LogTest, OfTheRingIsInTheVolatileDirectory)
{
    spec_.log.driver = LogPlan::Driver::ring;
    test::TemporaryDirectory store;
    auto log = Log::open(spec_, store.fd(), place_.fd());
    ASSERT_TRUE(test::is_ok(log));
    log->write(Stream::output, "in memory\n");
    EXPECT_EQ(fs::list(store.fd())->size(), 0u);
    EXPECT_EQ(read(), "o:in memory\n");
}

// In a child, whose file system is its own: a tmpfs of 64 KiB, filled and emptied.
TEST_F(LogTest, CountsWhatAFullDiskTakesAndSaysSo)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << "needs root";
    pid_t child = ::fork();
    if (child == 0) {
        if (::unshare(CLONE_NEWNS) < 0 ||
            ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0 ||
            ::mount("small", place_.path().c_str(), "tmpfs", 0, "size=64k") < 0)
            _exit(77);
        Fd small = sys::open(place_.path(), O_RDONLY | O_DIRECTORY).take();
        Log log = std::move(*Log::open(spec_, small, small));
        write_numbered(log, 0, 10);
        Fd filler = sys::open_at(small, "filler", O_WRONLY | O_CREAT, 0600).take();
        char block[512] = {};
        while (::write(filler.get(), block, sizeof block) > 0)
            continue;
        write_numbered(log, 10, 500);
        String text = fs::read(small, "log.json").take();
        bool whole = text.ends_with("}\n");
        bool ok = ::ftruncate(filler.get(), 4096) == 0;
        log.write(Stream::output, "again\nand again\n");
        String all;
        auto done = read_log(
            spec_, small, small, {},
            [&](const LogLine& line) {
                all += line.text;
                return Result<void>();
            },
            nullptr);
        int first = -1, last = -1, count = 0;
        std::string_view rest = all;
        std::string_view notice;
        while (!rest.empty()) {
            std::string_view line = str::cut(rest, '\n');
            if (line.starts_with("kist: "))
                notice = line;
            else if (notice.empty())
                last++, first = first < 0 ? 0 : first;
            else
                count++;
        }
        String wanted =
            str::format("kist: %d lines were dropped here: No space left on device", 499 - last);
        if (!whole || !ok || !done || notice != wanted || count != 2 || last < 10)
            fprintf(stderr, "%d %d %d last %d count %d, %.*s\n%s\n", whole, ok, bool(done), last,
                    count, int(notice.size()), notice.data(), all.c_str());
        _exit(whole && ok && done && notice == wanted && count == 2 && last >= 10 ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    if (WEXITSTATUS(status) == 77)
        GTEST_SKIP() << "cannot mount";
    EXPECT_EQ(status, 0);
}

}  // namespace

}  // namespace kist::container
