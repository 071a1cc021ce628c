// pull_test.cpp - what is pulled is verified and complete, and what fails leaves nothing.

#include "image/pull.h"

#include <sys/stat.h>

#include "base/string.h"
#include "base/vector.h"
#include "check.h"
#include "image/staging.h"
#include "image/store_fixture.h"
#include "image/thread.h"

namespace kist::image {

using test::layer;
using test::Names;

namespace {

// Remembers what it was told.
class Listener : public Progress {
public:
    void layer(size_t index, size_t count, const Digest&, Phase phase, uint64_t bytes,
               uint64_t total) override
    {
        EXPECT_LT(index, count);
        EXPECT_LE(bytes, total);
        if (phases.size() < count)
            phases.resize(count);
        if (phases[index].empty() || phases[index].back() != phase)
            phases[index].push_back(phase);
    }
    void said(const String& line) override { lines.push_back(line); }

    Vector<Vector<Phase>> phases;
    Names lines;
};

}  // namespace

class PullTest : public test::StoreTest, public ::testing::WithParamInterface<bool> {
protected:
    PullTest() { overlap_ = GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(, PullTest, ::testing::Bool(),
                         [](auto& one) { return one.param ? "TwoThreads" : "OneThread"; });

TEST_P(PullTest, BringsAllLayersAndBothNames)
{
    String big(3'000'000, 'x');
    Digest digest = repository_.add_image({layer("a"), layer("big", big), layer("c")}, "latest");
    Listener listener;
    Image image = MUST(pull("box", {.progress = &listener}));
    EXPECT_EQ(image.id, Digest::of(repository_.config));
    EXPECT_EQ(image.digest, digest);
    ASSERT_EQ(image.layers.size(), 3u);
    EXPECT_EQ(image.layers[1].size, big.size());
    EXPECT_TRUE(contents(Store::layer_path(image.layers[1]) + "/big") == "big: larger than" ||
                MUST(fs::read(store_.directory(), Store::layer_path(image.layers[1]) + "/big",
                              big.size())) == big);
    EXPECT_EQ(contents("images/" + image.id.hex() + "/config.json"), repository_.config);
    EXPECT_EQ(contents("images/" + image.id.hex() + "/manifest.json"), repository_.manifest_text);
    EXPECT_EQ(in("references"),
              (Names{"docker.io%library%box:latest", "docker.io%library%box@" + digest.text()}));
    EXPECT_EQ(in("staging"), Names());
    EXPECT_EQ(in("layers"), (Names{"0", "1", "2"}));
    for (auto& phases : listener.phases) {
        EXPECT_EQ(phases.front(), Progress::Phase::waiting);
        EXPECT_EQ(phases.back(), Progress::Phase::done);
    }
    EXPECT_EQ(listener.lines.back(), "Status: Downloaded newer image for box:latest");
}

TEST_P(PullTest, AsksOnlyOnceWhenTheTagHasNotMoved)
{
    Digest digest = repository_.add_image({layer("a")}, "latest");
    EXPECT_OK(pull("box"));
    int before = repository_.requests;
    Listener listener;
    EXPECT_OK(pull("box", {.progress = &listener}));
    EXPECT_EQ(repository_.requests, before + 1);
    EXPECT_EQ(listener.lines.back(), "Status: Image is up to date for box:latest");
    // A digest never moves: there is nothing to ask.
    EXPECT_OK(pull(("box@" + digest.text()).c_str()));
    EXPECT_EQ(repository_.requests, before + 1);
    // For another platform the same name may mean another image.
    EXPECT_OK(pull("box", {.platform = Platform{.architecture = "amd64", .variant = "v3"}}));
    EXPECT_EQ(repository_.requests, before + 3);
}

TEST_P(PullTest, FetchesOnlyLayersThatAreMissing)
{
    repository_.add_image({layer("shared"), layer("one")}, "1");
    EXPECT_OK(pull("box:1"));
    repository_.add_image({layer("shared"), layer("two")}, "2");
    repository_.blobs.erase(Digest::of(layer("shared")).text());
    Listener listener;
    Image image = MUST(pull("box:2", {.progress = &listener}));
    EXPECT_EQ(listener.phases[0], Vector{Progress::Phase::exists});
    EXPECT_EQ(in("layers").size(), 3u);
}

TEST_P(PullTest, ChoosesFromAnIndexByPlatform)
{
    Digest arm = repository_.add_image({layer("arm")}, "", R"("os":"linux","architecture":"arm")");
    Digest amd =
        repository_.add_image({layer("amd")}, "", R"("os":"linux","architecture":"amd64")");
    String index = str::format(
        R"({"schemaVersion":2,"manifests":[{"digest":"%s","size":1,"platform":{"os":"linux",)"
        R"("architecture":"arm","variant":"v6"}},{"digest":"%s","size":1,)"
        R"("platform":{"os":"linux","architecture":"amd64"}}]})",
        arm.text().c_str(), amd.text().c_str());
    Digest named = repository_.add_document(index, test::kIndexType, "latest");
    Image image = MUST(pull("box"));
    EXPECT_EQ(image.digest, named);
    EXPECT_EQ(image.config.platform.architecture, "amd64");
    Platform board = MUST(Platform::parse("linux/arm/v7"));
    Image other = MUST(pull("box", {.platform = board}));
    EXPECT_EQ(other.config.platform.architecture, "arm");
    EXPECT_EQ(other.digest, named);
    EXPECT_EQ(MUST(store_.find("box")).id, other.id);
    Platform mainframe = {.architecture = "s390x"};
    EXPECT_ERROR(pull("box", {.platform = mainframe}), ENOENT,
                 "there are: linux/arm/v6, linux/amd64");
    // An index that names itself never ends.
    repository_.documents["latest"].contents =
        R"({"manifests":[{"digest":")" + named.text() + R"(","size":1}]})";
    String nested = repository_.documents["latest"].contents;
    for (int i = 0; i < 4; i++) {
        Digest inner = repository_.add_document(nested, test::kIndexType, "latest");
        nested = R"({"manifests":[{"digest":")" + inner.text() + R"(","size":1}]})";
    }
    EXPECT_ERROR(pull("box"), EBADMSG, "index to index");
}

TEST_P(PullTest, RefusesASingleImageOfAnotherPlatformOnlyWhenAsked)
{
    repository_.add_image({layer("a")}, "latest", R"("os":"linux","architecture":"s390x")");
    EXPECT_ERROR(pull("box"), ENOENT, "there is: linux/s390x");
    PullOptions options;
    EXPECT_OK(pull_from(store_, repository_, reference("box"), options, overlap_));
}

TEST_P(PullTest, VerifiesWhatItGets)
{
    String good = layer("a", String(100'000, 'g'));
    const struct {
        const char* what;
        const char* words;
    } kRows[] = {
        {"manifest", "the registry sent a manifest with digest"},
        {"config", "another digest"},
        {"config size", "bytes instead of"},
        {"layer", "another digest"},
        {"layer size", "bytes instead of"},
        {"diff id", "another diff id"},
        {"count", "1 layers, but its configuration 2"},
    };
    for (auto& row : kRows) {
        repository_.blobs.clear();
        repository_.documents.clear();
        String what = row.what;
        Digest manifest = repository_.add_image({good}, "latest");
        String name = "box";
        String config = repository_.config, text = repository_.manifest_text;
        auto replace = [](String& in, const String& from, const String& to) {
            in.replace(in.find(from), from.size(), to);
        };
        if (what == "manifest") {
            name = "box@" + manifest.text();
            repository_.documents[manifest.text()].contents += " ";
        } else if (what == "config") {
            repository_.blobs[Digest::of(config).text()].back() = ' ';
        } else if (what == "config size") {
            repository_.blobs[Digest::of(config).text()] += " ";
        } else if (what == "layer") {
            // A byte of a file's contents: tar does not notice.
            repository_.blobs[Digest::of(good).text()][600] = 'x';
        } else if (what == "layer size") {
            repository_.blobs[Digest::of(good).text()] += '\0';
        } else {
            String diff_id = Digest::of(good).text(), lie = Digest::of("lie").text();
            if (what == "count")
                replace(config, "[\"" + diff_id, "[\"" + lie + "\",\"" + diff_id);
            else
                replace(config, diff_id, lie);
            replace(text, Digest::of(repository_.config).text(),
                    repository_.add_blob(config).text());
            replace(text, str::format("\"size\":%zu", repository_.config.size()),
                    str::format("\"size\":%zu", config.size()));
            repository_.add_document(text, test::kManifestType, "latest");
        }
        EXPECT_ERROR(pull(name.c_str()), EBADMSG, row.words) << what;
        expect_nothing_left();
        EXPECT_EQ(in("layers"), Names()) << what;
        EXPECT_EQ(in("diff-ids"), Names()) << what;
    }
}

TEST_P(PullTest, NamesTheLayerThatFailedAndKeepsTheOthers)
{
    String bad = layer("bad", String(500'000, 'b'));
    repository_.add_image({layer("a"), bad, layer("c")}, "latest");
    repository_.broken = Digest::of(bad);
    auto failed = pull("box", {.parallel = 1});
    EXPECT_ERROR(failed, ECONNRESET, Digest::of(bad).text());
    EXPECT_ERROR(failed, ECONNRESET, "the connection broke");
    expect_nothing_left();
    repository_.broken = {};
    Image image = MUST(pull("box"));
    EXPECT_EQ(image.layers.size(), 3u);
    EXPECT_EQ(contents("layers/" + kist::test::to_text(image.layers[2].number) + "/tree/c"),
              "contents");
}

TEST_P(PullTest, RefusesWhatIsNoLayer)
{
    repository_.add_image({"this is no archive, whatever it claims to be"}, "latest");
    EXPECT_ERROR(pull("box"), EBADMSG, "layer sha256:");
    expect_nothing_left();
}

TEST_P(PullTest, TakesEmptyAndRepeatedLayers)
{
    String empty = archive::test::end();
    repository_.add_image({empty, layer("a"), empty, layer("a")}, "latest");
    Image image = MUST(pull("box"));
    EXPECT_EQ(in("layers").size(), 2u);
    EXPECT_EQ(image.layers.size(), 2u);
    repository_.add_image({}, "none");
    EXPECT_TRUE(MUST(pull("box:none")).layers.empty());
}

TEST_P(PullTest, SharesTheWorkWithAnotherPull)
{
    Vector<String> archives;
    for (char c = 'a'; c < 'k'; c++)
        archives.push_back(layer(String(1, c), String(200'000, c)));
    repository_.add_image(archives, "latest");
    std::atomic<int> good = 0;
    auto work = [&] {
        auto store = Store::open(places(), map());
        PullOptions options = {.platform = Platform{.architecture = "amd64"}};
        auto image = pull_from(*store, repository_, reference("box"), options, overlap_);
        EXPECT_OK(image);
        good += image && image->layers.size() == 10;
    };
    Thread one = MUST(Thread::start(work));
    Thread two = MUST(Thread::start(work));
    Thread three = MUST(Thread::start(work));
    one.join();
    two.join();
    three.join();
    EXPECT_EQ(good, 3);
    EXPECT_EQ(in("layers").size(), 10u);
    EXPECT_EQ(in("staging"), Names());
}

TEST_P(PullTest, RecordsOwnersWhereTheyCannotBeGiven)
{
    StoreMap single = {.tier = StoreMap::Tier::single, .text = "single 1"};
    Places elsewhere = {.root = directory_.path() + "/single", .state = ""};
    Store store = MUST(Store::open(elsewhere, single));
    repository_.add_image(
        {archive::test::entry({.name = "f", .contents = "x", .uid = 33}) + archive::test::end(),
         layer("plain")},
        "latest");
    PullOptions options = {.platform = Platform{.architecture = "amd64"}};
    Image image = MUST(pull_from(store, repository_, reference("box"), options, overlap_));
    String owners =
        MUST(fs::read(store.directory(), str::format("layers/%u/owners", image.layers[0].number)));
    EXPECT_EQ(owners.substr(0, 2), String("f\0", 2));
    EXPECT_FALSE(
        sys::stat_at(store.directory(), str::format("layers/%u/owners", image.layers[1].number)));
    struct stat facts =
        MUST(sys::stat_at(store.directory(), Store::layer_path(image.layers[0]) + "/f"));
    EXPECT_EQ(facts.st_uid, ::geteuid());
}

TEST_P(PullTest, MovesATagAndLeavesTheOldImageItsDigest)
{
    Digest before = repository_.add_image({layer("a")}, "latest");
    Image old = MUST(pull("box"));
    repository_.add_image({layer("b")}, "latest");
    Image now = MUST(pull("box"));
    EXPECT_NE(old.id, now.id);
    EXPECT_EQ(MUST(store_.find("box@" + before.text())).id, old.id);
    EXPECT_EQ(MUST(store_.images()).size(), 2u);
}

}  // namespace kist::image
