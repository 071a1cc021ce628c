// log_files.h - the files of a container's log: docker's json-file format, bounded and rotated.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/fd.h"
#include "base/string.h"
#include "container/log.h"

namespace kist::container {

inline constexpr const char* kLogFile = "log.json";

// Collects lines and writes them with few calls.  Nothing here fails: what cannot be written is
// counted.  The first file appears with the first line.
class LogFiles {
public:
    // In `directory`, which is borrowed: `max_files` files of `max_size` bytes (a line that is
    // longer than that has a file of its own).
    LogFiles(const Fd& directory, uint64_t max_size, unsigned max_files)
        : directory_(directory), max_size_(max_size), max_files_(max_files)
    {
    }

    // `text` has its line break unless it is `partial`.
    void add(Stream stream, std::string_view text, bool partial);
    // Writes what was collected, and gives the memory back.
    void send();

private:
    bool open();
    bool rotate();
    void write_batch();
    bool append(std::string_view bytes, bool all_or_nothing, size_t& written);

    const Fd& directory_;
    uint64_t max_size_;
    unsigned max_files_;
    std::optional<Fd> file_;
    uint64_t size_ = 0;   // of the file
    bool torn_ = false;   // it ends within a line
    String time_;         // of the batch
    String batch_;        // whole lines
    uint64_t lines_ = 0;  // in it
    uint64_t dropped_ = 0;
    int reason_ = 0;  // why, an errno
};

}  // namespace kist::container
