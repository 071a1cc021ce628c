// file_stream.h - an open file, pipe or socket as a Reader or Writer.

#pragma once

#include "base/fd.h"
#include "base/stream.h"
#include "base/string.h"

namespace kist {

class FileReader : public Reader {
public:
    // `file` is borrowed.
    explicit FileReader(const Fd& file);
    Result<std::string_view> next() override;
    // Seeks in a regular file; elsewhere there is nothing to skip.
    Result<uint64_t> skip_over(uint64_t most) override;

private:
    const Fd& file_;
    String buffer_;
    bool seekable_;
};

class FileWriter : public Writer {
public:
    // `file` is borrowed.
    explicit FileWriter(const Fd& file) : file_(file) {}
    Result<void> write(std::string_view bytes) override;
    uint64_t written() const { return written_; }

private:
    const Fd& file_;
    uint64_t written_ = 0;
};

}  // namespace kist
