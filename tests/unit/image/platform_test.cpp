// platform_test.cpp - platforms are understood and chosen as containerd does.

#include "check.h"
#include "image/config.h"

namespace kist::image {

TEST(Platform, ReadsWhatPeopleWrite)
{
    const struct {
        const char *text, *meaning;
    } kRows[] = {
        {"linux/amd64", "linux/amd64"},
        {"linux/arm/v7", "linux/arm/v7"},
        {"linux/arm", "linux/arm/v7"},
        {"linux/arm64", "linux/arm64/v8"},
        {"aarch64", "linux/arm64/v8"},
        {"x86_64", "linux/amd64"},
        {"armhf", "linux/arm/v7"},
        {"armel", "linux/arm/v6"},
        {"i386", "linux/386"},
        {"Linux/ARM64/V8", "linux/arm64/v8"},
        {"linux/arm/7", "linux/arm/v7"},
        {"linux/amd64/v3", "linux/amd64/v3"},
        {"windows/amd64", "windows/amd64"},
        {"macos/arm64", "darwin/arm64/v8"},
        {"linux/riscv64", "linux/riscv64"},
        {"linux/mips64le", "linux/mips64le"},
        {"linux/amd64/v1", "linux/amd64"},
    };
    for (auto& row : kRows) {
        auto platform = Platform::parse(row.text);
        ASSERT_TRUE(platform) << row.text;
        EXPECT_EQ(platform->text(), row.meaning) << row.text;
    }
    EXPECT_EQ(MUST(Platform::parse("linux")).text(), Platform::host().text());
}

TEST(Platform, RefusesOtherText)
{
    for (const char* text :
         {"", "/", "linux/", "linux//v7", "a/b/c/d", "linux/arm/v7/", "lin ux/arm"})
        EXPECT_ERROR(Platform::parse(text), EINVAL, "is not a platform") << text;
}

TEST(Platform, KnowsThisMachine)
{
    Platform host = Platform::host();
    EXPECT_EQ(host.os, "linux");
#ifdef __x86_64__
    EXPECT_EQ(host.architecture, "amd64");
#endif
    EXPECT_EQ(host.distance(host), 0);
}

TEST(Platform, RunsWhatIsMadeForLesserOnes)
{
    const struct {
        const char *wanted, *image;
        int distance;
    } kRows[] = {
        {"linux/arm/v7", "linux/arm/v7", 0},         {"linux/arm/v7", "linux/arm/v6", 1},
        {"linux/arm/v8", "linux/arm/v5", 3},         {"linux/arm/v6", "linux/arm/v7", -1},
        {"linux/arm64", "linux/arm64", 0},           {"linux/arm64", "linux/arm/v7", -1},
        {"linux/amd64", "linux/amd64/v2", -1},       {"linux/amd64/v3", "linux/amd64", 2},
        {"linux/amd64/v3", "linux/amd64/v2", 1},     {"linux/amd64/v2", "linux/amd64/v3", -1},
        {"linux/amd64", "windows/amd64", -1},        {"linux/amd64", "linux/arm64", -1},
        {"linux/riscv64", "linux/riscv64/rva22", 1},
    };
    for (auto& row : kRows) {
        Platform wanted = MUST(Platform::parse(row.wanted));
        Platform image = MUST(Platform::parse(row.image));
        EXPECT_EQ(wanted.distance(image), row.distance) << row.wanted << " " << row.image;
    }
}

}  // namespace kist::image
