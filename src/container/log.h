// log.h - what a container prints, kept.
//
// json-file is docker's format, a line each: {"log":"text\n","stream":"stdout","time":"..."}; in
// containers/ID/log.json, then log.json.1 and so on, which are older.  ring is the same in the
// volatile directory.  Output that cannot be kept (a full disk) is dropped, counted, and the count
// is written as a line of its own once there is room again; the container never waits for it.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "container/spec.h"

namespace kist::container {

enum class Stream : uint8_t { output, errors };

// The monitor's side.
class Log {
public:
    // Opens what `spec.log` asks for: files in `directory` (containers/ID) or `volatile_directory`
    // (STATE/run/ID), both borrowed.  An error is one of the settings; a full disk is none.
    static Result<Log> open(const Spec& spec, const Fd& directory, const Fd& volatile_directory);
    Log(Log&&) noexcept;
    Log& operator=(Log&&) noexcept;
    ~Log();

    // Takes what the container wrote, lines or parts of them.  Does not block and does not fail.  A
    // line without its end is kept until the rest comes, up to 16 KiB (docker's size), then written
    // as a partial one.
    void write(Stream stream, std::string_view bytes);
    // Writes what is kept of unfinished lines: the container has ended.  Another run may follow.
    void flush();

private:
    struct Driver;
    explicit Log(std::unique_ptr<Driver> driver);
    std::unique_ptr<Driver> driver_;  // null: nothing is kept
};

// What `kist logs` asks for.
struct LogQuery {
    long long tail = -1;                   // the last so many lines; -1: all
    int64_t since = 0, until = INT64_MAX;  // nanoseconds since 1970
    bool follow = false;
    int ended = -1;  // follow: a socket that is hung up once the container's monitor has gone
};
struct LogLine {
    Stream stream;
    String time;  // RFC 3339 with nanoseconds
    String text;  // with its line break, unless it is partial
};

// Calls `take` for each line that is asked for, the oldest first, across rotated files; with
// `follow` until `alive` says no (asked whenever nothing new has come; the call sleeps in
// inotify(7) between, which the record of the container's end, in `directory`, interrupts).  The
// last lines are counted before `since` is looked at, as docker does.  ENOTSUP: the driver keeps
// nothing that could be read.
Result<void> read_log(const Spec& spec, const Fd& directory, const Fd& volatile_directory,
                      const LogQuery& query,
                      const std::function<Result<void>(const LogLine&)>& take,
                      const std::function<bool()>& alive);

// One line of such a file; nothing when it is none (torn by a power cut).
std::optional<LogLine> parse_log_line(std::string_view line);

}  // namespace kist::container
