// print_test.cpp - cli/print.h

#include "cli/print.h"

#include "base/string.h"
#include "base/vector.h"
#include "check.h"
#include "cli/say.h"

namespace kist::cli {
namespace {

constexpr Column kColumns[] = {{"Name", "NAME"}, {"Size", "SIZE"}, {"Long", "LONG", false}};
const Vector<Row> kRows = {{"alpine", "5MB", "a\"b"}, {"x", "12kB", ""}};

String printed(const char* format)
{
    testing::internal::CaptureStdout();
    auto done = print_rows(kColumns, kRows, format);
    EXPECT_TRUE(flush());
    String text = kist::test::captured();
    return done ? text : "error: " + done.error().message();
}

TEST(Print, TheDefaultIsATableOfTheDefaultColumns)
{
    EXPECT_EQ(printed(""), "NAME     SIZE\nalpine   5MB\nx        12kB\n");
    EXPECT_EQ(printed("table"), printed(""));
}

TEST(Print, TemplatesTakeFieldsTabsAndJson)
{
    EXPECT_EQ(printed("{{.Name}}:{{ .Size }}"), "alpine:5MB\nx:12kB\n");
    EXPECT_EQ(printed("{{.Name}}\\t{{.Size}}"), "alpine\t5MB\nx\t12kB\n");
    EXPECT_EQ(printed("{{json .Long}}"), "\"a\\\"b\"\n\"\"\n");
    EXPECT_EQ(printed("table {{.Size}}\\t{{.Name}}"), "SIZE   NAME\n5MB    alpine\n12kB   x\n");
    EXPECT_EQ(printed("json"), printed("{{json .}}"));
    EXPECT_EQ(printed("json").substr(0, 42),
              "{\"Name\":\"alpine\",\"Size\":\"5MB\",\"Long\":\"a\\\"b");
}

TEST(Print, WrongTemplatesSayWhatThereIs)
{
    EXPECT_EQ(printed("{{.Nmae}}"), "error: --format: there is no .Nmae");
    EXPECT_EQ(printed("{{.Name"), "error: --format: \"{{.Name\": \"{{\" without \"}}\"");
}

TEST(Print, MethodsShowOneMemberAndAreNoPartOfTheRow)
{
    constexpr Column kLabelled[] = {{"ID", "ID"}, {"Label", "", false, true}};
    const Vector<Row> rows = {{"1", R"({"a":"x"})"}, {"2", "{}"}};
    auto shown = [&](const char* format) {
        testing::internal::CaptureStdout();
        EXPECT_TRUE(print_rows(kLabelled, rows, format));
        EXPECT_TRUE(flush());
        return kist::test::captured();
    };
    EXPECT_EQ(shown("table {{.ID}}\\t{{.Label \"a\"}}"), "ID   a\n1    x\n2\n");
    EXPECT_EQ(shown("{{json .}}"), "{\"ID\":\"1\"}\n{\"ID\":\"2\"}\n");
    EXPECT_EQ(shown("json"), shown("{{json .}}"));
}

TEST(Print, DocumentsAreAListOrATemplateForEach)
{
    auto shown = [](const char* format) {
        testing::internal::CaptureStdout();
        auto done = print_documents({R"({"A":[1,{}],"B":{}})", R"({"A":[],"B":null})"}, format);
        EXPECT_TRUE(flush());
        String text = kist::test::captured();
        return done ? text : "error: " + done.error().message();
    };
    EXPECT_EQ(shown("json"), "[{\"A\":[1,{}],\"B\":{}},{\"A\":[],\"B\":null}]\n");
    EXPECT_EQ(shown("{{len .A}}"), "2\n0\n");
    EXPECT_TRUE(shown("").starts_with("[\n    {\n        \"A\": [\n            1,\n"));
    EXPECT_EQ(shown("{{.C}}"), "error: --format: there is no .C");
}

TEST(Print, SizesAreDecimalWithFourDigits)
{
    const struct {
        unsigned long long bytes;
        const char* text;
    } kSizes[] = {{0, "0B"},
                  {999, "999B"},
                  {1000, "1kB"},
                  {1234, "1.234kB"},
                  {53610000, "53.61MB"},
                  {536100000, "536.1MB"},
                  {7654321000, "7.654GB"}};
    for (auto& row : kSizes)
        EXPECT_EQ(human_size(row.bytes), row.text);
    EXPECT_EQ(binary_size(1023), "1023B");
    EXPECT_EQ(binary_size(1536), "1.5KiB");
    EXPECT_EQ(binary_size(1030000), "1005KiB");
    EXPECT_EQ(binary_size(8222222222), "7.657GiB");
    EXPECT_EQ(binary_size(UINT64_MAX), "16383PiB");
}

}  // namespace
}  // namespace kist::cli
