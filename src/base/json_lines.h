// json_lines.h - reading files with a JSON object on each line, that somebody appends to and
// rotates.
//
// NAME is the newest file, NAME.1 the one before it, and so on.  Who writes renames the files, the
// oldest first, and never writes to one that is called NAME no more; so a reader that has come to
// the end of such a file goes on with the next newer one.  Files are known by their inodes: what
// they are called changes under the reader.
//
// A line without its end is not handed out until the rest comes; one that was torn (a power cut)
// is joined to nothing: the next file, or a line break that the writer puts behind it, ends it, and
// the caller finds that it is no JSON.

#pragma once

#include <sys/types.h>

#include <optional>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist {

class JsonLines {
public:
    static constexpr size_t kMaxLine = 512 << 10;  // a longer one is skipped

    // The files NAME to NAME.(files-1) in `directory`, which is borrowed.
    JsonLines(const Fd& directory, String name, unsigned files)
        : directory_(directory), name_(std::move(name)), files_(files)
    {
    }

    // From here on, wait() notices changes, in the directory `also` too.  EMFILE, ENOSPC: this user
    // watches too much already.
    Result<void> watch(const Fd* also = nullptr);
    // Begins with the last `count` lines instead of the first one.  Lines that do not end as an
    // object does are not counted.
    Result<void> seek_last(unsigned long long count);
    // The next line without its break, valid until the next call; nothing when there is no more of
    // them by now.
    Result<std::optional<std::string_view>> next();
    // Sleeps until something has changed in the directories since the last call (inotify(7)), until
    // the socket or pipe `other` is hung up (-1: none), or for `timeout_ms` (-1: no limit).  True
    // when it was `other`.
    Result<bool> wait(int other, int timeout_ms);

private:
    String name_of(unsigned age) const;
    Result<bool> open_next(unsigned older_than, const Vector<ino_t>& inodes);
    Result<bool> advance();
    void enter(Fd file, ino_t inode);

    const Fd& directory_;
    String name_;
    unsigned files_;
    std::optional<Fd> watch_;
    std::optional<Fd> file_;  // the one that is read
    ino_t inode_ = 0;         // its own
    bool rotated_ = false;    // it is known to be complete: what it has now is all
    bool skipping_ = false;   // in a line that is too long
    String buffer_;
    size_t begin_ = 0;    // of what was not handed out
    size_t scanned_ = 0;  // no line break before this
};

}  // namespace kist
