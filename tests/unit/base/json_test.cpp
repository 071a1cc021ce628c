// json_test.cpp - base/json.h

#include "base/json.h"
#include "base/string.h"
#include "base/vector.h"

#include <cstdlib>

#include "base/fs.h"
#include "check.h"

namespace kist {
namespace {

struct Platform {
    String os;
    String variant;
};
constexpr json::Field kPlatform[] = {
    json::field<&Platform::os>("os"),
    json::field<&Platform::variant>("variant", json::optional),
};
std::span<const json::Field> fields_of(const Platform*)
{
    return kPlatform;
}

struct Layer {
    String digest;
    uint64_t size = 0;
    Vector<String> urls;
    std::optional<Platform> platform;
    json::Map annotations;
};
constexpr json::Field kLayer[] = {
    json::field<&Layer::digest>("digest"),
    json::field<&Layer::size>("size"),
    json::field<&Layer::urls>("urls", json::optional),
    json::field<&Layer::platform>("platform", json::optional),
    json::field<&Layer::annotations>("annotations", json::optional),
};
std::span<const json::Field> fields_of(const Layer*)
{
    return kLayer;
}

struct Everything {
    bool flag = false;
    int small = 0;
    int64_t large = 0;
    unsigned count = 0;
    uint64_t huge = 0;
    uint16_t port = 0;
    std::optional<int> maybe;
    Vector<Layer> layers;
    Vector<Vector<int>> grid;
    json::KeySet volumes;
    json::Raw other;
    std::optional<Digest> digest;
    Platform platform;
};
constexpr json::Field kEverything[] = {
    json::field<&Everything::flag>("flag", json::optional),
    json::field<&Everything::small>("small", json::optional),
    json::field<&Everything::large>("large", json::optional),
    json::field<&Everything::count>("count", json::optional),
    json::field<&Everything::huge>("huge", json::optional),
    json::field<&Everything::port>("port", json::optional),
    json::field<&Everything::maybe>("maybe", json::optional),
    json::field<&Everything::layers>("layers", json::optional),
    json::field<&Everything::grid>("grid", json::optional),
    json::field<&Everything::volumes>("volumes", json::optional),
    json::field<&Everything::other>("other", json::optional),
    json::field<&Everything::digest>("digest", json::optional),
    json::field<&Everything::platform>("platform", json::optional),
};
std::span<const json::Field> fields_of(const Everything*)
{
    return kEverything;
}

// The text of the one string in ["..."].
Result<String> first_text(String json)
{
    json::Document document = TRY(json::Document::parse(std::move(json)));
    return TRY(document.root().elements())[0].text();
}

TEST(Json, ATableFillsAStruct)
{
    auto layer = MUST(json::parse<Layer>(
        R"({"digest": "sha256:1", "size": 7, "urls": ["u", "v"], "unknown": [{}],
            "platform": {"os": "linux"}, "annotations": {"b": "1", "a": "2"}})"));
    EXPECT_EQ(layer.digest, "sha256:1");
    EXPECT_EQ(layer.size, 7u);
    EXPECT_EQ(layer.urls, (Vector<String>{"u", "v"}));
    EXPECT_EQ(layer.platform->os, "linux");
    EXPECT_EQ(layer.annotations, (json::Map{{"b", "1"}, {"a", "2"}}));
}

TEST(Json, ErrorsSayWhere)
{
    const struct {
        const char* text;
        const char* message;
    } kMistakes[] = {
        {R"({"layers": [{"digest": "a", "size": 1}, {"digest": 5, "size": 1}]})",
         "layers[1].digest: expected a string"},
        {R"({"layers": [{"size": 1}]})", "layers[0]: missing \"digest\""},
        {R"({"layers": [{"digest": null, "size": 1}]})", "layers[0]: missing \"digest\""},
        {R"({"layers": {"digest": "a"}})", "layers: expected an array"},
        {R"({"layers": [[]]})", "layers[0]: expected an object"},
        {R"({"grid": [[1, 2], [3, "4"]]})", "grid[1][1]: expected a whole number"},
        {R"({"platform": "linux"})", "platform: expected an object"},
        {R"({"flag": 1})", "flag: expected true or false"},
        {R"({"digest": "sha256:12"})", "digest: "},
        {R"([])", "top: expected an object"},
        {R"({"platform": {"os": "a\u0000b"}})", "platform.os: expected a string without U+0000"},
    };
    for (auto& mistake : kMistakes) {
        auto result = json::parse<Everything>(mistake.text);
        ASSERT_FALSE(result) << mistake.text;
        EXPECT_NE(result.error().message().find(mistake.message), String::npos)
            << result.error().message();
    }
}

TEST(Json, NumbersMustFitTheirMember)
{
    auto good = MUST(json::parse<Everything>(
        R"({"small": -2147483648, "large": -9223372036854775808, "count": 4294967295,
            "huge": 18446744073709551615, "port": 65535, "maybe": 0})"));
    EXPECT_EQ(good.small, INT32_MIN);
    EXPECT_EQ(good.large, INT64_MIN);
    EXPECT_EQ(good.count, UINT32_MAX);
    EXPECT_EQ(good.huge, UINT64_MAX);
    EXPECT_EQ(good.port, 65535);
    EXPECT_EQ(good.maybe, 0);

    for (const char* text :
         {R"({"small": 2147483648})", R"({"small": -2147483649})",
          R"({"large": 9223372036854775808})", R"({"count": 4294967296})", R"({"count": -1})",
          R"({"huge": 18446744073709551616})", R"({"port": 65536})", R"({"small": 1.0})",
          R"({"small": 1e2})", R"({"huge": "1"})"})
        EXPECT_FALSE(json::parse<Everything>(text)) << text;
}

TEST(Json, NullAndMissingLeaveAnOptionalFieldAsItWas)
{
    Everything object;
    object.small = 5;
    object.layers.resize(2);
    auto document = MUST(json::Document::parse(R"({"small": null, "layers": null, "port": 1})"));
    EXPECT_OK(json::read(document.root(), object));
    EXPECT_EQ(object.small, 5);
    EXPECT_EQ(object.layers.size(), 2u);
    EXPECT_EQ(object.port, 1);
}

TEST(Json, TheLastOfTwoMembersOfOneNameCounts)
{
    auto object = MUST(
        json::parse<Everything>(R"({"grid": [[1]], "small": 1, "grid": [[2, 3]], "small": 2})"));
    EXPECT_EQ(object.small, 2);
    EXPECT_EQ(object.grid, (Vector<Vector<int>>{{2, 3}}));
}

TEST(Json, EscapesAreDecoded)
{
    const struct {
        const char* json;
        const char* text;
    } kRows[] = {
        {R"(["\"\\\/\b\f\n\r\t"])", "\"\\/\b\f\n\r\t"},
        {R"(["\u0041\u00e9\u20ac\ud83d\ude00z"])", "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z"},
        {R"(["\ud83d"])", "\xef\xbf\xbd"},
        {R"(["\ud83dx"])", "\xef\xbf\xbdx"},
        {R"(["\ud83d\u0041"])", "\xef\xbf\xbd\x41"},
        {R"(["\ude00"])", "\xef\xbf\xbd"},
        {R"(["\udce5"])", "\xe5"},
        {"[\"a\xe5\"]", "a\xe5"},
    };
    for (auto& row : kRows)
        EXPECT_EQ(MUST(first_text(row.json)), row.text) << row.json;
    EXPECT_ERROR(first_text(R"(["\u0000"])"), EBADMSG, "U+0000");
}

TEST(Json, NamesAreFoundWhenTheyAreEscaped)
{
    auto object = MUST(json::parse<Everything>(R"({"sm\u0061ll": 3})"));
    EXPECT_EQ(object.small, 3);
}

TEST(Json, BytesThatAreNotUtf8SurviveWritingAndReading)
{
    for (String bytes :
         {"\xff", "a\xc3", "\xe2\x82", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80",
          "\xf4\x90\x80\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xc3\xa9\xff\xc3"}) {
        String json = "[" + json::quote(bytes) + "]";
        EXPECT_EQ(MUST(first_text(json)), bytes) << json;
    }
    EXPECT_EQ(json::quote("\xc3\xa9\xff"), "\"\xc3\xa9\\udcff\"");
    EXPECT_EQ(json::quote("\xf4\x8f\xbf\xbf\xee\x80\x80"), "\"\xf4\x8f\xbf\xbf\xee\x80\x80\"");
}

TEST(Json, BytesMayHoldZero)
{
    auto document = MUST(json::Document::parse(R"(["a\u0000b", 1])"));
    Vector<json::Node> items = MUST(document.root().elements());
    EXPECT_EQ(MUST(items[0].bytes()), String("a\0b", 3));
    EXPECT_ERROR(items[0].text(), EBADMSG, "a string without U+0000");
    EXPECT_ERROR(items[1].bytes(), EBADMSG, "[1]: expected a string");
}

TEST(Json, WhatIsWrittenIsReadBack)
{
    Everything object;
    object.flag = true;
    object.small = -7;
    object.large = INT64_MIN;
    object.huge = UINT64_MAX;
    object.maybe = 0;
    object.layers.push_back({"d", 1, {"u"}, Platform{"linux", "v8"}, {{"k", "quote \" \n \x01"}}});
    object.grid = {{}, {-1}};
    object.volumes = {"/data", "/log"};
    object.other.source = R"({"x": [1.5]})";
    object.digest = Digest::of("abc");

    String text = json::write(object);
    EXPECT_EQ(text,
              R"({"flag":true,"small":-7,"large":-9223372036854775808,"huge":18446744073709551615,)"
              R"("maybe":0,"layers":[{"digest":"d","size":1,"urls":["u"],)"
              R"("platform":{"os":"linux","variant":"v8"},)"
              R"("annotations":{"k":"quote \" \n \u0001"}}],"grid":[[],[-1]],)"
              R"("volumes":{"/data":{},"/log":{}},"other":{"x": [1.5]},"digest":")" +
                  Digest::of("abc").text() + R"(","platform":{"os":""}})");
    auto again = MUST(json::parse<Everything>(text));
    EXPECT_EQ(json::write(again), text);
}

TEST(Json, PrettyIndentsByFourSpaces)
{
    Layer layer{"d", 1, {"u", "v"}, {}, {}};
    EXPECT_EQ(json::write(layer, json::Layout::pretty),
              "{\n    \"digest\": \"d\",\n    \"size\": 1,\n    \"urls\": [\n        \"u\",\n"
              "        \"v\"\n    ]\n}");

    json::Text out(json::Layout::pretty);
    out.begin('[');
    out.begin('{');
    out.end('}');
    out.object(Vector<int>());
    out.null();
    out.end(']');
    EXPECT_EQ(std::move(out).take(), "[\n    {},\n    [],\n    null\n]");
}

TEST(Json, NodesKnowTheirKindSourceAndMembers)
{
    auto document = MUST(json::Document::parse(
        R"( {"a": [ ], "b": {"c":null}, "d": "x\"", "e": -0.5e+3, "f": false} )"));
    auto members = MUST(document.root().members());
    ASSERT_EQ(members.size(), 5u);
    const struct {
        const char* name;
        const char* source;
        json::Kind kind;
    } kRows[] = {
        {"a", "[ ]", json::Kind::array},       {"b", R"({"c":null})", json::Kind::object},
        {"d", R"("x\"")", json::Kind::string}, {"e", "-0.5e+3", json::Kind::number},
        {"f", "false", json::Kind::boolean},
    };
    for (size_t i = 0; i < members.size(); i++) {
        EXPECT_EQ(members[i].name, kRows[i].name);
        EXPECT_EQ(members[i].value.source(), kRows[i].source);
        EXPECT_EQ(members[i].value.kind(), kRows[i].kind);
        EXPECT_EQ(members[i].value.path(), kRows[i].name);
    }
    EXPECT_FALSE(members[1].value.has("c"));
    EXPECT_FALSE(members[0].value.has("c"));
}

TEST(Json, ADocumentMayBeMoved)
{
    auto first = MUST(json::Document::parse("[1]"));
    json::Document second = std::move(first);
    auto elements = MUST(second.root().elements());
    EXPECT_EQ(MUST(elements[0].integer()), 1);
}

TEST(Json, MistakesAreShownByLineAndColumn)
{
    const struct {
        const char* text;
        const char* message;
    } kMistakes[] = {
        {"", "line 1"},
        {"{\n  \"a\": 1,\n  \"b\" 2\n}", "line 3, column 7"},
        {"[1 2]", "line 1, column 4"},
        {"[1,]", "line 1, column 3"},
        {"{\"a\":1,}", "line 1, column 7"},
        {"[01]", "column 2"},
        {"{\"a\"}", "column 5"},
        {"[\"a\":1]", "column 5"},
        {"{\"a\":1 2}", "column 8"},
        {"1 2", "column 3"},
        {"[", "line 1"},
        {"{\"a\":\"b", "line 1"},
    };
    for (auto& mistake : kMistakes) {
        auto result = json::Document::parse(mistake.text);
        EXPECT_ERROR(result, EBADMSG, mistake.message) << mistake.text;
    }
}

TEST(Json, LimitsHold)
{
    EXPECT_ERROR(json::Document::parse(String(json::kMaxBytes + 1, ' ')), E2BIG, "bytes");
    String many = "[0";
    for (size_t i = 0; i < json::kMaxTokens; i++)
        many += ",0";
    EXPECT_ERROR(json::Document::parse(many + "]"), E2BIG, "values");
    String deep(json::kMaxDepth, '['), end(json::kMaxDepth, ']');
    EXPECT_OK(json::Document::parse(deep + end));
    EXPECT_ERROR(json::Document::parse("[" + deep + end + "]"), E2BIG, "deep");
    EXPECT_FALSE(json::Document::parse(String(100'000, '[')));
}

TEST(Json, LargeDocumentsAreReadInLinearTime)
{
    String text = "{";
    for (int i = 0; i < 30'000; i++)
        text += "\"k" + kist::test::to_text(i) + "\":[\"v\"],";
    auto document = MUST(json::Document::parse(text + "\"last\":1}"));
    EXPECT_TRUE(document.root().has("last"));
    EXPECT_EQ(MUST(document.root().members()).size(), 30'001u);
}

// JSONTestSuite: y_ must be accepted, n_ refused, i_ either.
TEST(Json, ConformsToTheTestSuite)
{
    const char* place = getenv("KIST_JSON_DATA");
    if (!place)
        GTEST_SKIP() << "KIST_JSON_DATA does not point to JSONTestSuite's files";
    Fd directory = MUST(sys::open(place, O_RDONLY | O_DIRECTORY));
    int seen = 0;
    for (const String& name : MUST(fs::list(directory))) {
        if (!name.ends_with(".json"))
            continue;
        String text = MUST(fs::read(directory, name));
        auto result = json::Document::parse(text);
        bool wrong = (name.starts_with("y_") && !result) || (name.starts_with("n_") && result);
        EXPECT_FALSE(wrong) << name;
        seen++;
    }
    EXPECT_GT(seen, 300);
}

}  // namespace
}  // namespace kist
