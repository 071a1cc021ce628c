// events_test.cpp - the file of events: written by many, bounded, read and followed.

#include "service/events.h"

#include <unistd.h>

#include <atomic>
#include <thread>

#include "base/clock.h"
#include "base/string.h"
#include "base/vector.h"
#include "check.h"
#include "temporary.h"

namespace kist::service {

namespace {

class EventsTest : public ::testing::Test {
protected:
    EventsTest() { places_.state = place_.path() + "/state"; }

    void say(const String& action, int64_t time = 0)
    {
        emit(places_, {.type = "container",
                       .action = action,
                       .id = "4711",
                       .attributes = {{"image", "alpine"}, {"name", "web"}},
                       .time = time});
    }
    String read(int64_t since = 0, int64_t until = 0)
    {
        String all;
        EXPECT_OK(read_events(places_, since, until ? until : clock::now_nanos(),
                              [&](const Event& event) {
                                  all += event.action + "\n";
                                  return Result<void>();
                              }));
        return all;
    }

    test::TemporaryDirectory place_;
    image::Places places_;
};

TEST_F(EventsTest, AreWrittenAsDockerDoes)
{
    say("start", 1'700'000'000'123'456'789);
    EXPECT_EQ(
        MUST(fs::read_path(places_.state + "/events.json")),
        R"({"status":"start","id":"4711","from":"alpine","Type":"container","Action":"start",)"
        R"("Actor":{"ID":"4711","Attributes":{"image":"alpine","name":"web"}},"scope":"local",)"
        R"("time":1700000000,"timeNano":1700000000123456789})"
        "\n");
    auto stopped = read_events(places_, 0, INT64_MAX, [](const Event& event) {
        EXPECT_EQ(event.type, "container");
        EXPECT_EQ(event.id, "4711");
        EXPECT_EQ(event.time, 1'700'000'000'123'456'789);
        EXPECT_EQ(event.attributes[1].second, "web");
        return Result<void>(Error(ECANCELED, "enough"));
    });
    EXPECT_ERROR(stopped, ECANCELED, "enough");
}

TEST_F(EventsTest, AreChosenByTime)
{
    EXPECT_EQ(read(), "");
    for (int i = 1; i <= 5; i++)
        say(str::format("e%d", i), i * 100);
    EXPECT_EQ(read(200, 400), "e2\ne3\ne4\n");
    EXPECT_EQ(read(401), "e5\n");
    say("now");
    EXPECT_EQ(read(clock::now_nanos() - 5'000'000'000), "now\n");
}

TEST_F(EventsTest, OverAMegabyteTheOldestGo)
{
    for (int i = 0; i < 12000; i++)
        say(str::format("e%d", i));
    auto size = [&](const char* name) {
        auto facts = sys::stat_at(place_.fd(), str::format("state/%s", name));
        return facts ? facts->st_size : 0;
    };
    EXPECT_LE(size("events.json"), 513 << 10);
    EXPECT_LE(size("events.json.1"), 513 << 10);
    Fd state = MUST(sys::open(places_.state, O_RDONLY | O_DIRECTORY));
    EXPECT_EQ(fs::list(state)->size(), 2u);
    String kept = read();
    String all;
    for (int i = 0; i < 12000; i++)
        all += str::format("e%d\n", i);
    EXPECT_TRUE(all.ends_with(kept));
    EXPECT_GT(kept.size(), 12000u);
}

TEST_F(EventsTest, OfHugeLabelsLoseThem)
{
    emit(places_, {.type = "container",
                   .action = "start",
                   .id = "1",
                   .attributes = {{"label", String(1 << 20, 'x')}, {"name", "web"}}});
    say("next");
    EXPECT_EQ(read(), "start\nnext\n");
    EXPECT_LT(MUST(fs::read_path(places_.state + "/events.json")).size(), 4096u);
}

TEST_F(EventsTest, SurviveATornLine)
{
    say("one");
    {
        Fd file = MUST(sys::open(places_.state + "/events.json", O_WRONLY | O_APPEND));
        EXPECT_OK(sys::write_all(file, "{\"Type\":\"contai"));
    }
    EXPECT_EQ(read(), "one\n");
    say("two");
    EXPECT_EQ(read(), "one\ntwo\n");
}

TEST_F(EventsTest, CannotBeEmittedWhereNothingCanBeWritten)
{
    places_.state = "/proc/nothing";
    say("lost");
}

// Many write and rename the file while somebody follows; none is lost, none comes twice.
TEST_F(EventsTest, OfManyReachEverybodyWhoFollows)
{
    constexpr int kWriters = 4, kEvents = 3000;
    std::atomic<int> seen = 0;
    Vector<int> counts(kWriters * kEvents);
    std::thread reader([&] {
        auto done = read_events(places_, 0, INT64_MAX, [&](const Event& event) -> Result<void> {
            if (event.action == "end")
                return Error(ECANCELED, "enough");
            auto number = TRY(str::to_integer(event.action));
            counts[size_t(number)]++;
            seen++;
            return {};
        });
        EXPECT_ERROR(done, ECANCELED, "enough");
    });
    Vector<std::thread> writers;
    std::atomic<int> said = 0;
    for (int w = 0; w < kWriters; w++)
        writers.emplace_back([&, w] {
            for (int i = 0; i < kEvents; i++) {
                // A reader that is left behind by both files cannot but lose some.
                while (said - seen > 1000)
                    std::this_thread::yield();
                said++;
                say(str::format("%d", w * kEvents + i));
            }
        });
    for (std::thread& writer : writers)
        writer.join();
    say("end");
    reader.join();
    for (size_t i = 0; i < counts.size(); i++)
        ASSERT_EQ(counts[i], 1) << i;
}

TEST_F(EventsTest, AreWaitedForUntilTheTimeIsUp)
{
    int64_t began = clock::steady_ms();
    std::thread writer([&] {
        ::usleep(50'000);
        say("late");
    });
    EXPECT_EQ(read(0, clock::now_nanos() + 300'000'000), "late\n");
    EXPECT_GE(clock::steady_ms() - began, 290);
    writer.join();
}

}  // namespace

}  // namespace kist::service
