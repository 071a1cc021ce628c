// sys.cpp - system calls that return Result.

#include "base/sys.h"

#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/string.h"
#include "base/vector.h"

namespace kist::sys {

namespace {

Result<void> outcome(int result, const char* call, CStr object)
{
    if (result < 0)
        return os_error("%s %s", call, object.get());
    return {};
}

Result<String> readlink_number(int directory, CStr name)
{
    String target(256, '\0');
    for (;;) {
        ssize_t length = ::readlinkat(directory, name, target.data(), target.size());
        if (length < 0)
            return os_error("readlink %s", name.get());
        if (static_cast<size_t>(length) < target.size()) {
            target.resize(static_cast<size_t>(length));
            return target;
        }
        target.resize(target.size() * 2);
    }
}

// Walks `path` below `root` one component at a time with O_NOFOLLOW, following links by hand.  The
// directories on the way are kept on a stack, so that ".." is a pop and cannot leave the root.
Result<Fd> walk_in_root(const Fd& root, CStr path, int flags, mode_t mode)
{
    constexpr int kMaxLinks = 40;  // as the kernel's MAXSYMLINKS
    Vector<Fd> stack;
    String rest = path.get();
    int links = 0;
    auto current = [&]() -> const Fd& { return stack.empty() ? root : stack.back(); };

    for (;;) {
        size_t start = rest.find_first_not_of('/');
        if (start == rest.npos)  // the root itself, "dir/", or a link to one of them
            return open_at(current(), ".", flags & ~(O_CREAT | O_EXCL), mode);
        size_t end = rest.find('/', start);
        String part = rest.substr(start, end == rest.npos ? end : end - start);
        rest = end == rest.npos ? "" : rest.substr(end);
        bool last = rest.find_first_not_of('/') == rest.npos;
        if (part == "..") {
            if (!stack.empty())
                stack.pop_back();
            continue;
        }
        auto target = readlink_number(current().get(), part);
        if (target && !(last && flags & (O_NOFOLLOW | O_CREAT))) {
            if (++links > kMaxLinks)
                return Error(ELOOP, "open %s: too many symbolic links", path.get());
            if (target->starts_with('/'))
                stack.clear();
            rest = *target + "/" + rest;
            continue;
        }
        if (last)
            return open_at(current(), part, flags | O_NOFOLLOW, mode);
        stack.push_back(TRY(open_at(current(), part, O_PATH | O_DIRECTORY | O_NOFOLLOW)));
    }
}

}  // namespace

Result<Fd> open(CStr path, int flags, mode_t mode)
{
    int number = retry([&] { return ::open(path, flags | O_CLOEXEC, mode); });
    if (number < 0)
        return os_error("open %s", path.get());
    return Fd(number);
}

Result<Fd> open_at(const Fd& directory, CStr name, int flags, mode_t mode)
{
    int number = retry([&] { return ::openat(directory.get(), name, flags | O_CLOEXEC, mode); });
    if (number < 0)
        return os_error("open %s", name.get());
    return Fd(number);
}

Result<Fd> open_in_root(const Fd& root, CStr path, int flags, mode_t mode)
{
    open_how how = {};
    how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
    how.mode = flags & (O_CREAT | O_TMPFILE) ? mode : 0;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    for (;;) {
        long number = ::syscall(SYS_openat2, root.get(), path.get(), &how, sizeof how);
        if (number >= 0)
            return Fd(static_cast<int>(number));
        if (errno == ENOSYS)
            return walk_in_root(root, path, flags, mode);
        if (errno != EINTR && errno != EAGAIN)  // EAGAIN: a rename raced with ".."
            return os_error("open %s", path.get());
    }
}

Result<void> mkdir_at(const Fd& directory, CStr name, mode_t mode)
{
    return outcome(::mkdirat(directory.get(), name, mode), "mkdir", name);
}

Result<void> rename_at(const Fd& directory, CStr from, CStr to)
{
    return rename_between(directory, from, directory, to);
}

Result<void> rename_between(const Fd& from_directory, CStr from, const Fd& to_directory, CStr to)
{
    if (::renameat(from_directory.get(), from, to_directory.get(), to) < 0)
        return os_error("rename %s to %s", from.get(), to.get());
    return {};
}

Result<void> unlink_at(const Fd& directory, CStr name, int flags)
{
    return outcome(::unlinkat(directory.get(), name, flags), "unlink", name);
}

Result<void> symlink_at(CStr target, const Fd& directory, CStr name)
{
    return outcome(::symlinkat(target, directory.get(), name), "symlink", name);
}

Result<String> readlink_at(const Fd& directory, CStr name)
{
    return readlink_number(directory.get(), name);
}

Result<String> path_of(const Fd& file)
{
    return readlink_number(AT_FDCWD, str::format("/proc/self/fd/%d", file.get()));
}

Result<struct stat> stat(const Fd& file)
{
    struct stat facts;
    if (::fstat(file.get(), &facts) < 0)
        return os_error("fstat");
    return facts;
}

bool same_file(const Fd& one, const Fd& other)
{
    auto here = stat(one), there = stat(other);
    return here && there && here->st_ino == there->st_ino && here->st_dev == there->st_dev;
}

Result<struct stat> stat_at(const Fd& directory, CStr name)
{
    struct stat facts;
    if (::fstatat(directory.get(), name, &facts, AT_SYMLINK_NOFOLLOW) < 0)
        return os_error("stat %s", name.get());
    return facts;
}

Result<bool> exists_at(const Fd& directory, CStr name)
{
    auto facts = stat_at(directory, name);
    if (!facts && !facts.error().is(ENOENT))
        return std::move(facts).error();
    return bool(facts);
}

Result<void> fsync(const Fd& file)
{
    return ::fsync(file.get()) < 0 ? Result<void>(os_error("fsync")) : Result<void>();
}

Result<void> syncfs(const Fd& file)
{
    return ::syncfs(file.get()) < 0 ? Result<void>(os_error("syncfs")) : Result<void>();
}

Result<void> write_all(const Fd& file, std::string_view bytes)
{
    while (!bytes.empty()) {
        ssize_t written = retry([&] { return ::write(file.get(), bytes.data(), bytes.size()); });
        if (written < 0)
            return os_error("write");
        bytes.remove_prefix(static_cast<size_t>(written));
    }
    return {};
}

Result<void> write_at(const Fd& file, std::string_view bytes, uint64_t offset)
{
    while (!bytes.empty()) {
        ssize_t written = sys::retry([&] {
            return ::pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        });
        if (written < 0)
            return os_error("write");
        bytes.remove_prefix(static_cast<size_t>(written));
        offset += static_cast<size_t>(written);
    }
    return {};
}

Result<size_t> read(const Fd& file, void* buffer, size_t size)
{
    ssize_t got = retry([&] { return ::read(file.get(), buffer, size); });
    if (got < 0)
        return os_error("read");
    return static_cast<size_t>(got);
}

Result<String> read_all(const Fd& file, size_t limit)
{
    String contents;
    char buffer[4096];
    for (;;) {
        size_t got = TRY(read(file, buffer, sizeof buffer));
        if (got == 0)
            return contents;
        if (contents.size() + got > limit)
            return Error(EFBIG, "larger than %zu bytes", limit);
        contents.append(buffer, got);
    }
}

Result<Fd> duplicate(const Fd& file)
{
    int number = ::fcntl(file.get(), F_DUPFD_CLOEXEC, 3);
    if (number < 0)
        return os_error("dup");
    return Fd(number);
}

void close_range(unsigned first, unsigned last, unsigned flags)
{
    constexpr unsigned kFallbackEnd = 1024;
    if (::syscall(SYS_close_range, first, last, flags) == 0)
        return;
    for (unsigned number = first; number <= last && number < kFallbackEnd; number++)
        if (flags)
            (void)::fcntl(int(number), F_SETFD, FD_CLOEXEC);
        else
            (void)::close(int(number));
}

Result<void> lock(const Fd& file, Lock kind)
{
    int operation = kind == Lock::shared ? LOCK_SH : LOCK_EX;
    if (retry([&] { return ::flock(file.get(), operation); }) < 0)
        return os_error("flock");
    return {};
}

Result<bool> try_lock(const Fd& file, Lock kind)
{
    int operation = (kind == Lock::shared ? LOCK_SH : LOCK_EX) | LOCK_NB;
    if (retry([&] { return ::flock(file.get(), operation); }) == 0)
        return true;
    if (errno == EWOULDBLOCK)
        return false;
    return os_error("flock");
}

Result<void> mount(const char* source, CStr target, const char* type, unsigned long flags,
                   const char* options)
{
    return outcome(::mount(source, target, type, flags, options), "mount", target);
}

Result<Fd> pidfd_open(pid_t pid)
{
    long number = ::syscall(SYS_pidfd_open, pid, 0);
    if (number < 0)
        return os_error("pidfd_open %d", pid);
    return Fd(static_cast<int>(number));
}

Result<void> pidfd_send_signal(const Fd& process, int signal)
{
    if (::syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) < 0)
        return os_error("send signal %d", signal);
    return {};
}

Result<Pipe> pipe()
{
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) < 0)
        return os_error("pipe");
    return Pipe{Fd(ends[0]), Fd(ends[1])};
}

Result<Pipe> socket_pair()
{
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return os_error("socketpair");
    return Pipe{Fd(ends[0]), Fd(ends[1])};
}

}  // namespace kist::sys
