// manifest_test.cpp - manifests and indexes of both families, and what is refused in words.

#include "image/manifest.h"
#include "base/str.h"
#include "base/string.h"
#include "check.h"

namespace kist::image {

namespace {

constexpr char kDigest[] =
    "\"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"";

String manifest(const String& config_type, const String& layer_type, const char* size = "7")
{
    return str::format(R"({"schemaVersion":2,"config":{"mediaType":"%s","digest":%s,"size":2},)"
                       R"("layers":[{"mediaType":"%s","digest":%s,"size":%s}]})",
                       config_type.c_str(), kDigest, layer_type.c_str(), kDigest, size);
}

// One entry per platform; the size tells them apart.
String index(std::initializer_list<const char*> platforms)
{
    String entries;
    int size = 0;
    for (std::string_view platform : platforms) {
        String os(str::cut(platform, '/')), architecture(str::cut(platform, '/'));
        entries += str::format(R"(%s{"digest":%s,"size":%d,)"
                               R"("platform":{"os":"%s","architecture":"%s","variant":"%s"}})",
                               size ? "," : "", kDigest, size, os.c_str(), architecture.c_str(),
                               String(platform).c_str());
        size++;
    }
    return R"({"schemaVersion":2,"manifests":[)" + entries + "]}";
}

constexpr char kOciConfig[] = "application/vnd.oci.image.config.v1+json";
constexpr char kDockerConfig[] = "application/vnd.docker.container.image.v1+json";
constexpr char kOciLayer[] = "application/vnd.oci.image.layer.v1.tar";
constexpr char kDockerLayer[] = "application/vnd.docker.image.rootfs.diff.tar.gzip";
constexpr char kOciManifest[] = "application/vnd.oci.image.manifest.v1+json";
constexpr char kDockerList[] = "application/vnd.docker.distribution.manifest.list.v2+json";

}  // namespace

TEST(Manifest, IsReadInBothFamilies)
{
    for (auto& text : {manifest(kOciConfig, kOciLayer), manifest(kDockerConfig, kDockerLayer),
                       manifest("", ""), manifest(kOciConfig, "application/x-tar")}) {
        Manifest found = MUST(Manifest::parse(text));
        EXPECT_EQ(found.config.size, 2u);
        ASSERT_EQ(found.layers.size(), 1u);
        EXPECT_EQ(found.layers[0].size, 7u);
    }
}

TEST(Manifest, OfOtherThingsIsRefusedInWords)
{
    const struct {
        String text;
        int code;
        const char* words;
    } kRows[] = {
        {manifest("application/vnd.cncf.helm.config.v1+json", ""), EOPNOTSUPP, "helm"},
        {manifest(kOciConfig, "application/vnd.oci.image.layer.v1.tar+zstd"), EOPNOTSUPP, "zstd"},
        {manifest(kDockerConfig, "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"),
         EOPNOTSUPP, "foreign"},
        {manifest(kOciConfig, "application/vnd.oci.image.layer.nondistributable.v1.tar"),
         EOPNOTSUPP, "not kept by the registry"},
        {manifest(kOciConfig, "application/vnd.oci.image.layer.v1.tar+gzip+encrypted"), EOPNOTSUPP,
         "encrypted"},
        {manifest(kOciConfig, kOciLayer, "-1"), EBADMSG, "layers[0].size"},
        {manifest(kOciConfig, kOciLayer, "9000000000000000000"), EBADMSG, "unlikely size"},
        {manifest(kOciConfig, kOciLayer, "1e3"), EBADMSG, "layers[0].size"},
        {"{\"layers\":[]}", EBADMSG, "config"},
        {"", EBADMSG, ""},
    };
    for (auto& row : kRows)
        EXPECT_ERROR(Manifest::parse(row.text), row.code, row.words) << row.text;
}

TEST(Manifest, HasAtMostSoManyLayers)
{
    String layers;
    for (size_t i = 0; i <= kMaxLayers; i++)
        layers += str::format("%s{\"digest\":%s,\"size\":1}", i ? "," : "", kDigest);
    EXPECT_ERROR(Manifest::parse(
                     str::format("{\"config\":{\"digest\":%s,\"size\":1},\"layers\":[", kDigest) +
                     layers + "]}"),
                 EBADMSG, "layers");
}

TEST(Manifest, IsToldFromAnIndexByItsMembers)
{
    EXPECT_FALSE(MUST(is_index(kOciManifest, manifest(kOciConfig, kOciLayer))));
    EXPECT_FALSE(MUST(is_index("", manifest(kOciConfig, kOciLayer))));
    EXPECT_TRUE(MUST(is_index(kDockerList, index({"linux/arm"}))));
    EXPECT_TRUE(MUST(is_index("text/plain", index({"linux/arm"}))));
    EXPECT_ERROR(is_index(kDockerList, manifest(kOciConfig, kOciLayer)), EBADMSG, "claims");
    EXPECT_ERROR(is_index("", R"({"mediaType":")" + String(kDockerList) + R"(","layers":[]})"),
                 EBADMSG, "claims");
    EXPECT_ERROR(is_index("", R"({"manifests":[],"layers":[]})"), EBADMSG, "at once");
    EXPECT_ERROR(is_index("", "{}"), EBADMSG, "neither");
    EXPECT_ERROR(is_index("application/vnd.docker.distribution.manifest.v1+prettyjws", "{}"),
                 EOPNOTSUPP, "schema 1");
    EXPECT_ERROR(is_index("", R"({"schemaVersion":1,"fsLayers":[]})"), EOPNOTSUPP, "schema 1");
}

TEST(Index, GivesTheBestForAPlatform)
{
    const struct {
        std::initializer_list<const char*> offers;
        const char* wanted;
        uint64_t chosen;  // by position
    } kRows[] = {
        {{"linux/amd64", "linux/arm64/v8"}, "linux/arm64", 1},
        {{"linux/arm64", "linux/arm/v5", "linux/arm/v7", "linux/arm/v6"}, "linux/arm/v7", 2},
        {{"linux/arm/v5", "linux/arm/v6"}, "linux/arm/v7", 1},
        {{"linux/arm/v5", "linux/arm/v7"}, "linux/arm/v6", 0},
        {{"unknown/unknown", "linux/amd64/v2", "linux/amd64"}, "linux/amd64", 2},
        {{"linux/amd64", "linux/amd64/v2", "linux/amd64/v4"}, "linux/amd64/v3", 1},
        {{"windows/amd64", "linux/amd64", "linux/amd64"}, "linux/amd64", 1},
    };
    for (auto& row : kRows) {
        Platform wanted = MUST(Platform::parse(row.wanted));
        EXPECT_EQ(MUST(choose(index(row.offers), wanted)).size, row.chosen) << row.wanted;
    }
}

TEST(Index, ListsWhatThereIsWhenNothingFits)
{
    Platform wanted = MUST(Platform::parse("linux/riscv64"));
    auto text = index({"linux/amd64", "linux/arm/v7", "unknown/unknown"});
    EXPECT_ERROR(choose(text, wanted), ENOENT,
                 "no image for linux/riscv64; there are: linux/amd64, linux/arm/v7");
    EXPECT_EQ(choose(text, wanted).error().message().find("unknown"), String::npos);
    EXPECT_ERROR(choose(R"({"manifests":[]})", wanted), ENOENT, "none");
    EXPECT_ERROR(choose(R"({"manifests":[{"digest":"x","size":1}]})", wanted), EBADMSG,
                 "manifests[0].digest");
}

TEST(Index, OfOneUnnamedImageGivesThat)
{
    EXPECT_OK(choose(str::format(R"({"manifests":[{"digest":%s,"size":1}]})", kDigest),
                     Platform::host()));
}

}  // namespace kist::image
