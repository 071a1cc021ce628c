// detach_keys.cpp - the keys that leave what one is attached to running.

#include "service/detach_keys.h"

#include "base/str.h"
#include "base/string.h"

namespace kist::service {

Result<String> parse_detach_keys(std::string_view text)
{
    String keys;
    for (std::string_view rest = text; !rest.empty();) {
        std::string_view key = str::cut(rest, ',');
        if (key.size() == 1) {
            keys += key[0];
            continue;
        }
        // ctrl- and a letter or one of @ [ \ ] ^ _
        char letter = key.size() == 6 && key.starts_with("ctrl-") ? key[5] : '\0';
        if (letter >= 'a' && letter <= 'z')
            letter = char(letter - 0x20);
        if (letter < '@' || letter > '_')
            return Error(EINVAL, "--detach-keys %.*s: expected letters or ctrl-LETTER, with commas",
                         int(text.size()), text.data());
        keys += char(letter - '@');
    }
    return keys;
}

String DetachKeys::filter(std::string_view typed, bool& found)
{
    if (keys_.empty())
        return String(typed);
    String through;
    for (char c : typed) {
        if (c != keys_[matched_] && matched_ > 0) {
            through += keys_.substr(0, matched_);
            matched_ = 0;
        }
        if (c != keys_[matched_]) {
            through += c;
        } else if (++matched_ == keys_.size()) {
            found = true;
            return through;
        }
    }
    return through;
}

}  // namespace kist::service
