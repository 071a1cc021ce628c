// json_fields.cpp - structs to JSON and back, by their tables of fields; and the text builder.
//
// All types share the code here: a Type says what a member is, and a switch does the rest.  Lists
// and optionals differ only in how an element is made and found, which Items knows.

#include <climits>
#include <cstring>

#include "base/json.h"
#include "base/str.h"
#include "base/string.h"

namespace kist::json {

namespace {

void store(void* value, const void* number, size_t size)
{
    // The low bytes: kist is built for little-endian machines only.
    static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
    memcpy(value, number, size);
}

Result<void> read_integer(const Node& node, size_t size, void* value)
{
    long long number = TRY(node.integer());
    long long most = LLONG_MAX >> (8 * (sizeof number - size));
    if (number > most || number < -most - 1)
        return node.expected("a smaller number");
    store(value, &number, size);
    return {};
}

Result<void> read_natural(const Node& node, size_t size, void* value)
{
    unsigned long long number = TRY(node.natural());
    if (number > ULLONG_MAX >> (8 * (sizeof number - size)))
        return node.expected("a smaller number");
    store(value, &number, size);
    return {};
}

long long load_integer(const void* value, size_t size)
{
    unsigned long long number = 0;
    memcpy(&number, value, size);
    unsigned unused = 8 * static_cast<unsigned>(sizeof number - size);
    return static_cast<long long>(number << unused) >> unused;  // keeps the sign
}

unsigned long long load_natural(const void* value, size_t size)
{
    unsigned long long number = 0;
    memcpy(&number, value, size);
    return number;
}

Result<void> read_items(const Node& node, const Type& type, void* list)
{
    type.items->clear(list);
    if (type.form == Form::maybe)
        return read_value(node, *type.element, type.items->append(list));
    for (const Node& element : TRY(node.elements()))
        TRY(read_value(element, *type.element, type.items->append(list)));
    return {};
}

Result<void> read_map(const Node& node, Map& map)
{
    map.clear();
    for (Member& member : TRY(node.members())) {
        String text = TRY(member.value.text());
        map.emplace_back(std::move(member.name), std::move(text));
    }
    return {};
}

Result<void> read_keys(const Node& node, KeySet& keys)
{
    keys.clear();
    for (Member& member : TRY(node.members()))
        keys.push_back(std::move(member.name));
    return {};
}

Result<void> read_digest(const Node& node, Digest& digest)
{
    String text = TRY(node.text());
    auto parsed = Digest::parse(text);
    if (!parsed)
        return Error(EBADMSG, "%s: %s", node.path().c_str(), parsed.error().message().c_str());
    digest = *parsed;
    return {};
}

// Whether an optional member of this value is left out.
bool is_empty(const Type& type, const void* value)
{
    switch (type.form) {
        case Form::text: return static_cast<const String*>(value)->empty();
        case Form::boolean: return !*static_cast<const bool*>(value);
        case Form::integer:
        case Form::natural: return load_natural(value, type.size) == 0;
        case Form::list:
        case Form::maybe: return type.items->count(value) == 0;
        case Form::map: return static_cast<const Map*>(value)->empty();
        case Form::keys: return static_cast<const KeySet*>(value)->empty();
        case Form::raw: return static_cast<const Raw*>(value)->source.empty();
        case Form::digest: return *static_cast<const Digest*>(value) == Digest();
        case Form::object: break;
    }
    for (const Field& field : type.fields())
        if (field.presence == required ||
            !is_empty(*field.type, field.member(const_cast<void*>(value))))
            return false;
    return true;
}

void write_object(Text& out, std::span<const Field> fields, const void* object)
{
    out.begin('{');
    for (const Field& field : fields) {
        const void* member = field.member(const_cast<void*>(object));
        if (field.presence == optional && is_empty(*field.type, member))
            continue;
        out.name(field.name);
        write_value(out, *field.type, member);
    }
    out.end('}');
}

void write_map(Text& out, const Map& map)
{
    out.begin('{');
    for (auto& [name, text] : map) {
        out.name(name);
        out.text(text);
    }
    out.end('}');
}

void write_keys(Text& out, const KeySet& keys)
{
    out.begin('{');
    for (const String& key : keys) {
        out.name(key);
        out.raw("{}");
    }
    out.end('}');
}

}  // namespace

Result<void> fill(const Node& node, std::span<const Field> fields, void* object)
{
    if (!node.is_object())
        return node.expected("an object");
    for (const Field& field : fields) {
        if (field.presence == optional) {
            if (auto found = node.find(field.name))
                TRY(read_value(*found, *field.type, field.member(object)));
        } else {
            Node found = TRY(node.member(field.name));
            TRY(read_value(found, *field.type, field.member(object)));
        }
    }
    return {};
}

Result<void> read_value(const Node& node, const Type& type, void* value)
{
    switch (type.form) {
        case Form::text: *static_cast<String*>(value) = TRY(node.text()); return {};
        case Form::boolean: *static_cast<bool*>(value) = TRY(node.boolean()); return {};
        case Form::integer: return read_integer(node, type.size, value);
        case Form::natural: return read_natural(node, type.size, value);
        case Form::list:
        case Form::maybe: return read_items(node, type, value);
        case Form::map: return read_map(node, *static_cast<Map*>(value));
        case Form::keys: return read_keys(node, *static_cast<KeySet*>(value));
        case Form::raw: static_cast<Raw*>(value)->source = node.source(); return {};
        case Form::digest: return read_digest(node, *static_cast<Digest*>(value));
        case Form::object: break;
    }
    return fill(node, type.fields(), value);
}

void write_value(Text& out, const Type& type, const void* value)
{
    switch (type.form) {
        case Form::text: return out.text(*static_cast<const String*>(value));
        case Form::boolean: return out.boolean(*static_cast<const bool*>(value));
        case Form::integer: return out.integer(load_integer(value, type.size));
        case Form::natural: return out.natural(load_natural(value, type.size));
        case Form::map: return write_map(out, *static_cast<const Map*>(value));
        case Form::keys: return write_keys(out, *static_cast<const KeySet*>(value));
        case Form::digest: return out.text(static_cast<const Digest*>(value)->text());
        case Form::object: return write_object(out, type.fields(), value);
        case Form::raw: {
            const String& source = static_cast<const Raw*>(value)->source;
            return out.raw(source.empty() ? "null" : source);
        }
        case Form::maybe:
            if (type.items->count(value) == 0)
                return out.null();
            return write_value(out, *type.element, type.items->at(value, 0));
        case Form::list: break;
    }
    out.begin('[');
    for (size_t i = 0; i < type.items->count(value); i++)
        write_value(out, *type.element, type.items->at(value, i));
    out.end(']');
}

void quote_to(String& out, std::string_view text)
{
    auto is_plain = [](char c) { return c >= ' ' && c < 0x7f && c != '"' && c != '\\'; };
    out += '"';
    for (;;) {
        size_t plain = 0;
        while (plain < text.size() && is_plain(text[plain]))
            plain++;
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty())
            break;
        unsigned char c = static_cast<unsigned char>(text[0]);
        size_t length = str::utf8_length(text);
        if (length == 0)
            out += str::format("\\udc%02x", c);
        else if (c == '\n')
            out += "\\n";
        else if (c == '\t')
            out += "\\t";
        else if (c < 0x20 || c == 0x7f)
            out += str::format("\\u%04x", c);
        else if (c == '"' || c == '\\')
            (out += '\\') += text[0];
        else
            out += text.substr(0, length);
        text.remove_prefix(length ? length : 1);
    }
    out += '"';
}

String quote(std::string_view text)
{
    String out;
    quote_to(out, text);
    return out;
}

void Text::break_line()
{
    if (layout_ == Layout::pretty) {
        out_ += '\n';
        out_.append(4 * static_cast<size_t>(depth_), ' ');
    }
}

// Before a name, or a value that has none.
void Text::separate()
{
    if (named_) {
        named_ = false;
        return;
    }
    if (!first_)
        out_ += ',';
    if (depth_ > 0)
        break_line();
    first_ = false;
}

void Text::begin(char bracket)
{
    separate();
    out_ += bracket;
    depth_++;
    first_ = true;
}

void Text::end(char bracket)
{
    depth_--;
    if (!first_)
        break_line();
    out_ += bracket;
    first_ = false;
}

void Text::name(std::string_view name)
{
    separate();
    out_ += quote(name);
    out_ += layout_ == Layout::pretty ? ": " : ":";
    named_ = true;
}

void Text::raw(std::string_view json)
{
    separate();
    out_ += json;
}

void Text::text(std::string_view value)
{
    raw(quote(value));
}

void Text::integer(long long value)
{
    raw(str::format("%lld", value));
}

void Text::natural(unsigned long long value)
{
    raw(str::format("%llu", value));
}

void Text::boolean(bool value)
{
    raw(value ? "true" : "false");
}

void Text::null()
{
    raw("null");
}

Result<void> parse_value(String text, const Type& type, void* value)
{
    Document document = TRY(Document::parse(std::move(text)));
    return read_value(document.root(), type, value);
}

}  // namespace kist::json
