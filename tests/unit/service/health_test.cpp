// health_test.cpp - what answers make of a container's health.

#include "service/health.h"

#include "base/string.h"
#include "base/vector.h"
#include "check.h"
#include "service/detach_keys.h"

namespace kist::service {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

container::HealthPlan plan_of(unsigned retries, int64_t start_period = 0)
{
    container::HealthPlan plan;
    plan.test = {"CMD", "true"};
    plan.interval = 30 * kSecond;
    plan.timeout = 30 * kSecond;
    plan.start_period = start_period;
    plan.start_interval = 5 * kSecond;
    plan.retries = retries;
    return plan;
}

HealthRecord fresh()
{
    HealthRecord record;
    record.status = "starting";
    return record;
}

HealthAnswer answer(int code)
{
    return {.start = "2026-01-01T00:00:00Z", .end = "2026-01-01T00:00:01Z", .exit_code = code};
}

TEST(HealthTest, FollowsTheAnswersAsDockerDoes)
{
    const struct {
        const char* name;
        unsigned retries;
        int64_t start_period;
        Vector<int> answers;  // one each second, from the first second on
        const char* status;
        unsigned streak;
    } kCases[] = {
        {"nothing is known before the first answer", 3, 0, {}, "starting", 0},
        {"one good answer is enough", 3, 0, {0}, "healthy", 0},
        {"failures below the limit leave it starting", 3, 0, {1, 1}, "starting", 2},
        {"failures at the limit make it unhealthy", 3, 0, {1, 1, 1}, "unhealthy", 3},
        {"a good answer ends the streak", 3, 0, {1, 1, 0, 1, 1}, "healthy", 2},
        {"an unhealthy one recovers at once", 2, 0, {1, 1, 0}, "healthy", 0},
        {"any code but 0 is a failure, and so is none", 2, 0, {2, -1}, "unhealthy", 2},
        {"no failure counts in the start period", 1, 10 * kSecond, {1, 1, 1}, "starting", 0},
        {"they count after it", 1, 2 * kSecond, {1, 1}, "unhealthy", 1},
        {"they count in it once it was healthy", 1, 10 * kSecond, {0, 1}, "unhealthy", 1},
        {"no retries are one", 0, 0, {1}, "unhealthy", 1},
    };
    for (auto& row : kCases) {
        HealthRecord record = fresh();
        int64_t age = 0;
        for (int code : row.answers)
            take_answer(record, answer(code), plan_of(row.retries, row.start_period),
                        age += kSecond);
        EXPECT_EQ(record.status, row.status) << row.name;
        EXPECT_EQ(record.failing_streak, row.streak) << row.name;
    }
}

TEST(HealthTest, TellsOfChangesOnly)
{
    HealthRecord record = fresh();
    EXPECT_FALSE(take_answer(record, answer(1), plan_of(2), 0));
    EXPECT_TRUE(take_answer(record, answer(1), plan_of(2), 0));
    EXPECT_FALSE(take_answer(record, answer(1), plan_of(2), 0));
    EXPECT_TRUE(take_answer(record, answer(0), plan_of(2), 0));
    EXPECT_FALSE(take_answer(record, answer(0), plan_of(2), 0));
}

TEST(HealthTest, KeepsTheLastFiveAnswers)
{
    HealthRecord record = fresh();
    for (int code = 1; code <= 9; code++)
        take_answer(record, answer(code), plan_of(100), 0);
    ASSERT_EQ(record.log.size(), 5U);
    EXPECT_EQ(record.log.front().exit_code, 5);
    EXPECT_EQ(record.log.back().exit_code, 9);
}

TEST(HealthTest, AsksMoreOftenWhileItStarts)
{
    container::HealthPlan plan = plan_of(3, 20 * kSecond);
    EXPECT_EQ(pause_before_check(plan, true, 0), 5 * kSecond);
    EXPECT_EQ(pause_before_check(plan, true, 20 * kSecond), 30 * kSecond);
    EXPECT_EQ(pause_before_check(plan, false, 0), 30 * kSecond);
    EXPECT_EQ(pause_before_check(plan_of(3), true, 0), 30 * kSecond);
}

TEST(HealthTest, WritesDockersNames)
{
    HealthRecord record = fresh();
    take_answer(record, answer(0), plan_of(3), 0);
    EXPECT_EQ(json::write(record),
              R"({"Status":"healthy","FailingStreak":0,"Log":[{"Start":"2026-01-01T00:00:00Z",)"
              R"("End":"2026-01-01T00:00:01Z","ExitCode":0,"Output":""}]})");
}

TEST(DetachKeysTest, AreFoundAcrossReads)
{
    const struct {
        Vector<String> typed;
        const char* through;
        bool found;
    } kCases[] = {
        {{"abc"}, "abc", false},
        {{"a\x10\x11z"}, "a", true},
        {{"a\x10", "\x11"}, "a", true},
        {{"\x10", "b"},
         "\x10"
         "b",
         false},
        {{"\x10\x10\x11"}, "\x10", true},
    };
    for (auto& row : kCases) {
        DetachKeys keys("\x10\x11");
        String through;
        bool found = false;
        for (const String& typed : row.typed)
            through += keys.filter(typed, found);
        EXPECT_EQ(through, row.through);
        EXPECT_EQ(found, row.found);
    }
}

TEST(DetachKeysTest, AreReadAsDockerWritesThem)
{
    auto keys = parse_detach_keys("ctrl-p,ctrl-q,x,ctrl-@");
    ASSERT_TRUE(keys);
    EXPECT_EQ(*keys, String("\x10\x11x\0", 4));
    EXPECT_FALSE(parse_detach_keys("ctrl-"));
    EXPECT_FALSE(parse_detach_keys("control-p"));
    EXPECT_FALSE(parse_detach_keys("ctrl-1"));
}

}  // namespace
}  // namespace kist::service
