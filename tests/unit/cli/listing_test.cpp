// listing_test.cpp - cli/listing.h and cli/container_filter.h

#include "cli/listing.h"

#include "base/clock.h"
#include "base/string.h"
#include "base/vector.h"
#include "check.h"
#include "cli/container_filter.h"

namespace kist::cli {
namespace {

using container::Status;

Listed listed_of(const char* name, Status status = Status::running)
{
    Listed listed;
    listed.spec.name = name;
    listed.spec.id = String(name) + String(60, '0');
    listed.spec.created = clock::to_text(clock::now() - 3600);
    listed.state.status = status;
    listed.state.started_at = clock::to_text(clock::now() - 300);
    listed.state.finished_at = clock::to_text(clock::now() - 5);
    return listed;
}

TEST(Listing, SaysTheStatusInDockersWords)
{
    Listed listed = listed_of("a");
    EXPECT_EQ(status_text(listed), "Up 5 minutes");
    EXPECT_STREQ(state_word(listed), "running");
    listed.health = "starting";
    EXPECT_EQ(status_text(listed), "Up 5 minutes (health: starting)");
    listed.health = "unhealthy";
    EXPECT_EQ(status_text(listed), "Up 5 minutes (unhealthy)");
    listed.paused = true;
    EXPECT_EQ(status_text(listed), "Up 5 minutes (Paused)");
    EXPECT_STREQ(state_word(listed), "paused");

    Listed ended = listed_of("b", Status::exited);
    ended.state.exit_code = 137;
    EXPECT_EQ(status_text(ended), "Exited (137) 5 seconds ago");
    EXPECT_EQ(status_text(listed_of("c", Status::created)), "Created");
    EXPECT_EQ(status_text(listed_of("d", Status::restarting)), "Restarting (0) 5 seconds ago");
}

// The names that `words` let through, of: web (running), old (exited 3), db (running, labelled,
// unhealthy, with a volume), new (created).
String filtered(const Vector<String>& words, FilterUse use = FilterUse::list)
{
    Vector<Listed> all;
    all.push_back(listed_of("new", Status::created));
    all.push_back(listed_of("db"));
    all[1].spec.labels = {{"tier", "data"}, {"site", "x"}};
    all[1].spec.health.emplace();
    all[1].health = "unhealthy";
    all[1].spec.attachments.resize(2);
    all[1].spec.attachments[1].network = "back";
    all[1].spec.published.push_back({"", 8080, 80});
    all[1].spec.exposed = {"443/tcp"};
    all[1].spec.mounts.emplace_back();
    all[1].spec.mounts[0].source = "pgdata";
    all[1].spec.mounts[0].target = "/var/lib";
    all.push_back(listed_of("old", Status::exited));
    all[2].state.exit_code = 3;
    all[2].spec.network_none = true;
    all[2].spec.created = clock::to_text(clock::now() - 7200);
    all.push_back(listed_of("web"));
    all[3].paused = true;
    auto filters = parse_container_filters(words, use, Context(), all);
    if (!filters)
        return "error: " + filters.error().message();
    String names;
    for (size_t i = 0; i < all.size(); i++)
        if (match_container(*filters, {all[i], i}))
            names += (names.empty() ? "" : " ") + all[i].spec.name;
    return names;
}

TEST(Filters, LetThroughWhatEachKeyMeans)
{
    const struct {
        Vector<String> words;
        const char* names;
    } kCases[] = {
        {{}, "new db old web"},
        {{"name=e"}, "new web"},
        {{"name=^web$"}, "web"},
        {{"name=^/web$"}, "web"},
        {{"name=/we"}, "web"},
        {{"name=^eb"}, ""},
        {{"name=we$"}, ""},
        {{"name=b$"}, "db web"},
        {{"name=^"}, "new db old web"},
        {{"id=db00"}, "db"},
        {{"label=tier"}, "db"},
        {{"label=tier=data", "label=site=x"}, "db"},
        {{"label=tier=data", "label=site=y"}, ""},
        {{"label!=tier"}, "new old web"},
        {{"status=exited"}, "old"},
        {{"status=exited", "status=created"}, "new old"},
        {{"status=running"}, "db web"},
        {{"status=paused"}, "web"},
        {{"status=running", "name=d"}, "db"},
        {{"exited=3"}, "old"},
        {{"exited=0"}, ""},
        {{"before=db"}, "old web"},
        {{"since=old"}, "new db"},
        {{"volume=pgdata"}, "db"},
        {{"volume=/var/lib"}, "db"},
        {{"health=unhealthy"}, "db"},
        {{"health=none"}, "new old web"},
        {{"network=none"}, "old"},
        {{"network=back"}, "db"},
        {{"publish=80"}, "db"},
        {{"publish=80/udp"}, ""},
        {{"publish=70-90"}, "db"},
        {{"publish=443"}, ""},
        {{"expose=443"}, "db"},
        {{"expose=80"}, "db"},
    };
    for (auto& each : kCases)
        EXPECT_EQ(filtered(each.words), each.names) << joined(each.words, " ");
}

TEST(Filters, OfPruneAreTimesAndLabels)
{
    EXPECT_EQ(filtered({"until=90m"}, FilterUse::prune), "old");
    EXPECT_EQ(filtered({"until=10m"}, FilterUse::prune), "new db old web");
    EXPECT_EQ(filtered({"until=2001-01-01T00:00:00Z"}, FilterUse::prune), "");
    EXPECT_EQ(filtered({"label!=tier", "until=90m"}, FilterUse::prune), "old");
    EXPECT_EQ(filtered({"name=x"}, FilterUse::prune), "error: --filter: \"name\" is not known");
}

TEST(Filters, MistakesAreNamed)
{
    EXPECT_EQ(filtered({"nmae=x"}), "error: --filter: \"nmae\" is not known");
    EXPECT_EQ(filtered({"publish=x"}),
              "error: --filter publish=x: \"x\" is no port of the container, nor a range of them");
    EXPECT_EQ(filtered({"exited=x"}), "error: --filter exited=x: \"x\" is not a whole number");
    EXPECT_EQ(filtered({"before=x"}), "error: --filter before=x: no container \"x\"");
    EXPECT_EQ(filtered({"name"}), "error: --filter name: it has no value");
}

}  // namespace
}  // namespace kist::cli
