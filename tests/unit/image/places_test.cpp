// places_test.cpp - flags come before variables, variables before the file, and all before habit.

#include <stdlib.h>
#include <sys/stat.h>

#include "base/string.h"
#include "check.h"
#include "image/places.h"
#include "image/settings.h"
#include "temporary.h"

namespace kist::image {

class PlacesTest : public ::testing::Test {
protected:
    PlacesTest()
    {
        for (const char* name : {"KIST_ROOT", "KIST_STATE", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"})
            ::unsetenv(name);
    }
    ~PlacesTest() override
    {
        for (const char* name : {"KIST_ROOT", "KIST_STATE"})
            ::unsetenv(name);
    }
    test::TemporaryDirectory directory_;
};

TEST_F(PlacesTest, AreTakenFromFlagsThenVariables)
{
    String at = directory_.path();
    ::setenv("KIST_ROOT", (at + "/variable").c_str(), 1);
    ::setenv("KIST_STATE", (at + "/state").c_str(), 1);
    Places places = MUST(find_places(at + "/flag/../root", ""));
    EXPECT_EQ(places.root, at + "/root");
    EXPECT_EQ(places.state, at + "/state");
    EXPECT_EQ(MUST(find_places("", "")).root, at + "/variable");
}

TEST_F(PlacesTest, AreMadeAbsolute)
{
    Places places = MUST(find_places("relative", directory_.path()));
    EXPECT_TRUE(places.root.starts_with('/'));
    EXPECT_TRUE(places.root.ends_with("/relative"));
}

TEST_F(PlacesTest, InTmpMustBePrivate)
{
    String at = "/tmp/kist-test-places-" + kist::test::to_text(::getpid());
    ASSERT_EQ(::mkdir(at.c_str(), 0755), 0);
    EXPECT_ERROR(find_places("/r", at), EPERM, "not a private directory");
    ::chmod(at.c_str(), 0700);
    EXPECT_OK(find_places("/r", at));
    ::rmdir(at.c_str());
}

TEST(Settings, AreLinesOfNamesAndPaths)
{
    Places places = MUST(parse_settings("# ours\n\n root = /data/kist/%U\nstate=/run/x \n", 1000));
    EXPECT_EQ(places.root, "/data/kist/1000");
    EXPECT_EQ(places.state, "/run/x");
    EXPECT_EQ(MUST(parse_settings("", 0)).root, "");
}

TEST(Settings, NameTheLineThatIsWrong)
{
    const struct {
        const char *text, *words;
    } kMistakes[] = {
        {"rooot = /x", "line 1: unknown setting \"rooot\""},
        {"root = /x\n\nstate", "line 3: state needs"},
        {"root = data", "line 1: root needs an absolute path"},
        {"root =", "line 1: root needs"},
        {"= /x", "line 1: unknown setting \"\""},
    };
    for (auto& mistake : kMistakes)
        EXPECT_ERROR(parse_settings(mistake.text, 0), EINVAL, mistake.words);
}

}  // namespace kist::image
