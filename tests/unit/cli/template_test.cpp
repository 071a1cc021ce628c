// template_test.cpp - cli/template.h

#include "cli/template.h"

#include "base/string.h"
#include "check.h"

namespace kist::cli {
namespace {

constexpr const char* kDocument = R"({
    "Name": "/web", "Pid": 42, "Running": true, "Error": "", "Gone": null,
    "State": {"Status": "running", "ExitCode": 0, "Health": null},
    "Args": ["a", "b c", "d"], "None": [],
    "Labels": {"one": "1", "com.two": "zwei", "empty": ""},
    "Mounts": [{"Source": "/x", "RW": true}, {"Source": "/y", "RW": false}]
})";

String rendered(std::string_view text)
{
    auto document = json::Document::parse(kDocument);
    if (!document)
        return document.error().message();
    auto made = render_template(text, {document->root()});
    return made ? *made : "error: " + made.error().message();
}

struct Case {
    const char* text;
    const char* wanted;
};

void expect_all(std::span<const Case> cases)
{
    for (const Case& each : cases)
        EXPECT_EQ(rendered(each.text), each.wanted) << each.text;
}

TEST(Template, FieldsPrintAsGoPrintsThem)
{
    constexpr Case kCases[] = {
        {"plain", "plain"},
        {"", ""},
        {"{{.Name}} {{ .Pid }}{{.Running}}", "/web 42true"},
        {"{{.State.Status}}/{{.State.ExitCode}}", "running/0"},
        {"{{$.Name}}{{(.State).Status}}", "/webrunning"},
        {"{{.Args}} {{.None}}", "[a b c d] []"},
        {"{{.Labels}}", "map[com.two:zwei empty: one:1]"},
        {"{{.Gone}}", "<no value>"},
        {"{{.Labels.one}}{{.Labels.absent}}", "1<no value>"},
        {"{{\"quoted \\\"text\\\"\\n\"}}{{`raw \\n`}}", "quoted \"text\"\nraw \\n"},
        {"a\\tb\\nc\\d", "a\tb\nc\\d"},
        {"{{true}} {{nil}} {{-3}}", "true <no value> -3"},
        {"{ } }} {{.Pid}}", "{ } }} 42"},
    };
    expect_all(kCases);
}

TEST(Template, FunctionsTakeArgumentsAndPipes)
{
    constexpr Case kCases[] = {
        {"{{json .State}}", R"({"Status": "running", "ExitCode": 0, "Health": null})"},
        {"{{json .Name}}{{json .Pid}}{{json .Gone}}{{.Running | json}}", R"("/web"42nulltrue)"},
        {"{{index .Labels \"com.two\"}}{{index .Labels \"no\"}}", "zwei"},
        {"{{index .Args 1}}{{index .Mounts 1 \"Source\"}}", "b c/y"},
        {"{{(index .Mounts 0).Source}}", "/x"},
        {"{{len .Args}}{{len .Labels}}{{len .Name}}{{len .None}}{{len .Gone}}", "33400"},
        {"{{join .Args \", \"}}{{join .None \",\"}}", "a, b c, d"},
        {"{{upper .Name}}{{.Name | lower | upper}}{{title \"big boat\"}}", "/WEB/WEBBig Boat"},
        {"{{index (split \"a:b:c\" \":\") 1}}{{split \"ab\" \"\"}}{{split \"\" \",\"}}",
         "b[a b][]"},
        {"{{printf \"%s|%5d|%-5s|%05d|%q|%v|%x|%%\" .Name .Pid \"ab\" 7 \"q\" .Args 255}}",
         "/web|   42|ab   |00007|\"q\"|[a b c d]|ff|%"},
        {"{{printf \"%.2s\" .Name}}{{.Name | printf \"%s-%s\" \"x\"}}", "/wx-/web"},
        {"{{print 1 2 \"a\" \"b\" 3}}{{println .Pid \"x\"}}", "1 2ab342 x\n"},
        {"{{slice .Name 1}}{{slice .Name 0 2}}{{truncate .Name 3}}{{truncate \"\u00e9\u00e9\" 3}}",
         "web/w/we\u00e9"},
        {"{{pad .Name 1 2}}{{pad \"\" 1 1}}|", " /web  |"},
    };
    expect_all(kCases);
}

TEST(Template, ConditionsCompareAndStopEarly)
{
    constexpr Case kCases[] = {
        {"{{if .Running}}yes{{else}}no{{end}}", "yes"},
        {"{{if .Error}}yes{{else}}no{{end}}", "no"},
        {"{{if .Gone}}1{{else if .None}}2{{else if eq .Pid 42}}3{{else}}4{{end}}", "3"},
        {"{{if .Running}}1{{else if .Nonsense}}2{{end}}", "1"},
        {"{{with .State}}{{.Status}}{{end}}{{with .Gone}}x{{else}}-{{.Pid}}{{end}}", "running-42"},
        {"{{with $s := .State}}{{$s.Status}}{{end}}", "running"},
        {"{{if and .State.Health (eq .State.Health.Status \"healthy\")}}1{{else}}0{{end}}", "0"},
        {"{{or .Error .Name}}{{and .Pid .Name}}{{or .Error .Gone .None}}", "/web/web[]"},
        {"{{eq .Name \"/web\"}}{{eq .Pid 1 2 42}}{{ne .Pid 42}}{{not .Running}}",
         "truetruefalsefalse"},
        {"{{lt 9 10}}{{gt 9 10}}{{le 9 9}}{{ge 8 9}}{{lt \"a\" \"b\"}}", "truefalsetruefalsetrue"},
        {"{{eq .Gone nil}}{{eq .Gone \"x\"}}", "truefalse"},
    };
    expect_all(kCases);
}

TEST(Template, RangesGoOverListsAndMaps)
{
    constexpr Case kCases[] = {
        {"{{range .Args}}<{{.}}>{{end}}", "<a><b c><d>"},
        {"{{range .None}}x{{else}}nothing{{end}}{{range .Gone}}x{{else}}too{{end}}", "nothingtoo"},
        {"{{range .Mounts}}{{.Source}}{{if .RW}}+{{else}}-{{end}}{{else}}none{{end}}", "/x+/y-"},
        {"{{range $i, $a := .Args}}{{$i}}{{$a}}{{end}}", "0a1b c2d"},
        {"{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}", "com.two=zwei;empty=;one=1;"},
        {"{{range $v := .Args}}{{$v}}{{$.Pid}}{{end}}", "a42b c42d42"},
        {"{{range .Args}}{{range $.Mounts}}{{.Source}}{{end}};{{end}}", "/x/y;/x/y;/x/y;"},
        {"{{$n := \"\"}}{{range .Args}}{{$n = printf \"%s%s.\" $n .}}{{end}}{{$n}}", "a.b c.d."},
        {"{{range split \"a,b\" \",\"}}{{.}}{{end}}", "ab"},
    };
    expect_all(kCases);
}

TEST(Template, HyphensTrimAndCommentsVanish)
{
    constexpr Case kCases[] = {
        {"a \n {{- .Pid -}} \n b", "a42b"},
        {"a {{- /* not said }} */ -}} b{{/* x */}}c", "abc"},
        {"{{range .Args -}}\n  {{.}},\n{{- end}}", "a,b c,d,"},
        {"a {{.Pid -}} ", "a 42"},
    };
    expect_all(kCases);
}

TEST(Template, MistakesAreNamed)
{
    constexpr Case kCases[] = {
        {"{{.Nmae}}", "error: --format: there is no .Nmae"},
        {"{{.State.Statsu}}", "error: --format: there is no .Statsu in .State"},
        {"{{range .Mounts}}{{.X}}{{end}}", "error: --format: there is no .X in .Mounts[0]"},
        {"{{.State.Health.Status}}",
         "error: --format: .Status is asked of something that has no value"},
        {"{{.Name.X}}", "error: --format: .X is asked of \"/web\", which has no fields"},
        {"{{.Name", "error: --format: \"{{.Name\": \"{{\" without \"}}\""},
        {"{{.Name]}}", "error: --format: \"{{.Name]}}\": something is wrong before \"}}\""},
        {"{{frobnicate .Name}}", "error: --format: there is no function \"frobnicate\""},
        {"{{if .Error}}{{frobnicate}}{{end}}",
         "error: --format: there is no function \"frobnicate\""},
        {"{{if .Name}}x", "error: --format: \"{{if .Name}}x\": {{end}} is missing"},
        {"x{{end}}",
         "error: --format: \"{{end}}\": there is no if, with or range that this belongs to"},
        {"{{$x}}", "error: --format: \"{{$x}}\": there is no such variable"},
        {"{{$x = 1}}", "error: --format: \"{{$x = 1}}\": there is no such variable"},
        {"{{len}}", "error: --format: \"{{len}}\": too few or too many arguments"},
        {"{{index .Args 7}}", "error: --format: index 7 of a list of 3"},
        {"{{range .Pid}}{{end}}", "error: --format: \"42\" is neither a list nor a map"},
        {"{{eq .Pid .Name}}",
         "error: --format: \"42\" and \"/web\" cannot be compared: they are not alike"},
        {"{{printf \"%d\" .Name}}",
         "error: --format: printf: \"%d\": --format: \"/web\" is no whole "
         "number"},
        {"{{printf \"%s\"}}", "error: --format: printf: nothing is left for \"%s\""},
        {"{{printf \"%9999d\" 1}}", "error: --format: printf: \"%9999d\": more than 1000 wide"},
        {"{{(.Pid}}", "error: --format: \"{{(.Pid}}\": \"(\" without \")\""},
        {"{{\"x}}", "error: --format: \"{{\"x}}\": a quote is never closed"},
        {"{{\"x\\", "error: --format: \"{{\"x\\\": a quote is never closed"},
        {"{{/* x }}", "error: --format: \"{{/* x }}\": a comment is never closed"},
        {"{{}}", "error: --format: \"{{}}\": a field, a function or a value is missing"},
        {"{{", "error: --format: \"{{\": a field, a function or a value is missing"},
        {"{{.Name | }}",
         "error: --format: \"{{.Name | }}\": a field, a function or a value is missing"},
    };
    expect_all(kCases);
    json::Document document = MUST(json::Document::parse(kDocument));
    auto made = render_template("{{.State.X}}", {document.root()});
    EXPECT_EQ(made.error().hint(), "there are Status, ExitCode, Health");
}

TEST(Template, NestingStepsAndOutputAreBounded)
{
    String deep, doubling = "{{$x := \"12345678\"}}", rounds;
    for (int i = 0; i < 200; i++)
        deep += "{{if true}}";
    EXPECT_NE(rendered(deep).find("nested too deeply"), String::npos);
    EXPECT_NE(rendered("{{" + String(200, '(')).find("nested too deeply"), String::npos);
    for (int i = 0; i < 40; i++)
        doubling += "{{$x = printf \"%s%s\" $x $x}}";
    EXPECT_EQ(rendered(doubling), "error: --format: printf makes more than 8 MiB");
    for (int i = 0; i < 15; i++)
        rounds += "{{range $.Args}}";
    for (int i = 0; i < 15; i++)
        rounds += "{{end}}";
    EXPECT_EQ(rendered(rounds), "error: --format: this takes more than 300000 steps");
}

TEST(Template, IsCheckedWithoutADocument)
{
    EXPECT_TRUE(check_template("{{range .Any}}{{.Field.Of.It | upper}}{{else}}{{end}}"));
    EXPECT_ERROR(check_template("{{range .Any}}"), EINVAL, "{{end}} is missing");
    EXPECT_ERROR(check_template("{{if .Any}}{{uper .X}}{{end}}"), EINVAL, "no function \"uper\"");
}

}  // namespace
}  // namespace kist::cli
