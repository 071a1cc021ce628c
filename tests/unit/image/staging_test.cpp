// staging_test.cpp - work in progress is locked; what nobody holds is swept, and no more.

#include "image/staging.h"

#include "base/string.h"
#include "check.h"
#include "image/store_fixture.h"
#include "image/thread.h"

namespace kist::image {

using test::Names;

class StagingTest : public test::StoreTest {};

TEST_F(StagingTest, IsGoneWhenItsMakerIs)
{
    {
        Staging staging = MUST(Staging::begin(store_.directory(), "work"));
        put("staging/work/deep/er/file");
        EXPECT_EQ(in("staging"), Names{"work"});
        EXPECT_TRUE(is_live(store_.directory(), "work"));
    }
    EXPECT_EQ(in("staging"), Names());
    EXPECT_FALSE(is_live(store_.directory(), "work"));
}

TEST_F(StagingTest, IsClearedOfWhatAnotherLeft)
{
    put("staging/work/left/over");
    Staging staging = MUST(Staging::begin(store_.directory(), "work"));
    EXPECT_EQ(in("staging/work"), Names());
}

TEST_F(StagingTest, IsHeldByOneAtATime)
{
    std::atomic<int> inside = 0, most = 0, rounds = 0;
    auto work = [&] {
        for (int i = 0; i < 5; i++) {
            auto staging = Staging::begin(store_.directory(), "work");
            EXPECT_OK(staging);
            most = std::max<int>(most, ++inside);
            put("staging/work/file" + kist::test::to_text(i));
            ::usleep(1000);
            inside--;
            rounds++;
        }
    };
    Thread one = MUST(Thread::start(work));
    Thread two = MUST(Thread::start(work));
    one.join();
    two.join();
    EXPECT_EQ(most, 1);
    EXPECT_EQ(rounds, 10);
}

TEST_F(StagingTest, StopsWaitingWhenCancelled)
{
    Staging staging = MUST(Staging::begin(store_.directory(), "work"));
    std::atomic<bool> cancelled = true;
    EXPECT_ERROR(Staging::begin(store_.directory(), "work", &cancelled), ECANCELED, "cancelled");
}

TEST_F(StagingTest, IsSweptUnlessItIsLive)
{
    Staging live = MUST(Staging::begin(store_.directory(), "live"));
    put("staging/live/file");
    put("staging/dead/layer/tree/file");
    put("staging/trash-1/file");
    put("layers/3/tree/not-linked");
    put("references/.x.0123", "half");
    EXPECT_EQ(::symlinkat("77", store_.directory().get(), ("diff-ids/" + String(64, 'a')).c_str()),
              0);
    EXPECT_OK(Store::open(places(), map()));
    EXPECT_EQ(in("staging"), Names{"live"});
    EXPECT_EQ(in("staging/live"), Names{"file"});
    EXPECT_EQ(in("layers"), Names());
    EXPECT_EQ(in("references"), Names());
    EXPECT_EQ(in("diff-ids"), Names());
}

TEST_F(StagingTest, IsSweptLaterWhenTheStoreIsHeld)
{
    put("staging/dead/file");
    Fd lock = MUST(store_.lock_shared());
    EXPECT_OK(Store::open(places(), map()));
    EXPECT_EQ(in("staging"), Names{"dead"});
    lock.close();
    EXPECT_OK(Store::open(places(), map()));
    EXPECT_EQ(in("staging"), Names());
}

}  // namespace kist::image
