// boot_plan_test.cpp - which containers boot starts, and in which order.

#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "check.h"
#include "service/boot.h"

namespace kist::service {

namespace {

using container::Restart;

Summary make(const char* name, Vector<String> requirements = {},
             Restart::Policy policy = Restart::Policy::always)
{
    Summary summary;
    summary.spec.name = name;
    summary.spec.id = String(64, name[0]);
    summary.spec.requirements = std::move(requirements);
    summary.spec.restart.policy = policy;
    return summary;
}

// Summaries cannot be copied, so not in braces.
template <class... Each>
Vector<Summary> all(Each... each)
{
    Vector<Summary> list;
    (list.push_back(std::move(each)), ...);
    return list;
}

String order_of(const Vector<Summary>& containers)
{
    String text;
    for (size_t index : plan_boot(containers, starts_at_boot).order)
        text += (text.empty() ? "" : " ") + containers[index].spec.name;
    return text;
}

TEST(BootPlan, StartsWhatIsRequiredFirstAndTheOldestAmongEquals)
{
    // As list() gives them: the newest first.
    EXPECT_EQ(order_of(all(make("c"), make("b"), make("a"))), "a b c");
    EXPECT_EQ(order_of(all(make("c"), make("b"), make("a", {"c"}))), "b c a");
    EXPECT_EQ(order_of(all(make("d"), make("c", {"d"}), make("b", {"c"}), make("a", {"b", "d"}))),
              "d c b a");
    EXPECT_EQ(order_of({}), "");
}

TEST(BootPlan, FindsWhatIsRequiredByItsIdToo)
{
    EXPECT_EQ(order_of(all(make("b"), make("a", {String(64, 'b')}))), "b a");
}

TEST(BootPlan, LeavesOutWhatNobodyWantsAndTakesInWhatIsRequired)
{
    EXPECT_EQ(order_of(all(make("c", {}, Restart::Policy::no), make("b", {}, Restart::Policy::no),
                           make("a", {"c"}))),
              "c a");
}

TEST(BootPlan, NamesWhatIsMissingAndStartsTheOthers)
{
    Vector<Summary> containers =
        all(make("other"), make("web", {"api"}), make("api", {"database"}));
    BootPlan plan = plan_boot(containers, starts_at_boot);
    EXPECT_EQ(order_of(containers), "other");
    ASSERT_EQ(plan.refused.size(), 2u);
    EXPECT_EQ(plan.refused[0].message(),
              "cannot start \"api\": it requires \"database\", which does not exist");
    EXPECT_EQ(plan.refused[1].message(),
              "cannot start \"web\": it requires \"api\", which requires \"database\", which does "
              "not exist");
}

TEST(BootPlan, NamesACircleAndStartsTheOthers)
{
    Vector<Summary> containers =
        all(make("other"), make("x", {"a"}), make("b", {"a"}), make("a", {"b"}));
    BootPlan plan = plan_boot(containers, starts_at_boot);
    EXPECT_EQ(order_of(containers), "other");
    ASSERT_EQ(plan.refused.size(), 3u);
    EXPECT_TRUE(plan.refused[0].is(ELOOP));
    EXPECT_TRUE(plan.refused[0].message().ends_with("circle: a -> b -> a"));
    EXPECT_TRUE(plan.refused[2].message().ends_with("circle: x -> a -> b -> a"));
    EXPECT_EQ(order_of(all(make("self", {"self"}))), "");
}

TEST(BootPlan, HeedsTheRestartPolicy)
{
    const struct {
        Restart::Policy policy;
        bool stopped, resume, starts;
    } kRows[] = {
        {Restart::Policy::no, false, true, false},
        {Restart::Policy::always, false, false, true},
        {Restart::Policy::always, true, false, true},
        {Restart::Policy::unless_stopped, false, false, true},
        {Restart::Policy::unless_stopped, true, false, false},
        {Restart::Policy::on_failure, false, false, false},
        {Restart::Policy::on_failure, false, true, true},
    };
    for (auto& row : kRows) {
        Summary summary = make("a", {}, row.policy);
        summary.state.stopped = row.stopped;
        summary.state.resume = row.resume;
        EXPECT_EQ(starts_at_boot(summary), row.starts) << container::to_text(summary.spec.restart);
    }
}

TEST(BootPlan, OrdersAThousandContainers)
{
    Vector<Summary> containers;
    for (int i = 0; i < 1000; i++) {
        String name = str::format("c%d", i), next = str::format("c%d", i + 1);
        containers.push_back(make(name.c_str()));
        if (i < 999)
            containers.back().spec.requirements.push_back(next);
    }
    BootPlan plan = plan_boot(containers, starts_at_boot);
    ASSERT_EQ(plan.order.size(), 1000u);
    EXPECT_EQ(plan.order.front(), 999u);
    EXPECT_EQ(plan.order.back(), 0u);
}

TEST(BootPlan, KnowsWhoRequiresAContainer)
{
    Vector<Vector<size_t>> requirers =
        requirers_of(all(make("c", {"a", "b"}), make("b", {"a"}), make("a", {"a", "none"})));
    EXPECT_EQ(requirers[0].size(), 0u);
    EXPECT_EQ(requirers[1], Vector<size_t>({0}));
    EXPECT_EQ(requirers[2], Vector<size_t>({0, 1}));
}

}  // namespace

}  // namespace kist::service
