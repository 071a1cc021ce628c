// tree.h - the directory that a layer is made in, and the way to any place in it.
//
// Every change to the tree is made relative to an open directory, under a name that is one
// component: nothing but the search for that directory follows links, and it is done by openat2(2)
// with the tree as root.  The directories used last stay open.  What is known by name is forgotten
// whenever a directory or link is removed, because a cached name may lead through it.
//
// Making a file changes its directory's mtime, and modes such as 0555 or 2775 are in the way while
// the directory is filled.  So each open directory remembers what its attributes are to be, and
// gets them when it is closed: memory is bounded by the number of open directories, not by the
// layer.

#pragma once

#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/str.h"
#include "base/string.h"

namespace kist::archive {

class Tree {
public:
    struct Directory {
        Fd fd;
        String path;         // by which it was found
        bool named = false;  // false once `path` may lead elsewhere
        bool open = false;
        uint64_t used = 0;
        dev_t device = 0;
        ino_t inode = 0;
        uid_t uid = 0;
        gid_t gid = 0;
        mode_t mode_now = 0;
        mode_t mode = 0;      // what it gets when it is closed
        timespec mtime = {};  // also
    };

    // What a file is like that is made here: its owner, and the permissions that are taken away
    // (umask(2)).  `uid` and `gid` hold for every directory of the tree, or `certain` is false.
    struct Birth {
        uid_t uid = 0;
        gid_t gid = 0;
        bool certain = false;
        mode_t mask = 0;
    };

    struct Options {
        bool overrides = true;    // permissions do not bind us (CAP_DAC_OVERRIDE); otherwise
                                  // directories are opened up while they are in use
        bool user_xattr = false;  // overlayfs's marks are user.overlay.*, not trusted.overlay.*
        // Others use the tree, and may swap one thing for another meanwhile: the tree's own
        // directory is left as it is, and what is removed is never a directory.
        bool live = false;
        bool top = false;  // with it: the tree's own directory gets attributes all the same
    };

    // `root` is borrowed and may be O_PATH.
    static Result<Tree> open(const Fd& root, Options options);

    const Birth& birth() const { return birth_; }

    // The directory at `path`, which is clean and relative ("" is the tree itself); it and its
    // parents are made where missing.  Valid until the next calls of these three, but for the last
    // few.
    Result<Directory*> directory(std::string_view path);
    // The directory `name` in `parent`, which exists and is no link; `path` is how it will be asked
    // for.
    Result<Directory*> enter(const Fd& parent, CStr name, std::string_view path);
    // The directory `name` in `parent`, made if need be in the place of whatever else is there. One
    // that takes the place of a whiteout is opaque: what is below stays hidden.
    Result<Directory*> make(const Fd& parent, CStr name, std::string_view path);
    Result<void> make_opaque(const Directory& directory);
    // Opens the directory at `path` to look things up in it; ENOENT when there is none.
    Result<Fd> look(std::string_view path);

    // Removes whatever is at `name`, with everything below; EISDIR in a live tree.
    Result<void> remove(const Fd& parent, CStr name);

    // Gives all directories that are open their attributes.
    Result<void> close();

private:
    static constexpr size_t kOpen = 16;

    Tree(Fd root, Options options) : root_(std::move(root)), options_(options) {}
    Result<void> probe();
    Directory* find(std::string_view path);
    Result<Directory*> walk(std::string_view path);
    Result<Directory*> keep(Fd fd, std::string_view path);
    Result<void> restore(Directory& directory);

    Fd root_;
    Options options_;
    Birth birth_;
    uint64_t clock_ = 0;
    std::array<Directory, kOpen> open_;
};

// chmod(2) of what is at `name`, which must not be a link: even one swapped in at the last moment
// is not followed (ELOOP).
Result<void> chmod_at(const Fd& directory, CStr name, mode_t mode);

// What hides a name of the layers below (overlayfs, "whiteouts and opaque directories").
bool is_whiteout(const struct stat& facts);
// What hides all of them.  `directory` may be open as O_PATH.
bool is_opaque(const Fd& directory);

}  // namespace kist::archive
