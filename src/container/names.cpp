// names.cpp - what containers and volumes may be called.

#include "container/names.h"

#include "base/random.h"
#include "base/str.h"
#include "base/string.h"

namespace kist::container {

namespace {

constexpr size_t kMaxName = 128;

// 32 of each: a thousand names, and a taken one is drawn again.
constexpr const char* kAdjectives[] = {
    "amber", "brave", "brisk", "calm",  "clear",  "clever", "cosy",  "crisp",
    "eager", "early", "fair",  "fleet", "fresh",  "gentle", "glad",  "grand",
    "happy", "keen",  "kind",  "light", "lively", "lucky",  "merry", "noble",
    "proud", "quick", "quiet", "ready", "sharp",  "silver", "sunny", "swift"};
constexpr const char* kNouns[] = {"badger", "beaver", "birch", "bison", "brook",  "cedar",  "crane",
                                  "dune",   "falcon", "finch", "fjord", "gecko",  "heron",  "ibex",
                                  "jay",    "koala",  "lark",  "lynx",  "maple",  "marten", "moose",
                                  "newt",   "osprey", "otter", "panda", "puffin", "raven",  "reef",
                                  "robin",  "salmon", "stork", "wren"};

bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

String make_name()
{
    uint64_t chance = random::number();
    return str::format("%s-%s", kAdjectives[chance % std::size(kAdjectives)],
                       kNouns[(chance >> 32) % std::size(kNouns)]);
}

Result<void> check_name(std::string_view name, const char* what, size_t least)
{
    bool good = name.size() >= least && name.size() <= kMaxName && is_alphanumeric(name[0]);
    for (char c : name)
        good = good && (is_alphanumeric(c) || c == '_' || c == '.' || c == '-');
    if (good)
        return {};
    return Error(EINVAL, "\"%.*s\" cannot be a %s's name", int(std::min(name.size(), kMaxName)),
                 name.data(), what)
        .with_hint(str::format("use %zu to 128 letters, digits, '_', '.' and '-', and begin with a "
                               "letter or digit",
                               least));
}

}  // namespace kist::container
