// sys.h - system calls that return Result.
//
// One thin function per call, named after it.  Each names the call and its object
// in the error ("open /x: No such file or directory"); why it was made is the
// caller's to say, with TRY(..., "...").  Descriptors are close-on-exec from birth.

#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/str.h"
#include "base/string.h"

namespace kist::sys {

// A descriptor that is not ours to close (0, 1, 2, AT_FDCWD), as functions here want it.
class Borrowed {
public:
    explicit Borrowed(int number) : fd_(number) {}
    Borrowed(const Borrowed&) = delete;
    ~Borrowed() { (void)fd_.release(); }
    operator const Fd&() const { return fd_; }

private:
    Fd fd_;
};
inline Borrowed borrow(int number)
{
    return Borrowed(number);
}

Result<Fd> open(CStr path, int flags, mode_t mode = 0);
Result<Fd> open_at(const Fd& directory, CStr name, int flags, mode_t mode = 0);
// Opens `path` as if `root` were "/": no "..", absolute link or magic link leads out of it.
// openat2(2) with RESOLVE_IN_ROOT, or a walk by components where the kernel lacks it (before 5.6).
// A walk does not create: with O_CREAT the directory of `path` is walked and the last part is
// opened with O_NOFOLLOW.
Result<Fd> open_in_root(const Fd& root, CStr path, int flags, mode_t mode = 0);

Result<void> mkdir_at(const Fd& directory, CStr name, mode_t mode);
Result<void> rename_at(const Fd& directory, CStr from, CStr to);
Result<void> rename_between(const Fd& from_directory, CStr from, const Fd& to_directory, CStr to);
Result<void> unlink_at(const Fd& directory, CStr name, int flags = 0);
Result<void> symlink_at(CStr target, const Fd& directory, CStr name);
Result<String> readlink_at(const Fd& directory, CStr name);
// Where `file` is, without links; needs /proc.
Result<String> path_of(const Fd& file);
Result<struct stat> stat(const Fd& file);
// Whether both are the same file, or namespace; false, too, where that cannot be told.
bool same_file(const Fd& one, const Fd& other);
// Does not follow a symlink at `name`.
Result<struct stat> stat_at(const Fd& directory, CStr name);
// An error when that cannot be told: who takes it for "no" removes what is there.
Result<bool> exists_at(const Fd& directory, CStr name);

Result<void> fsync(const Fd& file);
Result<void> syncfs(const Fd& file);
Result<void> write_all(const Fd& file, std::string_view bytes);
// pwrite(2), until all is written.
Result<void> write_at(const Fd& file, std::string_view bytes, uint64_t offset);
// Reads at most `size` bytes into `buffer`; 0 at the end of the file.
Result<size_t> read(const Fd& file, void* buffer, size_t size);
// Everything up to the end; more than `limit` bytes is EFBIG.
Result<String> read_all(const Fd& file, size_t limit);
Result<Fd> duplicate(const Fd& file);

// close_range(2), Linux 5.9; without it what is below 1024.  `flags`: 0 or kCloseRangeOnExec.
inline constexpr unsigned kCloseRangeOnExec = 4;
void close_range(unsigned first, unsigned last, unsigned flags);
// flock(2): waits for the lock; try_lock() answers false when somebody else has it.
enum class Lock { shared, exclusive };
Result<void> lock(const Fd& file, Lock kind);
Result<bool> try_lock(const Fd& file, Lock kind);

Result<void> mount(const char* source, CStr target, const char* type, unsigned long flags,
                   const char* options);

Result<Fd> pidfd_open(pid_t pid);
// Signal 0 asks whether the process still exists (ESRCH).
Result<void> pidfd_send_signal(const Fd& process, int signal);

struct Pipe {
    Fd reader;
    Fd writer;
};
Result<Pipe> pipe();
// A connected pair of AF_UNIX sockets that keep message boundaries (SOCK_SEQPACKET).
Result<Pipe> socket_pair();

// Repeats a call that a signal interrupted.
template <class Call>
auto retry(Call call)
{
    decltype(call()) result;
    do
        result = call();
    while (result < 0 && errno == EINTR);
    return result;
}

}  // namespace kist::sys
