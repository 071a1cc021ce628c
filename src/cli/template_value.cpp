// template_value.cpp - values as templates see them: their truth, their parts and their text.

#include "cli/template_value.h"

#include <cstdlib>

#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::cli {

using json::Kind;

Value::Value() = default;
Value::Value(Kind what, String printed) : kind(what), text(std::move(printed)) {}
Value::Value(const Value& other) = default;
Value::Value(Value&& other) noexcept = default;
Value& Value::operator=(Value&& other) noexcept = default;
Value::~Value() = default;

Value Value::of(const json::Node& node)
{
    Value value(node.kind(), "");
    if (node.is_array() || node.is_object())
        value.node = node;
    else if (!node.is_string())
        value.text = node.is_null() ? "" : node.source();
    else if (auto text = node.text())
        value.text = std::move(*text);
    return value;
}

Value Value::of(String text)
{
    return {Kind::string, std::move(text)};
}

Value Value::of(bool yes)
{
    return {Kind::boolean, yes ? "true" : "false"};
}

Value Value::number(long long value)
{
    return {Kind::number, str::format("%lld", value)};
}

bool Value::truth() const
{
    switch (kind) {
        case Kind::null: return false;
        case Kind::boolean: return text == "true";
        case Kind::number: return text != "0";
        case Kind::string: return !text.empty();
        case Kind::array:
        case Kind::object: return node->source().find_first_not_of("[{ \n}]") != text.npos;
    }
    return false;  // unreachable: -Wswitch keeps the list complete
}

Result<Vector<json::Member>> Value::items() const
{
    Vector<json::Member> items;
    if (kind == Kind::array) {
        for (json::Node& element : TRY(node->elements()))
            items.push_back({"", element});
        return items;
    }
    if (kind != Kind::object)
        return Error(EINVAL, "--format: \"%s\" is neither a list nor a map", print().c_str());
    items = TRY(node->members());
    Vector<const json::Member*> order;
    for (const json::Member& item : items)
        order.push_back(&item);
    if (!order.empty())
        ::qsort(order.data(), order.size(), sizeof order[0], [](const void* a, const void* b) {
            return (*static_cast<const json::Member* const*>(a))
                ->name.compare((*static_cast<const json::Member* const*>(b))->name);
        });
    Vector<json::Member> sorted;
    for (const json::Member* item : order)
        sorted.push_back(*item);
    return sorted;
}

String Value::print() const
{
    if (kind == Kind::null)
        return "<no value>";
    if (!node)
        return text;
    String all = kind == Kind::array ? "[" : "map[";
    bool first = true;
    if (auto parts = items())
        for (const json::Member& part : *parts) {
            all += first ? "" : " ";
            all += (kind == Kind::object ? part.name + ":" : "") + Value::of(part.value).print();
            first = false;
        }
    return all + "]";
}

}  // namespace kist::cli
