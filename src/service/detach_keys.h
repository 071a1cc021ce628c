// detach_keys.h - the keys that leave what one is attached to running: "ctrl-p,ctrl-q".

#pragma once

#include <string_view>

#include "base/result.h"
#include "base/string.h"

namespace kist::service {

// "ctrl-p,ctrl-q" as the bytes that are typed; EINVAL.
Result<String> parse_detach_keys(std::string_view text);

// Finds the sequence in what is typed, across reads.
class DetachKeys {
public:
    // `keys` is borrowed; "": there are none.
    explicit DetachKeys(std::string_view keys) : keys_(keys) {}

    // What of `typed` is to go on: keys that may be the beginning of the sequence are held back.
    // `found` becomes true when all of it has been typed.
    String filter(std::string_view typed, bool& found);

private:
    std::string_view keys_;
    size_t matched_ = 0;
};

}  // namespace kist::service
