// template_expression.h - what stands between the braces of a template: expressions, as they are
// read.

#pragma once

#include <optional>
#include <string_view>

#include "base/string.h"
#include "base/vector.h"
#include "cli/template_value.h"

namespace kist::cli {

inline constexpr int kMaxNesting = 50;                 // of blocks and of parentheses
inline constexpr std::string_view kBlank = " \t\r\n";  // what trimming takes away

// A cursor in the text of a template, and what names mean where it stands.  Expressions are
// computed while they are read; with `live` false they are only read.
struct Expressions {
    struct Variable {
        String name;
        Value value;
    };

    std::string_view source;  // the template
    Workshop workshop;
    Value dot;
    bool live = true;
    size_t at = 0;
    int nesting = 0;
    Vector<Variable> variables = {};

    // An error that shows where the cursor is.
    Error mistake(const char* what) const;
    char peek(size_t ahead = 0) const
    {
        return at + ahead < source.size() ? source[at + ahead] : '\0';
    }
    bool sees(std::string_view word) const { return source.substr(at).starts_with(word); }
    void skip_blanks();
    bool take(std::string_view word);
    bool take_keyword(std::string_view word);

    Result<Value> pipeline();
    // The names of "$a, $b :=" or "$a =", if that is what follows.
    Result<Vector<String>> declarations(bool& declares);
    Variable* find_variable(std::string_view name);

private:
    std::string_view peek_name(size_t ahead = 0) const;
    Result<Value> string();
    Result<Value> parentheses();
    Result<Value> term();
    Result<Value> field(const Value& value, std::string_view name) const;
    Result<Value> operand();
    bool at_operand();
    Result<Value> call(const Function& function, std::span<Value> arguments);
    Result<Value> command(std::optional<Value> piped);
};

}  // namespace kist::cli
