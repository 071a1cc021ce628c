// template_value.h - what the expressions of a template are computed with: values and functions.

#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"
#include "cli/template.h"

namespace kist::cli {

inline constexpr size_t kMaxText = 8 << 20;  // bytes of a computed text

struct Value {
    // Out of line, as many places hold one.
    Value();
    Value(json::Kind what, String printed);
    Value(const Value& other);
    Value(Value&& other) noexcept;
    Value& operator=(Value&& other) noexcept;
    ~Value();

    json::Kind kind = json::Kind::null;
    String text;                     // of a string, number or boolean, as it prints
    std::optional<json::Node> node;  // of an array or object

    static Value of(const json::Node& node);
    static Value of(String text);
    static Value of(bool yes);
    static Value number(long long value);

    bool truth() const;  // Go's: not null, false, 0, "" and no empty list or map
    String print() const;
    // The elements of an array, or the members of an object sorted by name.  EINVAL: neither.
    Result<Vector<json::Member>> items() const;
};

// What functions work with besides their arguments.
struct Workshop {
    const TemplateData& data;
    Vector<std::unique_ptr<json::Document>> made;  // lists that were computed
};

struct Function {
    const char* name;
    size_t least, most;  // arguments
    Result<Value> (*call)(Workshop& workshop, std::span<Value> arguments, unsigned flavour);
    unsigned flavour = 0;  // which of several functions that are alike
    // "and" and "or": what an argument's truth must be to be the result, the rest unread.
    std::optional<bool> decided_by = {};
};

// EINVAL names those that there are.
Result<const Function*> find_function(std::string_view name);
// .Name "argument": an entry of a map.
Result<Value> call_method(const Value& method, std::span<Value> arguments);

}  // namespace kist::cli
