// template_expression.cpp - the expressions of templates: fields, functions, pipelines, variables.

#include "cli/template_expression.h"

#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::cli {

namespace {

using json::Kind;

bool begins_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

}  // namespace

Error Expressions::mistake(const char* what) const
{
    size_t from = source.rfind("{{", at);
    String near = str::printable(source.substr(from == source.npos ? 0 : from), 40);
    return Error(EINVAL, "--format: \"%s\": %s", near.c_str(), what);
}

void Expressions::skip_blanks()
{
    while (at < source.size() && kBlank.find(source[at]) != kBlank.npos)
        at++;
}

bool Expressions::take(std::string_view word)
{
    if (!sees(word))
        return false;
    at += word.size();
    return true;
}

std::string_view Expressions::peek_name(size_t ahead) const
{
    size_t end = at + ahead;
    while (end < source.size() && (begins_name(source[end]) || is_digit(source[end])))
        end++;
    size_t begin = std::min(at + ahead, end);
    bool name = begin < end && begins_name(source[begin]);
    return name ? source.substr(begin, end - begin) : std::string_view();
}

bool Expressions::take_keyword(std::string_view word)
{
    skip_blanks();
    return peek_name() == word && take(word);
}

// A source in "quotes", with escapes, or in `back quotes`, without.
Result<Value> Expressions::string()
{
    char quote = peek();
    String text;
    for (at++; at < source.size() && source[at] != quote; at++) {
        char c = source[at];
        if (c == '\\' && quote == '"' && at + 1 < source.size()) {
            c = peek(1);
            at++;
            c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
        }
        text += c;
    }
    if (!take({&quote, 1}))
        return mistake("a quote is never closed");
    return Value::of(std::move(text));
}

Expressions::Variable* Expressions::find_variable(std::string_view name)
{
    for (size_t i = variables.size(); i-- > 0;)
        if (variables[i].name == name)
            return &variables[i];
    return nullptr;
}

Result<Value> Expressions::field(const Value& value, std::string_view name) const
{
    if (!live)
        return Value();
    String text(name);
    if (value.kind == Kind::null)
        return Error(EINVAL, "--format: .%s is asked of something that has no value", text.c_str())
            .with_hint("ask for it with {{if}} or {{with}} first");
    if (value.kind != Kind::object)
        return Error(EINVAL, "--format: .%s is asked of \"%s\", which has no fields", text.c_str(),
                     str::printable(value.print(), 40).c_str());
    if (auto found = value.node->find(name))
        return Value::of(*found);
    String known;
    bool map = true;
    for (const json::Member& member : TRY(value.node->members())) {
        if (member.name == name)
            return Value();  // it is null
        map = map && (member.name.empty() || member.name[0] < 'A' || member.name[0] > 'Z');
        known += (known.empty() ? "" : ", ") + member.name;
    }
    if (map)
        return Value();
    String path = value.node->path();
    return Error(EINVAL, "--format: there is no .%s%s%s", text.c_str(),
                 path == "top" ? "" : " in .", path == "top" ? "" : path.c_str())
        .with_hint("there are " + known);
}

Result<Value> Expressions::parentheses()
{
    if (++nesting > kMaxNesting)
        return mistake("nested too deeply");
    Value value = TRY(pipeline());
    nesting--;
    skip_blanks();
    if (!take(")"))
        return mistake("\"(\" without \")\"");
    return value;
}

Result<Value> Expressions::term()
{
    char c = peek();
    if (c == '"' || c == '`')
        return string();
    if (is_digit(c) || c == '-') {
        size_t begin = at++;
        while (is_digit(peek()))
            at++;
        return Value(Kind::number, String(source.substr(begin, at - begin)));
    }
    if (c == '.') {
        at += !begins_name(peek(1));  // else it is that of the field that follows
        return dot;
    }
    if (c == '$') {
        std::string_view name = peek_name(1);
        at += 1 + name.size();
        if (Variable* found = find_variable(name))
            return found->value;
        return mistake("there is no such variable");
    }
    if (take("("))
        return parentheses();
    if (take_keyword("true"))
        return Value::of(true);
    if (take_keyword("false"))
        return Value::of(false);
    if (take_keyword("nil"))
        return Value();
    return mistake("a field, a function or a value is missing");
}

Result<Value> Expressions::operand()
{
    Value value = TRY(term());
    while (peek() == '.' && begins_name(peek(1))) {
        std::string_view name = peek_name(1);
        at += 1 + name.size();
        value = TRY(field(value, name));
    }
    return value;
}

bool Expressions::at_operand()
{
    skip_blanks();
    char c = peek();
    return begins_name(c) || is_digit(c) || (c == '-' && is_digit(peek(1))) ||
           (c && std::string_view(".$\"`(").find(c) != std::string_view::npos);
}

Result<Value> Expressions::call(const Function& function, std::span<Value> arguments)
{
    Value value = TRY(function.call(workshop, arguments, function.flavour));
    if (value.text.size() > kMaxText)
        return Error(E2BIG, "--format: %s makes more than %zu MiB", function.name, kMaxText >> 20);
    return value;
}

Result<Value> Expressions::command(std::optional<Value> piped)
{
    skip_blanks();
    std::string_view name = peek_name();
    const Function* function = nullptr;
    Value first;
    if (name.empty() || name == "true" || name == "false" || name == "nil") {
        first = TRY(operand());
    } else {
        function = TRY(find_function(name));
        at += name.size();
    }
    bool computes = live;
    Vector<Value> arguments;
    std::optional<Value> decided;
    while (at_operand()) {
        arguments.push_back(TRY(operand()));
        if (live && function && function->decided_by == arguments.back().truth()) {
            decided = arguments.back();
            live = false;  // the rest is only read
        }
    }
    live = computes;
    if (piped)
        arguments.push_back(std::move(*piped));
    if (function && (arguments.size() < function->least || arguments.size() > function->most))
        return mistake("too few or too many arguments");
    if (!live)
        return Value();
    if (decided)
        return std::move(*decided);
    if (function)
        return call(*function, arguments);
    return arguments.empty() ? std::move(first) : call_method(first, arguments);
}

Result<Value> Expressions::pipeline()
{
    Value value = TRY(command(std::nullopt));
    for (skip_blanks(); take("|"); skip_blanks())
        value = TRY(command(std::move(value)));
    return value;
}

// "$a, $b :=" or "$a =", if that is what follows.
Result<Vector<String>> Expressions::declarations(bool& declares)
{
    size_t begin = at;
    Vector<String> names;
    for (skip_blanks(); peek() == '$'; skip_blanks()) {
        std::string_view name = peek_name(1);
        at += 1 + name.size();
        names.emplace_back(name);
        skip_blanks();
        if (!take(","))
            break;
    }
    declares = take(":=");
    if (!names.empty() && names.size() <= 2 && (declares || take("="))) {
        for (const String& name : names)
            if (name.empty() || (!declares && !find_variable(name)))
                return mistake("there is no such variable");
        return names;
    }
    at = begin;
    names.clear();
    return names;
}

}  // namespace kist::cli
