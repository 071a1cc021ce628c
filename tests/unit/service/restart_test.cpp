// restart_test.cpp - when a container that has ended is started again.

#include "service/restart.h"

#include "check.h"

namespace kist::service {
namespace {

using Policy = container::Restart::Policy;

TEST(Backoff, DoublesUpToAMinute)
{
    Backoff backoff;
    int64_t expected[] = {100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000};
    for (int64_t wait : expected)
        EXPECT_EQ(backoff.next(50), wait);
}

TEST(Backoff, BeginsAgainAfterTenGoodSeconds)
{
    Backoff backoff;
    backoff.next(0);
    backoff.next(0);
    EXPECT_EQ(backoff.next(9'999), 400);
    EXPECT_EQ(backoff.next(10'000), 100);
}

TEST(Restart, HeedsThePolicy)
{
    EXPECT_FALSE(wants_restart({Policy::no, 0}, 1, 0));
    EXPECT_TRUE(wants_restart({Policy::always, 0}, 0, 1000));
    EXPECT_TRUE(wants_restart({Policy::unless_stopped, 0}, 0, 0));
    EXPECT_FALSE(wants_restart({Policy::on_failure, 0}, 0, 0));
    EXPECT_TRUE(wants_restart({Policy::on_failure, 0}, 1, 1000));
    EXPECT_TRUE(wants_restart({Policy::on_failure, 3}, 1, 2));
    EXPECT_FALSE(wants_restart({Policy::on_failure, 3}, 1, 3));
}

}  // namespace
}  // namespace kist::service
