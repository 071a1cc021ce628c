// template.cpp - Go's templates, read and carried out in one go.
//
// There is no tree: the cursor runs through the text, and goes back for another round of a range. A
// branch that is not taken is read like any other with `live` false, when expressions are checked
// but nothing is computed; so a mistake is found wherever it stands.

#include "cli/template.h"

#include <algorithm>

#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "cli/template_expression.h"

namespace kist::cli {

namespace {

using json::Kind;

constexpr size_t kMaxSteps = 300'000;    // actions carried out
constexpr size_t kMaxOutput = 16 << 20;  // bytes

// \t and \n, as docker's formats have them.
String unescape(std::string_view text)
{
    String plain;
    for (size_t i = 0; i < text.size(); i++) {
        char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : '\0';
        if (next == 't' || next == 'n')
            plain += next == 't' ? '\t' : '\n', i++;
        else
            plain += text[i];
    }
    return plain;
}

class Machine {
public:
    Machine(std::string_view text, const TemplateData& data, bool live)
        : in_{text, {data, {}}, Value::of(data.root), live}
    {
        in_.variables.push_back({"", in_.dot});
    }

    Result<String> run()
    {
        if (TRY(block(in_.live)) != Stop::text)
            return in_.mistake("there is no if, with or range that this belongs to");
        return std::move(out_);
    }

private:
    enum class Stop { text, otherwise, end };

    Result<void> close();
    Result<void> emit(std::string_view text);
    Result<void> emit_plain(bool trim_end, size_t open);
    Result<void> action();
    Result<void> choose(bool with);
    Result<void> rounds(const Vector<json::Member>& items, const Vector<String>& names, Stop& stop);
    Result<void> repeat();
    Result<void> comment();
    Result<Stop> block(bool live);

    Expressions in_;
    String out_;
    bool trim_start_ = false;  // "-}}" stood before the text to come
    size_t steps_ = 0;
};

// The end of an action.
Result<void> Machine::close()
{
    in_.skip_blanks();
    trim_start_ = in_.take("-}}");
    if (!trim_start_ && !in_.take("}}"))
        return in_.mistake(in_.source.find("}}", in_.at) == in_.source.npos
                               ? "\"{{\" without \"}}\""
                               : "something is wrong before \"}}\"");
    return {};
}

Result<void> Machine::emit(std::string_view text)
{
    if (!in_.live)
        return {};
    if (out_.size() + text.size() > kMaxOutput)
        return Error(E2BIG, "--format: this makes more than %zu MiB", kMaxOutput >> 20);
    out_ += text;
    return {};
}

// What stands outside of braces, up to `open`.
Result<void> Machine::emit_plain(bool trim_end, size_t open)
{
    std::string_view plain =
        in_.source.substr(in_.at, open == in_.source.npos ? open : open - in_.at);
    if (trim_start_)
        plain.remove_prefix(std::min(plain.find_first_not_of(kBlank), plain.size()));
    if (trim_end)
        plain = plain.substr(0, plain.find_last_not_of(kBlank) + 1);
    trim_start_ = false;
    return emit(unescape(plain));
}

Result<void> Machine::action()
{
    bool declares = false;
    Vector<String> names = TRY(in_.declarations(declares));
    Value value = TRY(in_.pipeline());
    TRY(close());
    if (names.empty())
        return in_.live ? emit(value.print()) : Result<void>();
    if (names.size() > 1)
        return in_.mistake("only range sets two variables");
    if (declares)
        in_.variables.push_back({names[0], std::move(value)});
    else if (in_.live)
        in_.find_variable(names[0])->value = std::move(value);
    return {};
}

// {{if}} and {{with}}, up to their end.
Result<void> Machine::choose(bool with)
{
    size_t outer = in_.variables.size();
    bool live = in_.live, chosen = false;
    Stop stop = Stop::otherwise;
    for (bool conditional = true; conditional;) {
        bool declares = false;
        in_.live = live && !chosen;
        Vector<String> names = TRY(in_.declarations(declares));
        Value value = TRY(in_.pipeline());
        TRY(close());
        bool taken = in_.live && value.truth();
        if (!names.empty() && declares)
            in_.variables.push_back({names[0], value});
        Value dot = in_.dot;
        if (with && taken)
            in_.dot = std::move(value);
        stop = TRY(block(taken));
        in_.dot = std::move(dot);
        chosen |= taken;
        if (stop != Stop::otherwise)
            break;
        with = in_.take_keyword("with");
        conditional = with || in_.take_keyword("if");
    }
    if (stop == Stop::otherwise) {
        TRY(close());
        stop = TRY(block(live && !chosen));
    }
    in_.live = live;
    in_.variables.resize(std::min(outer, in_.variables.size()));
    return stop == Stop::end ? Result<void>() : in_.mistake("{{end}} is missing");
}

// The rounds of a range; with no item its text is read over.
Result<void> Machine::rounds(const Vector<json::Member>& items, const Vector<String>& names,
                             Stop& stop)
{
    size_t begin = in_.at, outer = in_.variables.size();
    bool live = in_.live, trim = trim_start_;
    Value dot = in_.dot;
    for (size_t i = 0; i < std::max<size_t>(items.size(), 1); i++) {
        Value key, value;
        if (i < items.size()) {
            value = Value::of(items[i].value);
            key = items[i].name.empty() ? Value::number(static_cast<long long>(i))
                                        : Value::of(items[i].name);
        }
        if (names.size() == 2)
            in_.variables.push_back({names[0], key});
        if (!names.empty())
            in_.variables.push_back({names.back(), value});
        in_.dot = std::move(value);
        in_.at = begin;
        trim_start_ = trim;
        stop = TRY(block(live && i < items.size()));
        in_.variables.resize(std::min(outer, in_.variables.size()));
    }
    in_.dot = std::move(dot);
    return {};
}

Result<void> Machine::repeat()
{
    bool live = in_.live, declares = false;
    Vector<String> names = TRY(in_.declarations(declares));
    Value value = TRY(in_.pipeline());
    TRY(close());
    Vector<json::Member> items;
    if (live && value.kind != Kind::null)
        items = TRY(value.items());
    Stop stop = Stop::text;
    TRY(rounds(items, names, stop));
    if (stop == Stop::otherwise) {
        TRY(close());
        stop = TRY(block(live && items.empty()));
    }
    in_.live = live;
    return stop == Stop::end ? Result<void>() : in_.mistake("{{end}} is missing");
}

Result<void> Machine::comment()
{
    size_t end = in_.source.find("*/", in_.at + 2);
    if (end == in_.source.npos)
        return in_.mistake("a comment is never closed");
    in_.at = end + 2;
    return close();
}

// Carries out what follows up to the end of the block it is in, or the text's.  After "else" the
// cursor is still inside of the braces.
Result<Machine::Stop> Machine::block(bool live)
{
    if (++in_.nesting > kMaxNesting)
        return in_.mistake("nested too deeply");
    for (;;) {
        in_.live = live;
        if (++steps_ > kMaxSteps)
            return Error(E2BIG, "--format: this takes more than %zu steps", kMaxSteps);
        size_t open = in_.source.find("{{", in_.at);
        bool trim = false;
        if (open != in_.source.npos && in_.source.size() - open > 3)
            trim = in_.source[open + 2] == '-' && kBlank.find(in_.source[open + 3]) != kBlank.npos;
        TRY(emit_plain(trim, open));
        in_.nesting -= open == in_.source.npos;
        if (open == in_.source.npos)
            return Stop::text;
        in_.at = open + 2 + trim;
        in_.skip_blanks();
        if (in_.sees("/*")) {
            TRY(comment());
        } else if (in_.take_keyword("end")) {
            in_.nesting--;
            TRY(close());
            return Stop::end;
        } else if (in_.take_keyword("else")) {
            in_.nesting--;
            return Stop::otherwise;
        } else if (in_.take_keyword("if")) {
            TRY(choose(false));
        } else if (in_.take_keyword("with")) {
            TRY(choose(true));
        } else if (in_.take_keyword("range")) {
            TRY(repeat());
        } else {
            TRY(action());
        }
    }
}

}  // namespace

Result<String> render_template(std::string_view text, const TemplateData& data)
{
    return Machine(text, data, true).run();
}

Result<void> check_template(std::string_view text)
{
    json::Document nothing = TRY(json::Document::parse("{}"));
    TRY(Machine(text, {nothing.root()}, false).run());
    return {};
}

}  // namespace kist::cli
