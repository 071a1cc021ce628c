// json_lines.cpp - reading files of lines across their rotation.

#include "base/json_lines.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/string.h"
#include "base/sys.h"
#include "base/vector.h"

namespace kist {

namespace {

constexpr size_t kBlock = 64 << 10;
constexpr unsigned kMaxAttempts = 100;  // to open a file by a name that moves

// Where the last lines of a file begin.
struct Place {
    off_t offset = 0;
    unsigned long long missing = 0;  // so many lines were not found in it
};

// Reads from the end, block by block.  An object ends where a brace stands before a line break.
Result<Place> find_last(const Fd& file, off_t size, unsigned long long count)
{
    String block(kBlock, '\0');
    unsigned long long found = 0;
    char after = 0;
    for (off_t end = size; end > 0;) {
        off_t start = end > off_t(kBlock) ? end - off_t(kBlock) : 0;
        ssize_t got = sys::retry(
            [&] { return ::pread(file.get(), block.data(), size_t(end - start), start); });
        if (got < 0)
            return os_error("pread");
        for (ssize_t i = got; i-- > 0;) {
            char byte = block[size_t(i)];
            if (byte == '}' && after == '\n' && found++ == count)
                return Place{start + i + 2, 0};
            after = byte;
        }
        end = start;
    }
    return Place{0, count - found};
}

}  // namespace

String JsonLines::name_of(unsigned age) const
{
    return age == 0 ? name_ : str::format("%s.%u", name_.c_str(), age);
}

Result<void> JsonLines::watch(const Fd* also)
{
    constexpr const char* kHint = "raise fs.inotify.max_user_instances and max_user_watches";
    int number = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (number < 0)
        return os_error("cannot follow the file: inotify_init").with_hint(kHint);
    watch_.emplace(number);
    for (const Fd* directory : {&directory_, also}) {
        if (!directory)
            continue;
        String path = str::format("/proc/self/fd/%d", directory->get());
        if (::inotify_add_watch(number, path.c_str(),
                                IN_MODIFY | IN_CREATE | IN_MOVE | IN_DELETE | IN_ONLYDIR) < 0)
            return os_error("cannot follow the file: inotify_add_watch").with_hint(kHint);
    }
    return {};
}

void JsonLines::enter(Fd file, ino_t inode)
{
    file_ = std::move(file);
    inode_ = inode;
    rotated_ = skipping_ = false;
    buffer_.clear();
    begin_ = scanned_ = 0;
}

Result<void> JsonLines::seek_last(unsigned long long count)
{
    // From the newest to the oldest: a file that is renamed meanwhile comes into view once more.
    for (unsigned age = 0; age < files_; age++) {
        auto file = sys::open_at(directory_, name_of(age), O_RDONLY | O_NOFOLLOW);
        if (!file && file.error().is(ENOENT))
            continue;
        if (!file)
            return std::move(file).error();
        struct stat facts = TRY(sys::stat(*file));
        if (file_ && facts.st_ino == inode_)
            continue;
        Place place = TRY(find_last(*file, facts.st_size, count));
        enter(std::move(*file), facts.st_ino);
        if (::lseek(file_->get(), place.offset, SEEK_SET) < 0)
            return os_error("lseek");
        count = place.missing;
        if (place.offset > 0 || count == 0)
            break;
    }
    return {};
}

// Opens the first file, in the order of time, that is newer than the one of age `older_than`.
// `inodes` says which files there were, 0 for none.  False: none is, for now.
Result<bool> JsonLines::open_next(unsigned older_than, const Vector<ino_t>& inodes)
{
    for (unsigned age = older_than; age-- > 0;) {
        if (inodes[age] == 0)
            continue;
        auto file = sys::open_at(directory_, name_of(age), O_RDONLY | O_NOFOLLOW);
        if (!file && !file.error().is(ENOENT))
            return std::move(file).error();
        if (!file || TRY(sys::stat(*file)).st_ino != inodes[age])
            return Error(EAGAIN, "%s moved", name_.c_str());
        enter(std::move(*file), inodes[age]);
        return true;
    }
    return false;
}

// At the end of a file: true when there may be more to read.
Result<bool> JsonLines::advance()
{
    for (unsigned attempt = 0; attempt < kMaxAttempts; attempt++) {
        // From the newest to the oldest, as they move: none is missed, one may be seen twice.
        Vector<ino_t> inodes;
        unsigned own = files_;
        for (unsigned age = 0; age < files_; age++) {
            auto facts = sys::stat_at(directory_, name_of(age));
            inodes.push_back(facts && S_ISREG(facts->st_mode) ? facts->st_ino : 0);
            if (file_ && own == files_ && inodes.back() == inode_)
                own = age;
        }
        if (own == 0)
            return false;
        // It has been renamed, or removed.  What was written to it between our last look and then
        // comes first.
        if (file_ && !rotated_)
            return rotated_ = true;
        auto opened = open_next(own, inodes);
        if (opened || !opened.error().is(EAGAIN))
            return opened;
    }
    return false;
}

Result<std::optional<std::string_view>> JsonLines::next()
{
    for (;;) {
        size_t end = buffer_.find('\n', scanned_);
        if (end != buffer_.npos) {
            std::string_view line = std::string_view(buffer_).substr(begin_, end - begin_);
            begin_ = scanned_ = end + 1;
            if (!std::exchange(skipping_, false))
                return std::optional(line);
            continue;
        }
        buffer_.erase(0, begin_);
        begin_ = 0;
        if (skipping_ || buffer_.size() > kMaxLine) {
            skipping_ = true;
            buffer_.clear();
        }
        scanned_ = buffer_.size();
        size_t got = 0;
        if (file_) {
            buffer_.resize(scanned_ + kBlock);
            got = TRY(sys::read(*file_, buffer_.data() + scanned_, kBlock));
            buffer_.resize(scanned_ + got);
        }
        if (got == 0 && !TRY(advance()))
            return std::optional<std::string_view>();
    }
}

Result<bool> JsonLines::wait(int other, int timeout_ms)
{
    pollfd waits[] = {{watch_->get(), POLLIN, 0}, {other, 0, 0}};
    if (::poll(waits, 2, timeout_ms) < 0 && errno != EINTR)
        return os_error("poll");
    char events[4096];
    while (waits[0].revents && ::read(watch_->get(), events, sizeof events) > 0)
        continue;
    return waits[1].revents != 0;
}

}  // namespace kist
