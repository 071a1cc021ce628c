// challenge.cpp - reading WWW-Authenticate (RFC 9110, section 11.6.1).
//
// Challenges and their parameters are both separated by commas, so only what follows a word tells
// which it is: "=" makes it a parameter's name, anything else a scheme.  A scheme may be followed
// by one blob that may end in "=" itself (token68) instead of parameters; nothing we know uses it.

#include "base/json.h"
#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "registry/auth.h"

namespace kist::registry {

namespace {

constexpr size_t kMaxReason = 200;

bool is_token(char c)
{
    constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kMarks.find(c) != kMarks.npos;
}

void skip(std::string_view& text, std::string_view what)
{
    size_t end = text.find_first_not_of(what);
    text.remove_prefix(end == text.npos ? text.size() : end);
}

std::string_view take_token(std::string_view& text)
{
    size_t end = 0;
    while (end < text.size() && is_token(text[end]))
        end++;
    std::string_view token = text.substr(0, end);
    text.remove_prefix(end);
    return token;
}

// What stands between quotes, without its backslashes; the opening quote is gone already.
String take_quoted(std::string_view& text)
{
    String value;
    while (!text.empty() && text[0] != '"') {
        if (text[0] == '\\' && text.size() > 1)
            text.remove_prefix(1);
        value += text[0];
        text.remove_prefix(1);
    }
    if (!text.empty())
        text.remove_prefix(1);
    return value;
}

String lower(std::string_view text)
{
    String result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c | 0x20);
    return result;
}

// "=" and a value at the front of `text` (which has no blanks there), as after a parameter's name.
bool is_value_next(std::string_view text)
{
    if (!text.starts_with('='))
        return false;
    text.remove_prefix(1);
    skip(text, " \t");
    return !text.empty() && (text[0] == '"' || is_token(text[0]));
}

// A blob in place of parameters.
void skip_token68(std::string_view& text)
{
    std::string_view rest = text;
    while (!rest.empty() && (is_token(rest[0]) || rest[0] == '/'))
        rest.remove_prefix(1);
    skip(rest, "=");
    skip(rest, " \t");
    if (rest.empty() || rest[0] == ',')
        text = rest;
}

}  // namespace

std::string_view Challenge::parameter(std::string_view name) const
{
    for (auto& [key, value] : parameters)
        if (key == name)
            return value;
    return {};
}

Vector<Challenge> parse_challenges(std::string_view header)
{
    Vector<Challenge> found;
    for (;;) {
        skip(header, " \t,");
        std::string_view word = take_token(header);
        if (word.empty())
            return found;
        std::string_view behind = header;
        skip(behind, " \t");
        if (!found.empty() && is_value_next(behind)) {
            header = behind.substr(1);
            skip(header, " \t");
            String value;
            if (header.starts_with('"')) {
                header.remove_prefix(1);
                value = take_quoted(header);
            } else {
                value = take_token(header);
            }
            if (found.back().parameters.size() < kMaxParameters)
                found.back().parameters.emplace_back(lower(word), std::move(value));
            continue;
        }
        if (found.size() == kMaxChallenges)
            return found;
        found.push_back({lower(word), {}});
        header = behind;
        skip_token68(header);
    }
}

String reason_in(std::string_view body)
{
    auto document = json::Document::parse(String(body));
    if (!document)
        return "";
    json::Node at = document->root();
    if (auto errors = at.find("errors"); errors && errors->is_array()) {
        auto list = errors->elements();
        if (!list || list->empty())
            return "";
        at = list->front();
    }
    for (const char* name : {"message", "error_description", "details", "error", "code"})
        if (auto text = at.find(name); text && text->is_string())
            if (auto value = text->text(); value && !value->empty())
                return str::printable(*value, kMaxReason);
    return "";
}

}  // namespace kist::registry
