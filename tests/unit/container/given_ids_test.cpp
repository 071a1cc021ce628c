// given_ids_test.cpp - the ids that root gives to a user at boot.

#include "container/given_ids.h"

#include "base/vector.h"
#include "check.h"
#include "container/outer.h"

namespace kist::container {

namespace {

TEST(GivenIds, FollowFromTheUidAsUseraddGivesThem)
{
    EXPECT_EQ(choose_range("", 1000), 100000u);
    EXPECT_EQ(choose_range("", 1001), 165536u);
    EXPECT_EQ(choose_range("", 1001), choose_range("# nothing\n", 1001));
    // Every one fits below the kernel's last id.
    for (unsigned uid : {0u, 1u, 999u, 60999u, 61000u, 65534u, 2147483647u})
        EXPECT_LT(choose_range("", uid), 4294967295u - 65536u) << uid;
}

TEST(GivenIds, AreNobodyElses)
{
    EXPECT_EQ(choose_range("other:100000:65536\n", 1000), 165536u);
    EXPECT_EQ(choose_range("other:100000:65536\nmore:165536:65536", 1000), 231072u);
    EXPECT_EQ(choose_range("other:165535:1\n", 1000), 165536u);
    EXPECT_EQ(choose_range("other:165536:1\n", 1000), 100000u);
    EXPECT_EQ(choose_range("nonsense\nother:x:y\n\n", 1000), 100000u);
}

TEST(GivenIds, MapsAreReadAsTheKernelWritesThem)
{
    Vector<IdRange> ranges =
        MUST(parse_id_map("         0       1000          1\n         1     100000      65536\n"));
    EXPECT_EQ(map_text(ranges, false), "0 1000 1\n1 100000 65536\n");
    EXPECT_EQ(map_text(ranges, true), "0 0 1\n1 1 65536\n");
    EXPECT_FALSE(parse_id_map("0 x 1\n"));
}

}  // namespace

}  // namespace kist::container
