// tree.cpp - open directories of a tree, found without leaving it.

#include "archive/tree.h"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>

#include "base/fs.h"
#include "base/random.h"
#include "base/string.h"
#include "base/sys.h"

namespace kist::archive {

namespace {

constexpr size_t kMaxShown = 200;
constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;

// A file in `root` that nobody sees: without a name, or with one for a moment where the file system
// cannot do that.
Result<Fd> nameless(const Fd& root, mode_t mode)
{
    auto made = sys::open_at(root, ".", O_TMPFILE | O_RDWR, mode);
    if (made)
        return made;
    String name = ".kist." + random::hex(16);
    Fd file = TRY(sys::open_at(root, name, O_CREAT | O_EXCL | O_RDWR, mode));
    TRY(sys::unlink_at(root, name));
    return file;
}

}  // namespace

Result<void> chmod_at(const Fd& directory, CStr name, mode_t mode)
{
    // fchmodat(2) has no AT_SYMLINK_NOFOLLOW before Linux 6.6, and fchmod(2) wants a file that is
    // open for more than its place.
    Fd place = TRY(sys::open_at(directory, name, O_PATH | O_NOFOLLOW));
    if (S_ISLNK(TRY(sys::stat(place)).st_mode))
        return Error(ELOOP, "chmod %s: it has become a link", name.get());
    if (::chmod(str::format("/proc/self/fd/%d", place.get()).c_str(), mode) < 0)
        return os_error("chmod %s", name.get());
    return {};
}

bool is_whiteout(const struct stat& facts)
{
    return S_ISCHR(facts.st_mode) && facts.st_rdev == 0;
}

bool is_opaque(const Fd& directory)
{
    String place = str::format("/proc/self/fd/%d", directory.get());
    char value;
    for (const char* mark : {"trusted.overlay.opaque", "user.overlay.opaque"})
        if (::getxattr(place.c_str(), mark, &value, 1) == 1 && value == 'y')
            return true;
    return false;
}

Result<Tree> Tree::open(const Fd& root, Options options)
{
    Fd own = TRY(sys::open_at(root, ".", kDirectory));
    Tree tree(std::move(own), options);
    if (options.live)
        tree.birth_.mask = 0777;
    else
        TRY(tree.probe());
    return tree;
}

Result<void> Tree::probe()
{
    // What the tree could hand down to its files besides an owner.
    (void)::fremovexattr(root_.get(), "system.posix_acl_default");
    struct stat top = TRY(sys::stat(root_));
    if (top.st_mode & S_ISGID && ::fchmod(root_.get(), top.st_mode & 0777) < 0)
        return os_error("chmod");

    Fd file = TRY(nameless(root_, 0777), "cannot make a file in the layer's directory");
    struct stat facts = TRY(sys::stat(file));
    birth_.uid = facts.st_uid;
    birth_.gid = facts.st_gid;
    birth_.mask = ~facts.st_mode & 0777;
    // Otherwise the mount maps owners (idmapped, squashed) or hands groups down (grpid).
    birth_.certain = facts.st_uid == ::geteuid() && facts.st_gid == ::getegid();
    return {};
}

Tree::Directory* Tree::find(std::string_view path)
{
    for (Directory& directory : open_)
        if (directory.named && directory.path == path) {
            directory.used = ++clock_;
            return &directory;
        }
    return nullptr;
}

Result<Tree::Directory*> Tree::directory(std::string_view path)
{
    if (Directory* known = find(path))
        return known;
    auto opened = path.empty() ? sys::open_at(root_, ".", kDirectory)
                               : sys::open_in_root(root_, String(path), O_RDONLY | O_DIRECTORY);
    if (opened)
        return keep(opened.take(), path);
    // ENOTDIR: it may be a whiteout.
    if (opened.error().is(ENOENT) || opened.error().is(ENOTDIR) ||
        (opened.error().is(EACCES) && !options_.overrides))
        return walk(path);
    return std::move(opened).error();
}

// The way by components: makes what is missing, and opens up what we may not read.
Result<Tree::Directory*> Tree::walk(std::string_view path)
{
    Directory* current = TRY(directory(""));
    for (size_t end = 0; end < path.size();) {
        size_t start = end + (end > 0);
        end = std::min(path.find('/', start), path.size());
        std::string_view here = path.substr(0, end);
        if (Directory* known = find(here)) {
            current = known;
            continue;
        }
        String name(path.substr(start, end - start));
        auto facts = sys::stat_at(current->fd, name);
        if (!facts && !facts.error().is(ENOENT))
            return std::move(facts).error();
        if (facts && S_ISLNK(facts->st_mode)) {
            auto target = sys::open_in_root(root_, String(here), O_RDONLY | O_DIRECTORY);
            if (!target && target.error().is(ENOENT))
                return Error(EBADMSG, "%s leads to a place that the layer does not have",
                             str::printable(here, kMaxShown).c_str());
            if (!target)
                return std::move(target).error();
            current = TRY(keep(target.take(), here));
            continue;
        }
        if (!facts || is_whiteout(*facts)) {
            current = TRY(make(current->fd, name, here));
            current->mode = 0755;
            continue;
        }
        current = TRY(enter(current->fd, name, here));
    }
    return current;
}

Result<Tree::Directory*> Tree::enter(const Fd& parent, CStr name, std::string_view path)
{
    auto opened = sys::open_at(parent, name, kDirectory);
    if (opened)
        return keep(opened.take(), path);
    if (options_.overrides || !opened.error().is(EACCES))
        return std::move(opened).error();

    struct stat facts = TRY(sys::stat_at(parent, name));
    if (!S_ISDIR(facts.st_mode))
        return std::move(opened).error();
    TRY(chmod_at(parent, name, (facts.st_mode & 07777) | 0700));
    Fd directory = TRY(sys::open_at(parent, name, kDirectory));
    Directory* entered = TRY(keep(std::move(directory), path));
    entered->mode = facts.st_mode & 07777;
    return entered;
}

Result<Tree::Directory*> Tree::make(const Fd& parent, CStr name, std::string_view path)
{
    if (::mkdirat(parent.get(), name, 0755) == 0)
        return enter(parent, name, path);
    if (errno != EEXIST)
        return os_error("mkdir %s", name.get());
    struct stat facts = TRY(sys::stat_at(parent, name));
    if (S_ISDIR(facts.st_mode))
        return enter(parent, name, path);
    TRY(remove(parent, name));
    TRY(sys::mkdir_at(parent, name, 0755));
    Directory* made = TRY(enter(parent, name, path));
    if (is_whiteout(facts))
        TRY(make_opaque(*made));
    return made;
}

Result<void> Tree::make_opaque(const Directory& directory)
{
    const char* mark = options_.user_xattr ? "user.overlay.opaque" : "trusted.overlay.opaque";
    if (::fsetxattr(directory.fd.get(), mark, "y", 1, 0) < 0)
        return os_error("set the attribute %s", mark)
            .with_hint(
                "keep the store on a file system with extended attributes, such as ext4, "
                "xfs or btrfs");
    return {};
}

Result<Fd> Tree::look(std::string_view path)
{
    String where(path.empty() ? "." : path);
    auto opened = sys::open_in_root(root_, where, O_PATH | O_DIRECTORY);
    if (opened || options_.overrides || !opened.error().is(EACCES))
        return opened;
    TRY(walk(path));
    return sys::open_in_root(root_, where, O_PATH | O_DIRECTORY);
}

// Takes `fd` among the open directories, in the place of the one that was not used for longest.
Result<Tree::Directory*> Tree::keep(Fd fd, std::string_view path)
{
    struct stat facts = TRY(sys::stat(fd));
    Directory* place = &open_[0];
    for (Directory& directory : open_) {
        // The same one by another way: it must not be restored twice.
        if (directory.open && directory.inode == facts.st_ino && directory.device == facts.st_dev) {
            directory.path = path;
            directory.named = true;
            directory.used = ++clock_;
            return &directory;
        }
        if (directory.used < place->used)
            place = &directory;
    }
    if (place->open)
        TRY(restore(*place));

    *place = Directory{.fd = std::move(fd),
                       .path = String(path),
                       .named = true,
                       .open = true,
                       .used = ++clock_,
                       .device = facts.st_dev,
                       .inode = facts.st_ino,
                       .uid = facts.st_uid,
                       .gid = facts.st_gid,
                       .mode_now = facts.st_mode & 07777u,
                       .mode = facts.st_mode & 07777u,
                       .mtime = facts.st_mtim};
    if (options_.live && !options_.top && place->path.empty())
        return place;
    // A set-group-id directory would hand its group down.
    mode_t usable = place->mode_now & ~mode_t(S_ISGID);
    if (!options_.overrides)
        usable |= 0700;
    if (usable != place->mode_now) {
        if (::fchmod(place->fd.get(), usable) < 0)
            return os_error("chmod");
        place->mode_now = usable;
    }
    return place;
}

Result<void> Tree::restore(Directory& directory)
{
    directory.open = directory.named = false;
    if (options_.live && !options_.top && directory.path.empty()) {
        directory.fd.close();
        return {};
    }
    if (directory.mode != directory.mode_now && ::fchmod(directory.fd.get(), directory.mode) < 0)
        return os_error("chmod %s", directory.path.c_str());
    timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, directory.mtime};
    if (::futimens(directory.fd.get(), times) < 0)
        return os_error("set the time of %s", directory.path.c_str());
    directory.fd.close();
    return {};
}

Result<void> Tree::remove(const Fd& parent, CStr name)
{
    if (options_.live)
        return sys::unlink_at(parent, name);
    struct stat facts = TRY(sys::stat_at(parent, name));
    if (S_ISDIR(facts.st_mode) || S_ISLNK(facts.st_mode))
        for (Directory& directory : open_)
            directory.named = false;
    return fs::remove_tree(parent, name);
}

Result<void> Tree::close()
{
    for (Directory& directory : open_)
        if (directory.open)
            TRY(restore(directory));
    return {};
}

}  // namespace kist::archive
