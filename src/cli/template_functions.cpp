// template_functions.cpp - values and functions of templates: a row for each function.

#include <algorithm>
#include <cstdlib>

#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "cli/template_value.h"

namespace kist::cli {

namespace {

using json::Kind;
using Arguments = std::span<Value>;

constexpr long long kMaxWidth = 1000;  // of a printf directive

Result<long long> integer_of(const Value& value)
{
    long long number = 0;
    if (value.kind == Kind::number && str::read_integer(value.text, number))
        return number;
    return Error(EINVAL, "--format: \"%s\" is no whole number", value.print().c_str());
}

Result<String> source_of(const Value& value)
{
    switch (value.kind) {
        case Kind::null: return String("null");
        case Kind::boolean:
        case Kind::number: return value.text;
        case Kind::string: return json::quote(value.text);
        case Kind::array:
        case Kind::object: return String(value.node->source());
    }
    return Error(EINVAL, "not a value");  // unreachable: -Wswitch keeps the list complete
}

Result<Value> to_json(Workshop& workshop, Arguments arguments, unsigned)
{
    const Value& value = arguments[0];
    const TemplateData& data = workshop.data;
    if (data.titles)
        return value;
    bool root = value.node && value.node->source().data() == data.root.source().data();
    if (root && !data.whole.empty())
        return Value::of(String(data.whole));
    return Value::of(TRY(source_of(value)));
}

Result<Value> length(Workshop&, Arguments arguments, unsigned)
{
    const Value& value = arguments[0];
    if (value.kind == Kind::string)
        return Value::number(static_cast<long long>(value.text.size()));
    if (value.kind == Kind::null)
        return Value::number(0);
    return Value::number(static_cast<long long>(TRY(value.items()).size()));
}

Result<Value> index_one(const Value& value, const Value& key)
{
    if (value.kind == Kind::object) {
        if (auto found = value.node->find(key.text))
            return Value::of(*found);
        return Value::of(String());  // Go's zero value
    }
    if (value.kind == Kind::null)
        return Value::of(String());
    Vector<json::Member> items = TRY(value.items());
    long long at = TRY(integer_of(key));
    if (at < 0 || at >= static_cast<long long>(items.size()))
        return Error(EINVAL, "--format: index %lld of a list of %zu", at, items.size());
    return Value::of(items[static_cast<size_t>(at)].value);
}

Result<Value> index(Workshop&, Arguments arguments, unsigned)
{
    Value value = arguments[0];
    for (const Value& key : arguments.subspan(1))
        value = TRY(index_one(value, key));
    return value;
}

// slice TEXT FROM [TO]
Result<Value> slice(Workshop&, Arguments arguments, unsigned)
{
    const String& text = arguments[0].text;
    auto size = static_cast<long long>(text.size());
    long long from = arguments.size() > 1 ? TRY(integer_of(arguments[1])) : 0;
    long long to = arguments.size() > 2 ? TRY(integer_of(arguments[2])) : size;
    if (from < 0 || to > size || from > to)
        return Error(EINVAL, "--format: slice %lld to %lld of \"%s\"", from, to, text.c_str());
    return Value::of(text.substr(static_cast<size_t>(from), static_cast<size_t>(to - from)));
}

// truncate TEXT COUNT: at most so many bytes of it, and no part of a character.
Result<Value> truncate(Workshop&, Arguments arguments, unsigned)
{
    long long limit = std::max(TRY(integer_of(arguments[1])), 0LL);
    std::string_view rest = arguments[0].text;
    String text;
    while (!rest.empty()) {
        std::string_view next = rest.substr(0, std::max<size_t>(str::utf8_length(rest), 1));
        if (text.size() + next.size() > static_cast<size_t>(limit))
            break;
        text += next;
        rest.remove_prefix(next.size());
    }
    return Value::of(std::move(text));
}

Result<Value> join(Workshop&, Arguments arguments, unsigned)
{
    if (arguments[0].kind == Kind::string)
        return arguments[0];  // a title, or a list that is a text already
    String text;
    bool first = true;
    if (arguments[0].kind != Kind::null)
        for (const json::Member& item : TRY(arguments[0].items())) {
            text += (first ? "" : arguments[1].text) + Value::of(item.value).print();
            first = false;
            if (text.size() > kMaxText)
                return Value::of(std::move(text));  // refused by who asked for it
        }
    return Value::of(std::move(text));
}

Result<Value> split(Workshop& workshop, Arguments arguments, unsigned)
{
    std::string_view rest = arguments[0].text;
    const String& separator = arguments[1].text;
    json::Text list;
    list.begin('[');
    for (;;) {
        size_t at = separator.empty() ? std::min<size_t>(rest.size(), 1) : rest.find(separator);
        bool last = separator.empty() ? rest.size() <= 1 : at == rest.npos;
        list.text(rest.substr(0, at));
        if (last)
            break;
        rest.remove_prefix(at + separator.size());
    }
    list.end(']');
    workshop.made.push_back(std::make_unique<json::Document>(
        TRY(json::Document::parse(std::move(list).take()), "--format: split")));
    return Value::of(workshop.made.back()->root());
}

// Letters of ASCII only, as everything that is listed has them.
enum Letters : unsigned { kUpper, kLower, kTitle };
Result<Value> in_letters(Workshop&, Arguments arguments, unsigned form)
{
    String text = arguments[0].print();
    bool begins = true;
    for (char& c : text) {
        bool small = c >= 'a' && c <= 'z', large = c >= 'A' && c <= 'Z';
        if ((small && (form == kUpper || (form == kTitle && begins))) || (large && form == kLower))
            c ^= 0x20;
        begins = c == ' ';
    }
    return Value::of(std::move(text));
}

// pad TEXT BEFORE AFTER: blanks around a text that is not empty.
Result<Value> pad(Workshop&, Arguments arguments, unsigned)
{
    long long before = TRY(integer_of(arguments[1])), after = TRY(integer_of(arguments[2]));
    if (before < 0 || after < 0 || before > kMaxWidth || after > kMaxWidth)
        return Error(EINVAL, "--format: pad takes from 0 to %lld blanks", kMaxWidth);
    if (arguments[0].text.empty())
        return arguments[0];
    return Value::of(String(static_cast<size_t>(before), ' ') + arguments[0].text +
                     String(static_cast<size_t>(after), ' '));
}

// Blanks stand where Go puts them: everywhere with println, else between two that are no strings.
Result<Value> print(Workshop&, Arguments arguments, unsigned line)
{
    String text;
    for (size_t i = 0; i < arguments.size(); i++) {
        bool strings =
            i > 0 && (arguments[i].kind == Kind::string || arguments[i - 1].kind == Kind::string);
        text += i > 0 && (line || !strings) ? " " : "";
        text += arguments[i].print();
    }
    return Value::of(text + (line ? "\n" : ""));
}

// One directive of printf: "-10s" behind its "%", with `value`.
Result<String> print_directive(std::string_view directive, const Value& value)
{
    char verb = directive.back();
    std::string_view rest = directive.substr(0, directive.size() - 1);
    bool left = false, zero = false;
    for (; !rest.empty() && std::string_view("-0+ #").find(rest[0]) != rest.npos;
         rest.remove_prefix(1)) {
        left |= rest[0] == '-';
        zero |= rest[0] == '0';
    }
    std::string_view width = str::cut(rest, '.');
    long long columns = width.empty() ? 0 : TRY(str::to_integer(width));
    long long precision = rest.empty() ? -1 : TRY(str::to_integer(rest));
    if (columns > kMaxWidth || precision > kMaxWidth)
        return Error(EINVAL, "more than %lld wide", kMaxWidth);

    String text = value.print();
    if (verb == 'd' || verb == 'x')
        text = str::format(verb == 'd' ? "%lld" : "%llx", TRY(integer_of(value)));
    else if (verb == 'q')
        text = json::quote(text);
    else if (verb != 's' && verb != 'v' && verb != 't')
        return Error(EINVAL, "there are %%s, %%d, %%v, %%q, %%t, %%x and %%%%");
    if (precision >= 0 && verb == 's')
        text = text.substr(0, static_cast<size_t>(precision));
    size_t wide = 0;
    for (char c : text)
        wide += (c & 0xc0) != 0x80;
    size_t missing = columns > static_cast<long long>(wide) ? size_t(columns) - wide : 0;
    if (left)
        return text + String(missing, ' ');
    return String(missing, zero && verb == 'd' ? '0' : ' ') + text;
}

Result<Value> printf(Workshop&, Arguments arguments, unsigned)
{
    std::string_view format = arguments[0].text;
    String text;
    size_t next = 1;
    while (!format.empty()) {
        text += str::cut(format, '%');
        if (format.empty())
            break;
        size_t end = format.find_first_not_of("-0+ #.123456789");
        std::string_view directive = format.substr(0, end == format.npos ? end : end + 1);
        format.remove_prefix(directive.size());
        if (directive == "%") {
            text += '%';
            continue;
        }
        if (next == arguments.size())
            return Error(EINVAL, "--format: printf: nothing is left for \"%%%.*s\"",
                         int(directive.size()), directive.data());
        text += TRY(print_directive(directive, arguments[next++]), "--format: printf: \"%%%.*s\"",
                    int(directive.size()), directive.data());
    }
    if (next < arguments.size())
        return Error(EINVAL, "--format: printf: too many arguments");
    return Value::of(std::move(text));
}

// Less than 0, 0, or more; whole numbers by size, texts by their bytes.
Result<int> compare(const Value& a, const Value& b)
{
    if (a.kind == Kind::number && b.kind == Kind::number) {
        long long left = TRY(integer_of(a)), right = TRY(integer_of(b));
        return (left > right) - (left < right);
    }
    if (a.kind != b.kind && a.kind != Kind::null && b.kind != Kind::null)
        return Error(EINVAL, "--format: \"%s\" and \"%s\" cannot be compared: they are not alike",
                     a.print().c_str(), b.print().c_str());
    return a.kind != b.kind ? 1 : a.print().compare(b.print());
}

Result<Value> equal(Workshop&, Arguments arguments, unsigned)
{
    for (const Value& other : arguments.subspan(1))
        if (TRY(compare(arguments[0], other)) == 0)
            return Value::of(true);
    return Value::of(false);
}
// Whether the first is one of these to the second.
enum Order : unsigned { kLess = 1, kSame = 2, kMore = 4 };
Result<Value> ordered(Workshop&, Arguments arguments, unsigned wanted)
{
    int order = TRY(compare(arguments[0], arguments[1]));
    return Value::of((wanted & (order < 0 ? kLess : order > 0 ? kMore : kSame)) != 0);
}
Result<Value> negate(Workshop&, Arguments arguments, unsigned)
{
    return Value::of(!arguments[0].truth());
}
Result<Value> last(Workshop&, Arguments arguments, unsigned)
{
    return arguments.back();
}

constexpr size_t kAny = 16;

// clang-format off
constexpr Function kFunctions[] = {
    {"and",      1, kAny, last, 0, false},
    {"eq",       2, kAny, equal},
    {"ge",       2, 2,    ordered, kMore | kSame},
    {"gt",       2, 2,    ordered, kMore},
    {"index",    1, kAny, index},
    {"join",     2, 2,    join},
    {"json",     1, 1,    to_json},
    {"le",       2, 2,    ordered, kLess | kSame},
    {"len",      1, 1,    length},
    {"lower",    1, 1,    in_letters, kLower},
    {"lt",       2, 2,    ordered, kLess},
    {"ne",       2, 2,    ordered, kLess | kMore},
    {"not",      1, 1,    negate},
    {"or",       1, kAny, last, 0, true},
    {"pad",      3, 3,    pad},
    {"print",    0, kAny, print},
    {"printf",   1, kAny, printf},
    {"println",  0, kAny, print, true},
    {"slice",    1, 3,    slice},
    {"split",    2, 2,    split},
    {"title",    1, 1,    in_letters, kTitle},
    {"truncate", 2, 2,    truncate},
    {"upper",    1, 1,    in_letters, kUpper},
};
// clang-format on

}  // namespace

Result<const Function*> find_function(std::string_view name)
{
    for (const Function& function : kFunctions)
        if (name == function.name)
            return &function;
    String names;
    for (const Function& function : kFunctions)
        names += (names.empty() ? "" : ", ") + String(function.name);
    return Error(EINVAL, "--format: there is no function \"%.*s\"", int(name.size()), name.data())
        .with_hint("there are " + names);
}

Result<Value> call_method(const Value& method, Arguments arguments)
{
    if (method.kind == Kind::string && arguments.size() == 1)
        return arguments[0];  // the title of a column that is a method
    if (method.kind != Kind::object || arguments.size() != 1)
        return Error(EINVAL, "--format: \"%s\" takes no arguments", method.print().c_str());
    return index_one(method, arguments[0]);
}

}  // namespace kist::cli
