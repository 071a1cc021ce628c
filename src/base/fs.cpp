// fs.cpp - whole files and whole trees.

#include "base/fs.h"

#include <dirent.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstring>

#include "base/path.h"
#include "base/random.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::fs {

namespace {

// A directory stream that closes itself.
class Listing {
public:
    static Result<Listing> open(const Fd& directory)
    {
        Fd copy = TRY(sys::open_at(directory, ".", O_RDONLY | O_DIRECTORY));
        DIR* stream = ::fdopendir(copy.get());
        if (!stream)
            return os_error("cannot list a directory");
        (void)copy.release();
        return Listing(stream);
    }
    Listing(Listing&& other) noexcept : stream_(std::exchange(other.stream_, nullptr)) {}
    Listing(const Listing&) = delete;
    ~Listing()
    {
        if (stream_)
            ::closedir(stream_);
    }

    // The next name, or null at the end and, with errno, when it cannot be read.
    const dirent* next()
    {
        for (;;) {
            errno = 0;
            const dirent* entry = ::readdir(stream_);
            if (!entry || (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0))
                return entry;
        }
    }

private:
    explicit Listing(DIR* stream) : stream_(stream) {}
    DIR* stream_;
};

}  // namespace

Result<void> replace(const Fd& directory, CStr name, std::string_view contents, mode_t mode,
                     Durable durable)
{
    String temporary = str::format(".%s.%s", name.get(), random::hex(8).c_str());
    Fd file = TRY(sys::open_at(directory, temporary, O_WRONLY | O_CREAT | O_EXCL, mode));
    Undo discard([&] { (void)sys::unlink_at(directory, temporary); });

    if (auto written = sys::write_all(file, contents); !written) {
        auto path = sys::readlink_at(directory, str::format("/proc/self/fd/%d", directory.get()));
        return std::move(written).error().context("%s/%s", path ? path->c_str() : "", name.get());
    }
    if (durable == Durable::yes)
        TRY(sys::fsync(file), "%s", temporary.c_str());  // contents before the name ...
    TRY(sys::rename_at(directory, temporary, name));
    discard.keep();
    if (durable == Durable::no)
        return {};
    return sys::fsync(directory);  // ... and the name before we say so
}

void remove_temporaries(const Fd& directory)
{
    auto names = list(directory);
    if (!names)
        return;
    for (const String& name : *names)
        if (name.starts_with('.'))
            (void)sys::unlink_at(directory, name);
}

Result<void> poke(const Fd& directory, CStr name, std::string_view value)
{
    Fd file = TRY(sys::open_at(directory, name, O_WRONLY));
    // One write: the kernel takes each as a whole request.
    if (sys::retry([&] { return ::write(file.get(), value.data(), value.size()); }) < 0)
        return os_error("write \"%.*s\" to %s", int(value.size()), value.data(), name.get());
    return {};
}

Result<String> read(const Fd& directory, CStr name, size_t limit)
{
    // A FIFO would keep us until somebody writes to it.
    Fd file = TRY(sys::open_at(directory, name, O_RDONLY | O_NONBLOCK));
    if (!S_ISREG(TRY(sys::stat(file)).st_mode))
        return Error(EBADMSG, "%s is not a regular file", name.get());
    return TRY(sys::read_all(file, limit), "%s", name.get());
}

Result<String> read_path(CStr path, size_t limit)
{
    Fd file = TRY(sys::open(path, O_RDONLY));
    return TRY(sys::read_all(file, limit), "%s", path.get());
}

Result<Fd> make_directory(const Fd& parent, CStr name, mode_t mode)
{
    auto opened = sys::open_at(parent, name, O_RDONLY | O_DIRECTORY);
    if (opened || !opened.error().is(ENOENT))
        return opened;
    auto made = sys::mkdir_at(parent, name, mode);
    if (!made && made.error().is(ENOENT)) {
        TRY(make_directory(parent, String(path::directory(name.get())), mode));
        made = sys::mkdir_at(parent, name, mode);
    }
    if (!made && !made.error().is(EEXIST))
        return std::move(made).error();
    return sys::open_at(parent, name, O_RDONLY | O_DIRECTORY);
}

Result<Fd> make_directories(CStr path, mode_t mode)
{
    return make_directory(sys::borrow(AT_FDCWD), path, mode);
}

Result<Vector<String>> list(const Fd& directory)
{
    Listing listing = TRY(Listing::open(directory));
    Vector<String> names;
    while (const dirent* entry = listing.next())
        names.emplace_back(entry->d_name);
    if (errno != 0 && errno != ENOENT)  // ENOENT: it was removed meanwhile
        return os_error("cannot list a directory");
    return names;
}

namespace {

Result<Fd> open_to_empty(const Fd& directory, CStr name)
{
    constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
    auto opened = sys::open_at(directory, name, kFlags);
    if (opened || !opened.error().is(EACCES))
        return opened;
    // Ours, but made unreadable (0000) by whoever filled it.
    if (::fchmodat(directory.get(), name, 0700, 0) < 0)
        return os_error("chmod %s", name.get());
    return sys::open_at(directory, name, kFlags);
}

// Empties `directory`.  Recursion is as deep as the tree; a hostile tree of 100,000 levels would
// exhaust the stack, so deep ones are flattened: a directory below kMaxDepth is first moved up.
constexpr int kMaxDepth = 200;

Result<void> remove_below(const Fd& top, const Fd& parent, CStr name, int depth, dev_t device)
{
    if (::unlinkat(parent.get(), name, 0) == 0 || errno == ENOENT)
        return {};
    int refusal = errno;
    if (refusal != EISDIR && refusal != EPERM && refusal != EACCES)
        return os_error("unlink %s", name.get());
    auto opened = open_to_empty(parent, name);
    if (!opened && opened.error().is(ENOTDIR)) {
        errno = refusal;  // a file after all: what refused to unlink it is the answer
        return os_error("unlink %s", name.get());
    }
    Fd directory = TRY(std::move(opened));
    struct stat facts = TRY(sys::stat(directory));
    if (facts.st_dev != device)
        return Error(EBUSY, "%s is a mount point", name.get());
    if ((facts.st_mode & 0700) != 0700)
        (void)::fchmod(directory.get(), 0700);  // also what rename(2) needs to give it another ".."
    if (depth > kMaxDepth) {
        String aside = ".deep." + random::hex(16);
        return sys::rename_between(parent, name, top, aside);
    }
    for (const String& entry : TRY(list(directory)))
        TRY(remove_below(top, directory, entry, depth + 1, device), "%s", name.get());
    if (::unlinkat(parent.get(), name, AT_REMOVEDIR) < 0 && errno != ENOENT)
        return os_error("rmdir %s", name.get());
    return {};
}

}  // namespace

Result<void> remove_tree(const Fd& directory, CStr name)
{
    auto facts = sys::stat_at(directory, name);
    if (!facts)
        return facts.error().is(ENOENT) ? Result<void>() : std::move(facts).error();
    if (!S_ISDIR(facts->st_mode))
        return sys::unlink_at(directory, name);

    // What was too deep has been moved to the top of the tree: go on until rmdir succeeds.
    for (;;) {
        Fd tree = TRY(open_to_empty(directory, name));
        struct stat top = TRY(sys::stat(tree));
        if ((top.st_mode & 0700) != 0700)
            (void)::fchmod(tree.get(), 0700);
        for (const String& entry : TRY(list(tree)))
            TRY(remove_below(tree, tree, entry, 0, top.st_dev), "remove %s", name.get());
        if (::unlinkat(directory.get(), name, AT_REMOVEDIR) == 0 || errno == ENOENT)
            return {};
        if (errno != ENOTEMPTY)
            return os_error("rmdir %s", name.get());
    }
}

namespace {

Result<uint64_t> size_below(const Fd& parent, CStr name, dev_t device, int depth)
{
    struct stat facts = TRY(sys::stat_at(parent, name));
    uint64_t bytes = uint64_t(facts.st_blocks) * 512;
    if (!S_ISDIR(facts.st_mode) || (device && facts.st_dev != device) || depth > kMaxDepth)
        return bytes;
    auto directory = sys::open_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!directory)
        return bytes;  // unreadable, or gone meanwhile
    for (const String& entry : TRY(list(*directory)))
        if (auto below = size_below(*directory, entry, facts.st_dev, depth + 1))
            bytes += *below;
    return bytes;
}

}  // namespace

Result<uint64_t> tree_size(const Fd& directory, CStr name)
{
    return size_below(directory, name, 0, 0);
}

uint64_t stamp_of(CStr path)
{
    struct stat file;
    if (::stat(path, &file) < 0)
        return 0;
    uint64_t stamp = 1;
    for (uint64_t part : {uint64_t(file.st_ino), uint64_t(file.st_size),
                          uint64_t(file.st_mtim.tv_sec), uint64_t(file.st_mtim.tv_nsec)})
        stamp = (stamp ^ part) * 0x9e3779b97f4a7c15;
    return stamp | 1;
}

bool is_on(const Fd& file, long magic)
{
    struct statfs facts;
    return ::fstatfs(file.get(), &facts) == 0 && static_cast<long>(facts.f_type) == magic;
}

}  // namespace kist::fs
