// match.cpp - patterns for names.

#include "base/str.h"

namespace kist::str {

namespace {

// The character at the front of `pattern`, which is cut off, with a backslash before it or not.
char take_plain(std::string_view& pattern)
{
    if (pattern[0] == '\\' && pattern.size() > 1)
        pattern.remove_prefix(1);
    char plain = pattern[0];
    pattern.remove_prefix(1);
    return plain;
}

// Takes "a-z]", what is behind a "[", off `pattern`.  What has no end fits nothing.
bool take_set(std::string_view& pattern, char wanted)
{
    bool inverted = pattern.starts_with('^') || pattern.starts_with('!');
    pattern.remove_prefix(inverted);
    bool within = false;
    for (bool first = true; first || !pattern.starts_with(']'); first = false) {
        if (pattern.empty())
            return false;
        char low = take_plain(pattern), high = low;
        if (pattern.size() > 1 && pattern[0] == '-' && pattern[1] != ']') {
            pattern.remove_prefix(1);
            high = take_plain(pattern);
        }
        within |= low <= wanted && wanted <= high;
    }
    pattern.remove_prefix(1);
    return within != inverted && wanted != '/';
}

}  // namespace

bool matches(std::string_view pattern, std::string_view text)
{
    // Where to go on when something does not fit: a "*" takes a character more.  Only the last one
    // has to be tried again, as in what is before a slash, earlier ones gain nothing from more.
    std::string_view retry_pattern, retry_text;
    bool retry = false;
    while (!pattern.empty() || !text.empty()) {
        if (pattern.starts_with('*')) {
            pattern.remove_prefix(1);
            retry_pattern = pattern, retry_text = text, retry = true;
            continue;
        }
        bool fits = false;
        if (!pattern.empty() && !text.empty()) {
            char next = text[0];
            text.remove_prefix(1);
            if (pattern[0] == '?') {
                fits = next != '/';
                pattern.remove_prefix(1);
            } else if (pattern[0] == '[') {
                pattern.remove_prefix(1);
                fits = take_set(pattern, next);
            } else {
                fits = take_plain(pattern) == next;
            }
        }
        if (fits)
            continue;
        if (!retry || retry_text.empty() || retry_text[0] == '/')
            return false;
        retry_text.remove_prefix(1);
        pattern = retry_pattern, text = retry_text;
    }
    return true;
}

}  // namespace kist::str
