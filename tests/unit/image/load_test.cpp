// load_test.cpp - archives of images are believed only as far as they can be verified.

#include "image/load.h"

#include "archive/tar_builder.h"
#include "base/string.h"
#include "base/vector.h"
#include "check.h"
#include "image/bundle.h"
#include "image/save.h"
#include "image/store_fixture.h"

namespace kist::image {

using archive::test::end;
using archive::test::file;
using archive::test::hard_link;
using archive::test::symlink;
using test::layer;
using test::Names;

namespace {

String config_of(const Vector<String>& layers, const char* architecture = "amd64")
{
    String diff_ids;
    for (const String& each : layers)
        diff_ids += (diff_ids.empty() ? "\"" : ",\"") + Digest::of(each).text() + "\"";
    return str::format(R"({"os":"linux","architecture":"%s","rootfs":{"type":"layers",)"
                       R"("diff_ids":[%s]}})",
                       architecture, diff_ids.c_str());
}

String blob(const String& contents)
{
    return file("blobs/sha256/" + Digest::of(contents).hex(), contents);
}

String descriptor(const char* type, const String& contents, const String& more = "")
{
    return str::format(R"({"mediaType":"application/vnd.oci.image.%s","digest":"%s","size":%zu%s})",
                       type, Digest::of(contents).text().c_str(), contents.size(), more.c_str());
}

String manifest_of(const String& config, const String& one_layer)
{
    return R"({"schemaVersion":2,"config":)" + descriptor("config.v1+json", config) +
           R"(,"layers":[)" + descriptor("layer.v1.tar", one_layer) + "]}";
}

String index_of_entries(const String& entries)
{
    return R"({"schemaVersion":2,"manifests":[)" + entries + "]}";
}

}  // namespace

// From a file, which is looked over first, and from a pipe.
class LoadTest : public test::StoreTest, public ::testing::WithParamInterface<bool> {
protected:
    Result<Vector<Loaded>> load_archive(const String& archive, LoadOptions options = {})
    {
        if (!options.platform)
            options.platform = Platform{.architecture = "amd64"};
        if (!GetParam()) {
            EXPECT_OK(fs::replace(directory_.fd(), "archive", archive));
            Fd source = TRY(sys::open_at(directory_.fd(), "archive", O_RDONLY));
            return load(store_, source, options);
        }
        sys::Pipe pipe = TRY(sys::pipe());
        EXPECT_LE(archive.size(), 65536u);  // what a pipe holds
        TRY(sys::write_all(pipe.writer, archive));
        pipe.writer.close();
        return load(store_, pipe.reader, options);
    }
    // docker's form, with manifest.json at the end.
    static String docker(const String& config, const String& tags, const String& layers)
    {
        return file("c.json", config) +
               file("manifest.json",
                    str::format(R"([{"Config":"c.json","RepoTags":%s,"Layers":[%s]}])",
                                tags.c_str(), layers.c_str())) +
               end();
    }
    void expect_refused(const String& archive, int code, const char* words)
    {
        EXPECT_ERROR(load_archive(archive), code, words);
        expect_nothing_left();
        EXPECT_EQ(in("layers"), Names());
    }

    const String a_ = layer("a"), b_ = layer("b");
    const String config_ = config_of({a_, b_});
};
INSTANTIATE_TEST_SUITE_P(, LoadTest, ::testing::Bool(),
                         [](auto& one) { return one.param ? "Pipe" : "File"; });

TEST_P(LoadTest, BringsWhatDockerSaves)
{
    auto loaded = MUST(
        load_archive(file("./1/layer.tar", a_) + file("2.tar", b_) +
                     docker(config_, R"(["box:v1","ghcr.io/a/b:c"])", R"("1/layer.tar","2.tar")")));
    ASSERT_EQ(loaded.size(), 1u);
    EXPECT_EQ(loaded[0].id, Digest::of(config_));
    EXPECT_EQ(loaded[0].names, (Names{"box:v1", "ghcr.io/a/b:c"}));
    Image image = MUST(store_.find("box:v1"));
    EXPECT_EQ(image.layers.size(), 2u);
    EXPECT_EQ(contents(Store::layer_path(image.layers[0]) + "/a"), "contents");
    EXPECT_EQ(in("staging"), Names());
    EXPECT_OK(Manifest::parse(contents(image_path(image.id) + "/manifest.json")));
}

TEST_P(LoadTest, FollowsLinksOfTheArchive)
{
    String twice = config_of({a_, a_, a_});
    EXPECT_OK(load_archive(file("1/layer.tar", a_) + symlink("2/layer.tar", "../1/layer.tar") +
                           hard_link("3.tar", "1/layer.tar") +
                           docker(twice, "null", R"("1/layer.tar","2/layer.tar","3.tar")")));
    EXPECT_EQ(in("layers"), (Names{"0"}));
    EXPECT_EQ(in("references"), Names());
}

TEST_P(LoadTest, BringsAnOciLayoutForThePlatform)
{
    String arm_config = config_of({a_}, "arm64"), config = config_of({b_});
    String arm = manifest_of(arm_config, a_), manifest = manifest_of(config, b_);
    String nested =
        index_of_entries(descriptor("manifest.v1+json", arm,
                                    R"(,"platform":{"os":"linux","architecture":"arm64"})") +
                         "," +
                         descriptor("manifest.v1+json", manifest,
                                    R"(,"platform":{"os":"linux","architecture":"amd64"})"));
    String index = index_of_entries(
        descriptor("index.v1+json", nested,
                   R"(,"annotations":{"org.opencontainers.image.ref.name":"box:v2"})"));
    String archive = blob(a_) + blob(b_) + blob(arm_config) + blob(config) + blob(arm) +
                     blob(manifest) + blob(nested) + file("index.json", index) + end();
    EXPECT_OK(load_archive(archive));
    Image image = MUST(store_.find("box:v2"));
    EXPECT_EQ(image.id, Digest::of(config));
    EXPECT_EQ(image.digest, Digest::of(nested));
    EXPECT_EQ(in("layers"), (Names{"0"}));  // what other platforms need is not kept
    EXPECT_OK(store_.find("box@" + image.digest.text()));
    EXPECT_OK(load_archive(archive, {.platform = Platform{.architecture = "arm64"}}));
    EXPECT_EQ(MUST(store_.find("box:v2")).id, Digest::of(arm_config));
    EXPECT_ERROR(load_archive(archive, {.platform = Platform{.architecture = "s390x"}}), ENOENT,
                 "there are: linux/arm64, linux/amd64");
}

TEST_P(LoadTest, ABareWordIsNoName)
{
    String config = config_of({a_}), manifest = manifest_of(config, a_);
    String index = index_of_entries(
        descriptor("manifest.v1+json", manifest,
                   R"(,"annotations":{"org.opencontainers.image.ref.name":"latest"})"));
    auto loaded = MUST(
        load_archive(file("index.json", index) + blob(manifest) + blob(config) + blob(a_) + end()));
    EXPECT_EQ(loaded[0].names, Names());
    EXPECT_EQ(in("references"), Names());
    EXPECT_OK(store_.find(loaded[0].id.hex().substr(0, 12)));
}

TEST_P(LoadTest, RefusesWhatIsNotWhatItSays)
{
    String layers = file("1.tar", a_) + file("2.tar", b_);
    const char* kBoth = R"("1.tar","2.tar")";
    String wrong_blob = file("blobs/sha256/" + Digest::of("x").hex(), a_);
    String wrong_document = file("blobs/sha256/" + Digest::of("x").hex(), "{}");
    String broken = layer("c");
    broken.resize(512);
    broken += "not a header" + String(2000, 'x');
    const struct {
        String archive;
        int code;
        const char* words;
    } kRows[] = {
        {layers + docker(config_, "[]", R"("2.tar","1.tar")"), EBADMSG, "another diff id"},
        {layers + docker(config_, "[]", R"("1.tar")"), EBADMSG, "has 1 layers"},
        {layers + docker(config_, "[]", R"("1.tar","3.tar")"), ENOENT, "lacks 3.tar"},
        {layers + docker(config_, R"(["UPPER"])", kBoth), EINVAL, "UPPER"},
        {layers + docker("{}", "[]", kBoth), EBADMSG, "os"},
        {layers + file("manifest.json", R"([{"Config":"no.json"}])"), ENOENT, "lacks no.json"},
        {layers + file("manifest.json", "{}"), EBADMSG, "manifest.json"},
        {layers + file("manifest.json", "[]"), EBADMSG, "no images"},
        {layers + layers + docker(config_, "[]", kBoth), EBADMSG, "twice"},
        {layers + end(), EBADMSG, "neither manifest.json nor index.json"},
        {end(), EBADMSG, "neither"},
        {"", EBADMSG, "neither"},
        {"this is no archive", EBADMSG, "the archive ends"},
        {"\x28\xb5\x2f\xfd" + String(600, 'x'), EBADMSG, "zstd"},
        {wrong_document + docker(config_, "[]", kBoth), EBADMSG, "another digest"},
        {file("1.tar", "\x28\xb5\x2f\xfd" + String(600, 'x')) + file("2.tar", b_) +
             docker(config_, "[]", kBoth),
         EBADMSG, "zstd"},
        {file("1.tar", broken) + file("2.tar", b_) + docker(config_, "[]", kBoth), EBADMSG,
         "1.tar"},
        {(layers + docker(config_, "[]", kBoth)).substr(0, 700), EBADMSG, "ends in the middle"},
    };
    for (auto& row : kRows)
        expect_refused(row.archive, row.code, row.words);
    String config = config_of({a_});
    expect_refused(
        wrong_blob + docker(config, "[]", "\"blobs/sha256/" + Digest::of("x").hex() + "\""),
        EBADMSG, "another digest");
}

TEST_P(LoadTest, WhatNobodyNeedsMayBeDamaged)
{
    String broken = layer("c");
    broken.resize(600);
    EXPECT_OK(load_archive(file("x", broken) + file("y", String("\x1f\x8b") + "no gzip") +
                           file("../../etc/passwd", a_) + file("/etc/shadow", "{}") +
                           file("1.tar", a_) + file("2.tar", b_) +
                           docker(config_, R"(["box"])", R"("1.tar","2.tar")")));
    EXPECT_EQ(in("layers"), (Names{"0", "1"}));
    EXPECT_EQ(in("staging"), Names());
}

TEST_P(LoadTest, WhatIsTooMuchIsRefused)
{
    String many;
    String big(kMaxConfig + 1, ' ');
    if (GetParam())
        return;  // more than fits into a pipe
    expect_refused(file("manifest.json", "[" + big + "]"), E2BIG, "bytes");
    for (size_t i = 0; i <= kMaxBundleLinks; i++)
        many += symlink(str::format("%zu", i), "x");
    expect_refused(many + docker(config_, "[]", ""), E2BIG, "links");
}

TEST_P(LoadTest, WhatWasSavedIsLoadedUnderItsId)
{
    repository_.add_image({layer("a", "1"), layer("b", "2")}, "latest");
    EXPECT_OK(pull("box"));
    for (BundleForm form : {BundleForm::docker, BundleForm::oci}) {
        archive::test::StringWriter first, second;
        EXPECT_OK(save(store_, {"box"}, form, first));
        auto loaded = MUST(load_archive(first.text));
        ASSERT_EQ(loaded.size(), 1u);
        EXPECT_EQ(loaded[0].names, (Names{"box:latest"}));
        EXPECT_EQ(MUST(store_.find("box")).id, loaded[0].id);
        EXPECT_EQ(MUST(store_.find("box")).config.execution.cmd, (Names{"sh"}));
        EXPECT_OK(save(store_, {"box"}, form, second));
        EXPECT_EQ(first.text, second.text);
    }
    archive::test::StringWriter nothing;
    EXPECT_ERROR(save(store_, {"nosuch"}, BundleForm::docker, nothing), ENOENT, "nosuch");
    EXPECT_EQ(nothing.text, "");
    EXPECT_EQ(in("staging"), Names());
}

}  // namespace kist::image
