// layer.cpp - the entries of a layer made into files, by the rules of docker's UnpackLayer.
//
// An entry takes the place of what the layer made at its name before, except that directories
// merge. Names are taken relative to the tree ("/etc/x" is "etc/x"); a name with ".." in it is
// refused, because no tool writes one and no two readers agree on it.  ".wh.NAME" removes NAME as
// far as this layer made it and hides NAME of the layers below; the other names that begin with
// ".wh..wh." are notes that aufs left to itself.

#include "archive/layer.h"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <climits>

#include "archive/name.h"
#include "archive/tar.h"
#include "archive/tree.h"
#include "archive/xattr.h"
#include "base/sys.h"

namespace kist::archive {

namespace {

constexpr uint64_t kMaxEntries = 16 << 20;
constexpr std::string_view kHides = ".wh.";
constexpr std::string_view kNote = ".wh..wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";

Error owner_error(const Entry& entry)
{
    if (errno != EINVAL)
        return os_error("give it to owner %u:%u", entry.uid, entry.gid);
    return Error(EINVAL, "owner %u:%u is not mapped in this user namespace", entry.uid, entry.gid)
        .with_hint(str::format("give the user more ids in /etc/subuid and /etc/subgid, here at "
                               "least %u, then pull into a new store",
                               entry.uid > entry.gid ? entry.uid : entry.gid));
}

Error missing_target(std::string_view name)
{
    return Error(EBADMSG, "hard link to %s, which the layer does not have", shown(name).c_str());
}

mode_t node_type(Kind kind)
{
    switch (kind) {
        case Kind::char_device: return S_IFCHR;
        case Kind::block_device: return S_IFBLK;
        default: return S_IFIFO;
    }
}

class Layer {
public:
    Layer(Reader& source, Tree& tree, const ApplyOptions& options)
        : tar_(source), tree_(tree), options_(options)
    {
    }

    Result<Applied> apply()
    {
        while (TRY(tar_.next(entry_))) {
            if (++done_.entries > kMaxEntries)
                return Error(EBADMSG, "the layer has more than %llu entries",
                             (unsigned long long)kMaxEntries);
            TRY(place(), "%s", shown(entry_.name).c_str());
        }
        TRY(tree_.close());
        return done_;
    }

private:
    Result<void> place();
    Result<String> place_of(std::string_view name) const;
    Result<void> check_clash();
    Result<bool> take_mark();
    Result<void> make();
    Result<void> make_file();
    Result<void> write_contents(const Fd& file);
    Result<void> make_directory();
    Result<void> make_hard_link();
    Result<void> make_symlink();
    Result<void> make_node();
    Result<void> hide(std::string_view name);
    Result<void> clear(const Fd& parent, CStr name);
    Result<void> finish_at(const Fd& parent);
    Result<void> record();

    bool records() const { return options_.owners == Owners::record; }
    XattrScope scope() const { return records() ? XattrScope::user : XattrScope::all; }
    bool is_foreign(uid_t uid, gid_t gid) const
    {
        return !records() && (entry_.uid != uid || entry_.gid != gid);
    }
    bool is_foreign() const
    {
        const Tree::Birth& birth = tree_.birth();
        return !records() && (!birth.certain || is_foreign(birth.uid, birth.gid));
    }
    // A set-id file that everyone could run as us is not what the archive meant.
    mode_t mode() const
    {
        bool strips = records() && entry_.kind != Kind::directory;
        return strips ? entry_.mode & ~06000u : entry_.mode;
    }

    Tar tar_;
    Tree& tree_;
    const ApplyOptions& options_;
    Applied done_;
    Entry entry_;
    String path_;                   // of the entry, cleaned
    std::string_view parent_path_;  // its parts
    String name_;
    bool made_ = false;  // false for a device that is only recorded
};

Result<String> Layer::place_of(std::string_view name) const
{
    String path = TRY(clean_name(name));
    if (options_.prefix.empty())
        return path;
    return path.empty() ? options_.prefix : options_.prefix + "/" + path;
}

Result<void> Layer::place()
{
    path_ = TRY(place_of(entry_.name));
    parent_path_ = parent_of(path_);
    name_ = base_of(path_);
    if (options_.roots)
        entry_.uid = entry_.gid = 0;
    if (options_.live)
        TRY(check_clash());
    else if (TRY(take_mark()))
        return {};
    made_ = true;
    TRY(make());
    return record();
}

// A directory takes the place of directories only, and is replaced by nothing else.
Result<void> Layer::check_clash()
{
    if (path_.empty())
        return {};
    Tree::Directory* parent = TRY(tree_.directory(parent_path_));
    auto there = sys::stat_at(parent->fd, name_);
    bool directory = entry_.kind == Kind::directory;
    if (!there || S_ISDIR(there->st_mode) == directory)
        return {};
    return Error(EEXIST, directory ? "cannot put a directory in the place of a file"
                                   : "cannot put a file in the place of a directory");
}

// Whiteouts and their kin; true when the entry was one and is dealt with.
Result<bool> Layer::take_mark()
{
    std::string_view parents = parent_path_;
    while (!parents.empty()) {
        std::string_view part = str::cut(parents, '/');
        if (part.starts_with(kNote))
            return true;
        if (part.starts_with(kHides))
            return Error(EBADMSG, "it is below the whiteout %s", shown(part).c_str());
    }
    if (name_ == kOpaque) {
        Tree::Directory* directory = TRY(tree_.directory(parent_path_));
        TRY(tree_.make_opaque(*directory));
        return true;
    }
    if (name_.starts_with(kNote))
        return true;
    if (!name_.starts_with(kHides))
        return false;
    TRY(hide(std::string_view(name_).substr(kHides.size())));
    return true;
}

Result<void> Layer::hide(std::string_view name)
{
    String hidden(name);
    if (hidden.empty() || hidden == "." || hidden == "..")
        return Error(EBADMSG, "a whiteout of nothing");
    Tree::Directory* parent = TRY(tree_.directory(parent_path_));
    TRY(clear(parent->fd, hidden));
    if (::mknodat(parent->fd.get(), hidden.c_str(), S_IFCHR, makedev(0, 0)) < 0)
        return os_error("make a whiteout")
            .with_hint(
                "whiteouts need Linux 5.8 or root, and a file system that holds device "
                "nodes, such as ext4, xfs or btrfs");
    return {};
}

// Removes what is at `name`, if anything is.
Result<void> Layer::clear(const Fd& parent, CStr name)
{
    auto removed = tree_.remove(parent, name);
    if (!removed && !removed.error().is(ENOENT))
        return removed;
    return {};
}

Result<void> Layer::make()
{
    if (path_.empty() && entry_.kind != Kind::directory)
        return Error(EBADMSG, "an entry without a name");
    switch (entry_.kind) {
        case Kind::file: return make_file();
        case Kind::directory: return make_directory();
        case Kind::hard_link: return make_hard_link();
        case Kind::symlink: return make_symlink();
        case Kind::char_device:
        case Kind::block_device:
        case Kind::fifo: return make_node();
    }
    return {};
}

Result<void> Layer::make_file()
{
    constexpr int kNew = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
    Tree::Directory* parent = TRY(tree_.directory(parent_path_));
    auto opened = sys::open_at(parent->fd, name_, kNew, mode() & 0777);
    if (!opened && opened.error().is(EEXIST)) {
        TRY(tree_.remove(parent->fd, name_));
        opened = sys::open_at(parent->fd, name_, kNew, mode() & 0777);
    }
    Fd file = TRY(std::move(opened));
    auto written = write_contents(file);
    if (!written && options_.live)  // on a full disk half a file is of no use
        (void)sys::unlink_at(parent->fd, name_);
    TRY(std::move(written));

    // In this order: writing and chown(2) take set-id bits and capabilities away.
    if (is_foreign() && ::fchown(file.get(), entry_.uid, entry_.gid) < 0)
        return owner_error(entry_);
    if (mode() & (tree_.birth().mask | 07000) && ::fchmod(file.get(), mode()) < 0)
        return os_error("chmod");
    TRY(set_xattrs(entry_.xattrs, scope(), file));
    timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, entry_.mtime};
    if (::futimens(file.get(), times) < 0)
        return os_error("set its time");
    return {};
}

Result<void> Layer::write_contents(const Fd& file)
{
    if (!entry_.sparse) {
        for (;;) {
            std::string_view bytes = TRY(tar_.contents());
            if (bytes.empty())
                return {};
            TRY(sys::write_all(file, bytes));
            done_.bytes += bytes.size();
        }
    }
    if (::ftruncate(file.get(), static_cast<off_t>(entry_.size)) < 0)
        return os_error("make it %llu bytes long", (unsigned long long)entry_.size);
    for (Extent extent : entry_.extents) {
        while (extent.length > 0) {
            std::string_view bytes = TRY(tar_.contents(extent.length));
            TRY(sys::write_at(file, bytes, extent.offset));
            extent.offset += bytes.size();
            extent.length -= bytes.size();
            done_.bytes += bytes.size();
        }
    }
    return {};
}

Result<void> Layer::make_directory()
{
    Tree::Directory* directory;
    if (path_.empty()) {
        if (options_.live && !options_.top)
            return {};
        directory = TRY(tree_.directory(""));
    } else {
        Tree::Directory* parent = TRY(tree_.directory(parent_path_));
        directory = TRY(tree_.make(parent->fd, name_, path_));
    }
    if (is_foreign(directory->uid, directory->gid)) {
        if (::fchown(directory->fd.get(), entry_.uid, entry_.gid) < 0)
            return owner_error(entry_);
        directory->uid = entry_.uid;
        directory->gid = entry_.gid;
    }
    TRY(set_xattrs(entry_.xattrs, scope(), directory->fd));
    directory->mode = entry_.mode;
    directory->mtime = entry_.mtime;
    return {};
}

Result<void> Layer::make_hard_link()
{
    String target = TRY(place_of(entry_.link), "hard link to %s", shown(entry_.link).c_str());
    auto looked = tree_.look(parent_of(target));
    if (!looked)
        return missing_target(target);
    Fd directory = looked.take();
    String name(base_of(target));
    Tree::Directory* parent = TRY(tree_.directory(parent_path_));

    // Without AT_SYMLINK_FOLLOW: a link to a symlink is another name of the symlink.
    auto link = [&] {
        return ::linkat(directory.get(), name.c_str(), parent->fd.get(), name_.c_str(), 0);
    };
    int outcome = target.empty() ? (errno = EPERM, -1) : link();
    if (outcome < 0 && errno == EEXIST) {
        struct stat there = TRY(sys::stat_at(parent->fd, name_));
        auto wanted = sys::stat_at(directory, name);
        if (wanted && wanted->st_dev == there.st_dev && wanted->st_ino == there.st_ino)
            return {};
        if (wanted)
            TRY(tree_.remove(parent->fd, name_));
        outcome = link();
    }
    if (outcome == 0)
        return {};
    if (errno == ENOENT)
        return missing_target(target);
    return os_error("hard link to %s", shown(target).c_str());
}

Result<void> Layer::make_symlink()
{
    if (entry_.link.empty() || entry_.link.size() >= PATH_MAX)
        return Error(EBADMSG, "a symbolic link to a name of %zu bytes", entry_.link.size());
    Tree::Directory* parent = TRY(tree_.directory(parent_path_));
    auto made = sys::symlink_at(entry_.link, parent->fd, name_);
    if (!made && made.error().is(EEXIST)) {
        TRY(tree_.remove(parent->fd, name_));
        made = sys::symlink_at(entry_.link, parent->fd, name_);
    }
    TRY(std::move(made));
    return finish_at(parent->fd);
}

Result<void> Layer::make_node()
{
    bool device = entry_.kind != Kind::fifo;
    dev_t number = makedev(entry_.device_major, entry_.device_minor);
    if (entry_.kind == Kind::char_device && number == 0)
        return Error(EBADMSG, "a device 0/0, which overlayfs would take for a whiteout");
    Tree::Directory* parent = TRY(tree_.directory(parent_path_));
    TRY(clear(parent->fd, name_));
    if (device && (records() || !options_.make_devices)) {
        made_ = false;
        return {};
    }
    if (::mknodat(parent->fd.get(), name_.c_str(), node_type(entry_.kind), number) < 0)
        return os_error("make the device node");
    TRY(finish_at(parent->fd));
    return {};
}

// Gives the entry at `name_`, which cannot be opened, its attributes.
Result<void> Layer::finish_at(const Fd& parent)
{
    if (is_foreign() &&
        ::fchownat(parent.get(), name_.c_str(), entry_.uid, entry_.gid, AT_SYMLINK_NOFOLLOW) < 0)
        return owner_error(entry_);
    if (entry_.kind != Kind::symlink)
        TRY(chmod_at(parent, name_, mode()));
    TRY(set_xattrs_at(entry_.xattrs, scope(), parent, name_));
    timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, entry_.mtime};
    if (::utimensat(parent.get(), name_.c_str(), times, AT_SYMLINK_NOFOLLOW) < 0)
        return os_error("set its time");
    return {};
}

// Notes what the file system does not say about the entry (layer.h).
Result<void> Layer::record()
{
    bool plain = entry_.uid == 0 && entry_.gid == 0 && mode() == entry_.mode;
    bool said = !records() || plain || entry_.kind == Kind::hard_link;  // of what it links to
    if (!options_.record_to || (made_ && said))
        return {};
    String line = path_;
    line += '\0';
    line += str::format("%c %o %u %u %u %u\n", char(entry_.kind), unsigned(entry_.mode), entry_.uid,
                        entry_.gid, entry_.device_major, entry_.device_minor);
    return options_.record_to->write(line);
}

}  // namespace

Result<Applied> apply_layer(Reader& tar, const Fd& tree, const ApplyOptions& options)
{
    Tree::Options kind = {options.owners == Owners::apply, options.user_xattr, options.live,
                          options.top};
    Tree opened = TRY(Tree::open(tree, kind));
    return Layer(tar, opened, options).apply();
}

}  // namespace kist::archive
