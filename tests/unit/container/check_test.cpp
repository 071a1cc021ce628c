// check_test.cpp - the probes behind `kist check`, on whatever machine this is.

#include "container/check.h"

#include <unistd.h>

#include <ctime>

#include <set>

#include "base/fs.h"
#include "base/string.h"
#include "base/vector.h"
#include "check.h"

namespace kist::container {

namespace {

const CheckRow& row_of(const Vector<CheckRow>& rows, std::string_view feature)
{
    for (const CheckRow& row : rows)
        if (row.feature == feature)
            return row;
    ADD_FAILURE() << "no row " << feature;
    return rows.front();
}

TEST(Check, HasARowForEachFeatureWithAFixForWhatIsNotThere)
{
    auto rows = check_board({});
    std::set<String> features;
    for (const CheckRow& row : rows) {
        EXPECT_TRUE(features.insert(row.feature).second) << row.feature;
        EXPECT_FALSE(row.meaning.empty()) << row.feature;
        if (row.state == CheckState::missing)
            EXPECT_FALSE(row.fix.empty()) << row.feature << ": " << row.meaning;
        if (row.state == CheckState::ok)
            EXPECT_TRUE(row.fix.empty()) << row.feature;
        if (getenv("KIST_SHOW_CHECK"))
            printf("%-20s %-8s %s\n%30s%s\n", row.feature, check_state_name(row.state),
                   row.meaning.c_str(), "", row.fix.c_str());
    }
    for (const char* feature :
         {"kernel", "page size", "clock", "user namespaces", "subordinate ids", "overlay (root)",
          "overlay (user)", "cgroup v2", "cpu controller", "memory controller", "pids controller",
          "seccomp", "device filter", "bridge", "nf_tables", "user networks", "ipv6", "ping",
          "low ports"})
        EXPECT_EQ(features.count(feature), 1u) << feature;
}

TEST(Check, NoticesAClockBehindTheBuild)
{
    EXPECT_EQ(row_of(check_board({.built = 0}), "clock").state, CheckState::ok);
    auto late = check_board({.built = time(nullptr) + 1000});
    EXPECT_EQ(row_of(late, "clock").state, CheckState::limited);
}

TEST(Check, LeavesNothingBehind)
{
    auto before = MUST(fs::read_path("/proc/self/mountinfo", 1 << 22));
    check_board({});
    EXPECT_EQ(MUST(fs::read_path("/proc/self/mountinfo", 1 << 22)), before);
    EXPECT_NE(access("/tmp/lower", F_OK), 0);
}

}  // namespace

}  // namespace kist::container
