// output.h - where an archive goes: a file, or standard output.

#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"

namespace kist::cli {

// A file appears when it is complete; until then, and when that fails, what was called so stays.
// A device or fifo is written to as it is.
class Output {
public:
    // "" and "-" are standard output, which may not be a terminal (EINVAL).
    static Result<Output> open(const String& path);
    Output(Output&&) noexcept = default;
    ~Output();

    const Fd& file() const { return file_; }
    // After the last byte.
    Result<void> finish();

private:
    Output() = default;
    Fd directory_, file_;
    String name_, temporary_;
};

}  // namespace kist::cli
