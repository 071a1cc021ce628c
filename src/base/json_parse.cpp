// json_parse.cpp - from text to tokens, over the jsmn tokenizer.
//
// jsmn finds where values begin and end, but takes some text that is not JSON ("[1 2]", "{"a"}",
// "+1").  Checker walks its tokens once more, in the order of the text: between one token and the
// next there may be nothing but blanks and the one punctuation that belongs there, and each scalar
// is held against its grammar.  On the way it notes where each value ends in the token list, so
// that whoever looks for a member steps over the values between.

#define JSMN_PARENT_LINKS
#define JSMN_STATIC
#define JSMN_STRICT
#include <jsmn.h>

#include "base/json.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::json {

namespace {

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool is_hex(char c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// RFC 8259 section 6.
bool is_number(std::string_view text)
{
    auto skip_digits = [&text] {
        size_t count = 0;
        while (count < text.size() && is_digit(text[count]))
            count++;
        text.remove_prefix(count);
        return count > 0;
    };
    if (text.starts_with('-'))
        text.remove_prefix(1);
    if (text.starts_with('0'))
        text.remove_prefix(1);
    else if (!skip_digits())
        return false;
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        if (!skip_digits())
            return false;
    }
    if (text.starts_with('e') || text.starts_with('E')) {
        text.remove_prefix(1);
        if (text.starts_with('+') || text.starts_with('-'))
            text.remove_prefix(1);
        if (!skip_digits())
            return false;
    }
    return text.empty();
}

// RFC 8259 section 7; `text` is what stands between the quotes.
bool is_string(std::string_view text)
{
    for (size_t i = 0; i < text.size(); i++) {
        if (static_cast<unsigned char>(text[i]) < 0x20)
            return false;
        if (text[i] != '\\')
            continue;
        if (++i == text.size())
            return false;
        if (text[i] != 'u') {
            if (std::string_view("\"\\/bfnrt").find(text[i]) == std::string_view::npos)
                return false;
            continue;
        }
        for (int digit = 0; digit < 4; digit++)
            if (++i == text.size() || !is_hex(text[i]))
                return false;
    }
    return true;
}

// What a primitive of jsmn's is; number stands for all that is none of the words.
Kind kind_of(const jsmntok_t& token, char first)
{
    switch (token.type) {
        case JSMN_OBJECT: return Kind::object;
        case JSMN_ARRAY: return Kind::array;
        case JSMN_STRING: return Kind::string;
        default: break;
    }
    return first == 'n' ? Kind::null : first == 't' || first == 'f' ? Kind::boolean : Kind::number;
}

class Checker {
public:
    Checker(std::string_view text, Vector<Token>& tokens) : text_(text), tokens_(tokens) {}

    // False when the text is not JSON; at() is where that shows.
    bool run()
    {
        for (size_t i = 0; i < tokens_.size(); i++)
            if (!close_until(i) || !enter(i))
                return false;
        return close_until(tokens_.size()) && !awaits_value_ && open_ < 0 && at_ == text_.size();
    }
    size_t at() const { return at_; }
    bool too_deep() const { return depth_ > kMaxDepth; }

private:
    Token& token(int index) { return tokens_[static_cast<size_t>(index)]; }

    void skip_blanks()
    {
        while (at_ < text_.size() && is_blank(text_[at_]))
            at_++;
    }

    // Leaves the containers that end before token `index` begins.
    bool close_until(size_t index)
    {
        skip_blanks();
        while (open_ >= 0 && at_ + 1 == static_cast<size_t>(token(open_).end)) {
            if (awaits_value_)
                return false;
            token(open_).next = static_cast<int>(index);
            open_ = token(open_).parent;
            if (open_ >= 0 && token(open_).kind == Kind::string)
                open_ = token(open_).parent;
            depth_--;
            at_++;
            skip_blanks();
        }
        return true;
    }

    bool punctuation(char wanted)
    {
        if (at_ >= text_.size() || text_[at_] != wanted)
            return false;
        at_++;
        skip_blanks();
        return true;
    }

    // What must stand before token `index`: a colon before the value of a name, a comma before
    // all but the first in a container, and nothing before the one at the top.
    bool lead_in(int index)
    {
        if (awaits_value_)
            return token(index).parent == index - 1 && punctuation(':');
        if (token(index).parent != open_ || (open_ < 0 && index > 0))
            return false;
        return index == open_ + 1 || punctuation(',');
    }

    // Comes to token `index` and past it; into it, when it is a container.
    bool enter(size_t index)
    {
        Token& here = tokens_[index];
        bool is_name = !awaits_value_ && open_ >= 0 && token(open_).kind == Kind::object;
        bool is_text = here.kind == Kind::string;
        if (!lead_in(static_cast<int>(index)) || (is_name && !is_text) ||
            at_ + is_text != static_cast<size_t>(here.start))
            return false;
        awaits_value_ = is_name;
        here.next = static_cast<int>(index) + 1;
        if (here.kind == Kind::object || here.kind == Kind::array) {
            open_ = static_cast<int>(index);
            at_++;
            return ++depth_ <= kMaxDepth;
        }
        if (!scalar(here))
            return false;
        at_ = static_cast<size_t>(here.end) + is_text;
        return true;
    }

    bool scalar(const Token& here) const
    {
        std::string_view value = text_.substr(static_cast<size_t>(here.start),
                                              static_cast<size_t>(here.end - here.start));
        if (here.kind == Kind::string)
            return is_string(value);
        return value == "true" || value == "false" || value == "null" || is_number(value);
    }

    std::string_view text_;
    Vector<Token>& tokens_;
    size_t at_ = 0;
    int open_ = -1;  // the innermost container
    int depth_ = 0;
    bool awaits_value_ = false;  // the last token was a name
};

Error not_json(std::string_view text, size_t at)
{
    text.remove_suffix(1);  // the line break that we added
    size_t line = 1, column = 1;
    for (char c : text.substr(0, at)) {
        column = c == '\n' ? 1 : column + 1;
        line += c == '\n';
    }
    return Error(EBADMSG, "not JSON, at line %zu, column %zu", line, column);
}

}  // namespace

Result<Document> Document::parse(String text)
{
    if (text.size() > kMaxBytes)
        return Error(E2BIG, "more than %zu bytes of JSON", kMaxBytes);
    Document document;
    document.text_ = std::move(text);
    document.text_ += '\n';  // jsmn wants something behind a lone number
    std::string_view all = document.text_;

    jsmn_parser parser;
    jsmn_init(&parser);
    int count = jsmn_parse(&parser, all.data(), all.size(), nullptr, 0);
    if (count > int(kMaxTokens))
        return Error(E2BIG, "more than %zu values in JSON", kMaxTokens);
    Vector<jsmntok_t> found(count > 0 ? static_cast<size_t>(count) : 0);
    if (count > 0) {
        jsmn_init(&parser);
        // Only this pass notices truncated text; the counting one above does not.
        count =
            jsmn_parse(&parser, all.data(), all.size(), found.data(), static_cast<unsigned>(count));
    }
    if (count <= 0)
        return not_json(all, parser.pos);

    document.tokens_.reserve(found.size());
    for (const jsmntok_t& token : found)
        document.tokens_.push_back({kind_of(token, all[static_cast<size_t>(token.start)]),
                                    token.start, token.end, token.parent, 0});
    Checker checker(all, document.tokens_);
    if (checker.run())
        return document;
    if (checker.too_deep())
        return Error(E2BIG, "JSON nested more than %d deep", kMaxDepth);
    return not_json(all, checker.at());
}

}  // namespace kist::json
