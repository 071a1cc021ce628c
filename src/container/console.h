// console.h - the caller's side of a foreground container: its terminal or its three streams.

#pragma once

#include <memory>
#include <optional>

#include "base/fd.h"
#include "base/result.h"

namespace kist::container {

// The terminal on stdin in raw mode, as it was again when this goes.  Without a terminal: nothing.
class RawTerminal {
public:
    static Result<RawTerminal> enter(int terminal);
    RawTerminal(RawTerminal&& other) noexcept;
    RawTerminal(const RawTerminal&) = delete;
    ~RawTerminal();

private:
    struct Saved;
    explicit RawTerminal(std::unique_ptr<Saved> saved);
    std::unique_ptr<Saved> saved_;
};

// The three streams of a container without a terminal: our ends, and the container's.
struct Streams {
    std::optional<Fd> input;  // we write to it; none: the container reads /dev/null
    Fd output, errors;        // we read from them
    Fd theirs[3];
};
Result<Streams> make_streams(bool interactive);

}  // namespace kist::container
