// self.cpp - keeping kist's own executable out of a container's reach.

#include "container/self.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "base/fs.h"
#include "base/log.h"
#include "base/string.h"
#include "base/sys.h"
#include "base/vector.h"
#include "container/mount_api.h"

extern char** environ;

namespace kist::container {

namespace {

constexpr const char* kSelf = "/proc/self/exe";
constexpr size_t kMaxArguments =
    8 << 20;                        // execve(2): a quarter of the stack's limit, 2 MiB by default
constexpr int kEmptyPath = 0x1000;  // AT_EMPTY_PATH
constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

Result<bool> is_out_of_reach(const Fd& self)
{
    struct statvfs mount;
    if (::fstatvfs(self.get(), &mount) < 0)
        return os_error("statvfs %s", kSelf);
    if (mount.f_flag & ST_RDONLY)
        return true;
    int seals = ::fcntl(self.get(), F_GET_SEALS);
    if (seals >= 0 && (seals & F_SEAL_WRITE))
        return true;
    if (::geteuid() == 0)
        return false;
    struct stat facts = TRY(sys::stat(self));
    return facts.st_uid != ::geteuid() && ::access(kSelf, W_OK) < 0;
}

Result<Fd> read_only_mount(const Fd& self)
{
    // Asked first: what could be remounted through another name of ours would be no protection.
    if (::geteuid() != 0)
        return Error(EPERM, "not root");
    String path = TRY(sys::readlink_at(sys::borrow(AT_FDCWD), kSelf));
    Fd tree = TRY(clone_tree(sys::borrow(AT_FDCWD), path, Depth::one));
    struct stat ours = TRY(sys::stat(self));
    struct stat cloned = TRY(sys::stat(tree));
    if (ours.st_ino != cloned.st_ino || ours.st_dev != cloned.st_dev)
        return Error(ESTALE, "%s has been replaced", path.c_str());
    TRY(restrict_mount(tree, path, Depth::one, kAttributeReadOnly));
    return tree;
}

Result<Fd> sealed_copy(const Fd& self)
{
    int number = ::memfd_create("kist", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (number < 0)
        return os_error("memfd_create");
    Fd copy(number);
    struct stat facts = TRY(sys::stat(self));
    off_t done = 0;
    while (done < facts.st_size) {
        ssize_t sent = ::sendfile(copy.get(), self.get(), &done, size_t(facts.st_size - done));
        if (sent <= 0)
            return os_error("copy %s", kSelf);
    }
    if (::fcntl(copy.get(), F_ADD_SEALS, kSeals) < 0)
        return os_error("seal the copy of %s", kSelf);
    return copy;
}

// Whether `copy` is sealed and has the bytes of `self`.
bool is_copy_of(const Fd& copy, const Fd& self)
{
    constexpr size_t kChunk = 64 << 10;
    int seals = ::fcntl(copy.get(), F_GET_SEALS);
    auto ours = sys::stat(self), theirs = sys::stat(copy);
    if (seals < 0 || (seals & kSeals) != kSeals || !ours || !theirs ||
        ours->st_size != theirs->st_size)
        return false;
    String left(kChunk, '\0'), right(kChunk, '\0');
    for (off_t at = 0; at < ours->st_size; at += off_t(kChunk)) {
        ssize_t got = ::pread(self.get(), left.data(), kChunk, at);
        if (got <= 0 || ::pread(copy.get(), right.data(), kChunk, at) != got ||
            memcmp(left.data(), right.data(), size_t(got)) != 0)
            return false;
    }
    return true;
}

}  // namespace

Result<Fd> protected_executable(std::optional<Fd> (*find_copy)(const void* context),
                                const void* context)
{
    Fd self = TRY(sys::open(kSelf, O_RDONLY));
    if (TRY(is_out_of_reach(self)))
        return self;
    auto safe = read_only_mount(self);
    if (!safe) {
        log::debug("no read-only mount of kist: %s", safe.error().message().c_str());
        std::optional<Fd> copy;
        if (find_copy)
            copy = find_copy(context);
        if (copy && is_copy_of(*copy, self))
            return std::move(*copy);
        safe = sealed_copy(self);
    }
    if (!safe)
        return std::move(safe).error().context("cannot protect kist's own executable");
    return safe;
}

Result<void> put_self_out_of_reach()
{
    Fd self = TRY(sys::open(kSelf, O_RDONLY));
    if (TRY(is_out_of_reach(self))) {
        (void)::prctl(PR_SET_NAME, "kist", 0, 0, 0);  // executed by number, we are called one
        return {};
    }
    Fd safe = TRY(protected_executable());
    String words = TRY(fs::read_path("/proc/self/cmdline", kMaxArguments));
    if (!words.ends_with('\0'))
        words += '\0';
    Vector<char*> argv;
    for (size_t at = 0; at < words.size(); at = words.find('\0', at) + 1)
        argv.push_back(&words[at]);
    argv.push_back(nullptr);
    ::syscall(SYS_execveat, safe.get(), "", argv.data(), environ, kEmptyPath);
    return os_error("execute kist's protected executable");
}

}  // namespace kist::container
