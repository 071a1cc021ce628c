// collect_test.cpp - what is removed goes as docker does it, and nothing that is needed goes.

#include "image/staging.h"
#include "image/store_fixture.h"

namespace kist::image {

using test::layer;
using test::Names;

class CollectTest : public test::StoreTest {
protected:
    // "base" and "top" share a layer.
    void pull_two()
    {
        repository_.add_image({layer("shared"), layer("one")}, "1");
        first_ = pull("base:1").take();
        repository_.add_image({layer("shared"), layer("two"), layer("three")}, "2");
        second_ = pull("top:2").take();
    }
    Image first_, second_;
};

TEST_F(CollectTest, TheImageGoesWithItsLastName)
{
    pull_two();
    EXPECT_OK(store_.name(reference("other"), first_.id, first_.digest));
    EXPECT_EQ(MUST(store_.remove("base:1", false, {})),
              (Names{"Untagged: base:1", "Untagged: base@" + first_.digest.text()}));
    Names lines = MUST(store_.remove("other", false, {}));
    EXPECT_EQ(lines, (Names{"Untagged: other:latest", "Deleted: " + first_.id.text(),
                            "Deleted: " + first_.layers[1].diff_id.text()}));
    EXPECT_ERROR(store_.find(first_.id.hex()), ENOENT, "");
    EXPECT_EQ(MUST(store_.find("top:2")).layers.size(), 3u);
    EXPECT_EQ(in("layers").size(), 3u);
    EXPECT_EQ(in("staging"), Names());
    EXPECT_OK(store_.remove("top:2", false, {}));
    EXPECT_EQ(in("layers"), Names());
    EXPECT_EQ(in("diff-ids"), Names());
    EXPECT_EQ(in("references"), Names());
    EXPECT_ERROR(store_.remove("top:2", false, {}), ENOENT, "no image \"top:2\"");
}

TEST_F(CollectTest, AnIdTakesAllNamesOfOneRepository)
{
    pull_two();
    EXPECT_OK(store_.name(reference("base:other"), first_.id, first_.digest));
    EXPECT_EQ(MUST(store_.remove(first_.id.hex().substr(0, 12), false, {})).size(), 5u);
    EXPECT_EQ(MUST(store_.images()).size(), 1u);

    EXPECT_OK(store_.name(reference("elsewhere"), second_.id, second_.digest));
    EXPECT_ERROR(store_.remove(second_.id.hex(), false, {}), EBUSY, "several repositories");
    EXPECT_OK(store_.remove(second_.id.hex(), true, {}));
    EXPECT_EQ(in("layers"), Names());
}

TEST_F(CollectTest, ATagKeepsTheDigestWhileItsRepositoryHasAnother)
{
    pull_two();
    EXPECT_OK(store_.name(reference("base:other"), first_.id, first_.digest));
    EXPECT_EQ(MUST(store_.remove("base:1", false, {})), Names{"Untagged: base:1"});
    EXPECT_OK(store_.find("base@" + first_.digest.text()));
}

TEST_F(CollectTest, AnImageInUseStays)
{
    pull_two();
    EXPECT_ERROR(store_.remove("base:1", false, {first_.id}), EBUSY, "used by a container");
    EXPECT_OK(store_.find("base:1"));
    // By force the name goes, and nothing else.
    EXPECT_EQ(MUST(store_.remove("base:1", true, {first_.id})).size(), 2u);
    EXPECT_EQ(MUST(store_.find(first_.id.hex())).layers.size(), 2u);
    EXPECT_OK(store_.remove(first_.id.hex(), false, {}));
    EXPECT_ERROR(store_.find(first_.id.hex()), ENOENT, "");
}

TEST_F(CollectTest, PruneTakesWhatHasNoTag)
{
    pull_two();
    repository_.add_image({layer("newer")}, "1");
    EXPECT_OK(pull("base:1"));
    EXPECT_EQ(MUST(store_.images()).size(), 3u);
    uint64_t freed = 0;
    Names lines = MUST(store_.prune(false, {}, &freed));
    EXPECT_EQ(lines,
              (Names{"Untagged: base@" + first_.digest.text(), "Deleted: " + first_.id.text(),
                     "Deleted: " + first_.layers[1].diff_id.text()}));
    EXPECT_EQ(freed, 8u);
    EXPECT_EQ(MUST(store_.images()).size(), 2u);
    EXPECT_TRUE(MUST(store_.prune(false, {}, nullptr)).empty());

    EXPECT_OK(store_.prune(true, {second_.id}, &freed));
    EXPECT_EQ(MUST(store_.images()).size(), 1u);
    EXPECT_OK(store_.prune(true, {}, nullptr));
    EXPECT_EQ(in("layers"), Names());
    EXPECT_EQ(in("references"), Names());
}

TEST_F(CollectTest, PruneTakesLayersThatNoImageHas)
{
    repository_.add_image({layer("a"), layer("b")}, "latest");
    repository_.broken = Digest::of(layer("b"));
    EXPECT_ERROR(pull("box"), ECONNRESET, "broke");
    EXPECT_OK(store_.prune(false, {}, nullptr));
    EXPECT_EQ(in("layers"), Names());
    EXPECT_EQ(in("diff-ids"), Names());
}

TEST_F(CollectTest, WhatAPullCountsOnStays)
{
    pull_two();
    {
        Staging claim = MUST(Staging::begin(store_.directory(), "pull-x"));
        put("staging/pull-x/needs",
            first_.layers[1].diff_id.hex() + "\n" + second_.layers[2].diff_id.hex() + "\n");
        EXPECT_OK(store_.remove("base:1", false, {}));
        EXPECT_OK(store_.prune(true, {}, nullptr));
        EXPECT_EQ(in("layers").size(), 2u);
    }
    EXPECT_OK(store_.prune(true, {}, nullptr));
    EXPECT_EQ(in("layers"), Names());
}

TEST_F(CollectTest, ADamagedImageCanBeRemoved)
{
    pull_two();
    put("images/" + first_.id.hex() + "/config.json", "{");
    EXPECT_ERROR(store_.images(), EBADMSG, first_.id.hex());
    EXPECT_OK(store_.remove("base:1", false, {}));
    EXPECT_EQ(MUST(store_.images()).size(), 1u);
}

TEST_F(CollectTest, UsageCountsWhatCouldGo)
{
    pull_two();
    Usage usage = MUST(store_.usage({}));
    EXPECT_EQ(usage.images, 2u);
    EXPECT_EQ(usage.layers, 4u);
    EXPECT_EQ(usage.layer_bytes, 32u);
    EXPECT_EQ(usage.reclaimable_bytes, 32u);  // named ones too, as long as nobody uses them
    EXPECT_EQ(MUST(store_.usage({first_.id})).reclaimable_bytes, 16u);
    EXPECT_OK(store_.remove("base:1", true, {first_.id}));
    EXPECT_EQ(MUST(store_.usage({first_.id})).reclaimable_bytes, 16u);
    EXPECT_EQ(MUST(store_.usage({})).reclaimable_bytes, 32u);
}

TEST_F(CollectTest, TheCallersLockIsLetGo)
{
    pull_two();
    Fd lock = MUST(store_.lock_exclusive());
    EXPECT_OK(store_.remove("base:1", false, {}, std::move(lock)));
    Fd again = MUST(store_.lock_exclusive());
    EXPECT_OK(store_.prune(true, {}, nullptr, std::move(again)));
    EXPECT_OK(store_.lock_exclusive());
}

}  // namespace kist::image
