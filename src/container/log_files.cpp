// log_files.cpp - writing a log that is bounded, and a disk that may be full.
//
// A file ends with a whole line at any time: what a full disk took of a batch is cut back to its
// last whole line.  While lines are being dropped, a batch is kept only together with the line that
// says how many there were, so that this line comes once for each gap.
//
// Readers (base/json_lines.h) rely on this: a file that is not called log.json any more is
// complete.

#include "container/log_files.h"

#include <unistd.h>

#include <cstring>

#include "base/clock.h"
#include "base/json.h"
#include "base/string.h"
#include "base/sys.h"

namespace kist::container {

namespace {

constexpr size_t kMaxBatch = 32 << 10;  // written at once

String name_of(unsigned age)
{
    return age == 0 ? kLogFile : str::format("%s.%u", kLogFile, age);
}

String time_text()
{
    int64_t now = clock::now_nanos();
    auto nanos = unsigned(now % 1'000'000'000);
    return clock::to_text(now / 1'000'000'000, nanos ? nanos : 1);  // 0 would shorten it
}

// One line of the file.  `rest` is more members.
void add_record(String& out, Stream stream, std::string_view text, const String& time,
                std::string_view rest)
{
    out += "{\"log\":";
    json::quote_to(out, text);
    out += stream == Stream::output ? ",\"stream\":\"stdout\",\"time\":\""
                                    : ",\"stream\":\"stderr\",\"time\":\"";
    out += time;
    out += '"';
    out += rest;
    out += "}\n";
}

}  // namespace

bool LogFiles::open()
{
    if (file_)
        return true;
    auto file = sys::open_at(directory_, kLogFile, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0600);
    if (!file) {
        reason_ = file.error().code();
        return false;
    }
    auto facts = sys::stat(*file);
    size_ = facts ? uint64_t(facts->st_size) : 0;
    // A power cut, or a kill, may have torn the last line.
    char last = '\n';
    torn_ = size_ > 0 && (::pread(file->get(), &last, 1, off_t(size_ - 1)) != 1 || last != '\n');
    file_ = std::move(*file);
    return true;
}

// Makes room for a new file.  Only files up to the first missing one move, so that an attempt that
// failed half way costs nothing when it is repeated.
bool LogFiles::rotate()
{
    unsigned free = 1;
    while (free + 1 < max_files_ && sys::stat_at(directory_, name_of(free)))
        free++;
    for (unsigned age = free; max_files_ > 1 && age >= 1; age--) {
        auto renamed = sys::rename_at(directory_, name_of(age - 1), name_of(age));
        if (!renamed && !renamed.error().is(ENOENT)) {
            reason_ = renamed.error().code();
            return false;
        }
    }
    if (max_files_ == 1)
        (void)sys::unlink_at(directory_, kLogFile);
    file_.reset();
    return open();
}

// Appends `bytes`, whole lines, to the file; `written` are those that are in it now.  False, and
// reason_: not all of them are.
bool LogFiles::append(std::string_view bytes, bool all_or_nothing, size_t& written)
{
    written = 0;
    while (written < bytes.size()) {
        ssize_t put = sys::retry(
            [&] { return ::write(file_->get(), bytes.data() + written, bytes.size() - written); });
        if (put <= 0) {
            reason_ = put < 0 ? errno : ENOSPC;
            break;
        }
        written += size_t(put);
    }
    size_t keep = written == bytes.size() ? written : 0;
    if (keep == 0 && !all_or_nothing)
        keep = bytes.substr(0, written).rfind('\n') + 1;  // npos + 1 is 0
    if (keep < written) {
        // Nobody else writes here, so the last bytes are these.
        auto facts = sys::stat(*file_);
        if (!facts || ::ftruncate(file_->get(), facts->st_size - off_t(written - keep)) < 0)
            torn_ = true;
    }
    size_ += keep;
    written = keep;
    return keep == bytes.size();
}

void LogFiles::write_batch()
{
    bool opened = open();
    std::string_view bytes = batch_;
    String whole;
    if (torn_ || dropped_ > 0) {
        if (torn_)
            whole = "\n";
        if (dropped_ > 0) {
            auto count = static_cast<unsigned long long>(dropped_);
            add_record(whole, Stream::errors,
                       str::format("kist: %llu line%s dropped here: %s\n", count,
                                   dropped_ == 1 ? " was" : "s were", strerror(reason_)),
                       time_, str::format(",\"dropped\":%llu", count));
        }
        whole += batch_;
        bytes = whole;
    }
    bool fits = size_ == 0 || size_ + bytes.size() <= max_size_;
    size_t written = 0;
    if (opened && (fits || rotate()) && append(bytes, !whole.empty(), written)) {
        dropped_ = 0;
        torn_ = false;
    } else {
        for (char byte : bytes.substr(0, written))
            lines_ -= byte == '\n';
        dropped_ += lines_;
    }
    batch_.clear();
    lines_ = 0;
}

void LogFiles::add(Stream stream, std::string_view text, bool partial)
{
    if (batch_.empty())
        time_ = time_text();
    size_t before = batch_.size();
    std::string_view flag = partial ? ",\"partial\":true" : "";
    add_record(batch_, stream, text, time_, flag);
    uint64_t room = max_size_ > size_ ? max_size_ - size_ : 0;
    if (before > 0 && batch_.size() > std::min<uint64_t>(room, kMaxBatch)) {
        String line = batch_.substr(before);
        batch_.erase(before);
        write_batch();
        batch_ = std::move(line);
    }
    lines_++;
}

void LogFiles::send()
{
    if (!batch_.empty())
        write_batch();
    batch_ = String();
}

}  // namespace kist::container
