// rootfs.cpp - the container's root file system.
//
// Everything is named from store/layers: "7/tree" below, "../containers/ID/upper" on top.

#include "container/rootfs.h"

#include <sys/mount.h>
#include <unistd.h>

#include <cstring>

#include "base/fs.h"
#include "base/log.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/copy.h"
#include "container/mount_api.h"

namespace kist::container {

namespace {

constexpr const char* kCopied = "copied";  // in containers/ID: root/ holds a whole copy
constexpr size_t kMaxOptions = 4095;       // of mount(2): a page with its NUL

String tree_of(unsigned layer)
{
    return str::format("%u/tree", layer);
}

// A directory that gets owner and mode of `like`: the root directory is the top layer's.
Result<void> make_like(const String& path, const struct stat& like)
{
    if (::mkdir(path.c_str(), 0700) < 0)
        return errno == EEXIST ? Result<void>() : os_error("mkdir %s", path.c_str());
    if ((like.st_uid || like.st_gid) && ::chown(path.c_str(), like.st_uid, like.st_gid) < 0 &&
        errno != EPERM && errno != EINVAL)
        return os_error("chown %s", path.c_str());
    if (::chmod(path.c_str(), like.st_mode & 07777) < 0)
        return os_error("chmod %s", path.c_str());
    return {};
}

Result<void> make_plain(const String& path)
{
    if (::mkdir(path.c_str(), 0755) < 0 && errno != EEXIST)
        return os_error("mkdir %s", path.c_str());
    return {};
}

// "lowerdir=9/tree:7/tree", top first.  overlayfs wants two of them when there is no upper one, and
// at least one: an empty directory makes up for what the image does not have.
Result<String> lower_layers(const RootRequest& request, const String& own)
{
    const Vector<unsigned>& layers = request.spec.layers;
    String text = "lowerdir=";
    for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
        if (layer != layers.rbegin())
            text += ':';
        text += tree_of(*layer);
    }
    if (layers.size() >= (request.look_only ? 2 : 1))
        return text;
    String empty = own + "empty";
    TRY(make_plain(empty));
    return text + (layers.empty() ? "" : ":") + empty + (layers.empty() ? ":" + empty : "");
}

Result<void> mount_overlay(const RootRequest& request, const String& own)
{
    String options = TRY(lower_layers(request, own));
    if (!request.look_only) {
        struct stat top = {};
        top.st_mode = 0755;
        if (!request.spec.layers.empty())
            top = TRY(sys::stat_at(sys::borrow(AT_FDCWD), tree_of(request.spec.layers.back())));
        TRY(make_like(own + "upper", top));
        if (::mkdir((own + "work").c_str(), 0700) < 0 && errno != EEXIST)
            return os_error("mkdir work");
        options += ",upperdir=" + own + "upper,workdir=" + own + "work";
    }
    if (request.user_xattr)
        options += ",userxattr";
    if (options.size() > kMaxOptions)
        return Error(E2BIG, "the names of %zu layers are too long for one mount",
                     request.spec.layers.size());

    // Nothing of a container that goes when it ends has to be on disk by then (Linux 5.10).
    String target = own + "root";
    if (request.spec.remove && !request.look_only &&
        ::mount("overlay", target.c_str(), "overlay", 0, (options + ",volatile").c_str()) == 0)
        return {};
    return sys::mount("overlay", target, "overlay", 0, options.c_str());
}

// That overlayfs is not built in, not allowed to this user or not fit for this file system.
bool means_unavailable(int code)
{
    return code == ENODEV || code == EPERM || code == EINVAL || code == EOPNOTSUPP ||
           code == ENOSYS;
}

Result<void> mount_copy(const RootRequest& request, const String& own)
{
    sys::Borrowed here = sys::borrow(AT_FDCWD);
    if (!TRY(sys::exists_at(here, own + kCopied))) {
        TRY(fs::remove_tree(here, own + "copy"));
        TRY(make_plain(own + "copy"));
        Fd copy = TRY(sys::open(own + "copy", O_RDONLY | O_DIRECTORY));
        for (unsigned layer : request.spec.layers) {
            Fd tree = TRY(sys::open(tree_of(layer), O_RDONLY | O_DIRECTORY));
            TRY(copy_tree(tree, copy, {.layer = true}), "copy layer %u", layer);
        }
        // A copy of earlier that was not marked: a kill came in between.
        TRY(fs::remove_tree(here, own + "root"));
        if (!request.spec.remove)
            TRY(sys::syncfs(copy));
        TRY(sys::rename_at(here, own + "copy", own + "root"));
        TRY(sys::open(own + kCopied, O_WRONLY | O_CREAT, 0600));
        Fd container = TRY(sys::open(own, O_RDONLY | O_DIRECTORY));
        if (!request.spec.remove)
            TRY(sys::fsync(container));
    }
    Fd root = TRY(sys::open(own + "root", O_PATH | O_DIRECTORY));
    Fd tree = TRY(clone_tree(root, "", Depth::one));
    return attach(tree, root, "root");
}

Result<void> mount_layers(const RootRequest& request, const String& own)
{
    if (request.spec.layers.size() > kMaxLayers)
        return Error(E2BIG, "the image has %zu layers; at most %zu can be stacked",
                     request.spec.layers.size(), kMaxLayers);
    if (::access((own + kCopied).c_str(), F_OK) == 0)
        return mount_copy(request, own);
    auto mounted = mount_overlay(request, own);
    if (mounted || !means_unavailable(mounted.error().code()))
        return mounted;
    log::warn("overlayfs cannot be used here (%s): the image's files are copied instead",
              strerror(mounted.error().code()));
    return mount_copy(request, own);
}

}  // namespace

Result<Fd> mount_root(const RootRequest& request)
{
    String own = "../containers/" + request.spec.id + "/";
    if (::fchdir(request.store.get()) < 0 || ::chdir("layers") < 0)
        if (request.spec.rootfs.empty() || ::chdir("containers") < 0)
            return os_error("enter the store");
    TRY(make_plain(own + "root"));
    if (request.spec.rootfs.empty()) {
        TRY(mount_layers(request, own), "cannot make the root file system");
    } else {
        Fd tree = TRY(clone_tree(sys::borrow(AT_FDCWD), request.spec.rootfs, Depth::recursive),
                      "cannot use the root file system");
        Fd target = TRY(sys::open(own + "root", O_PATH | O_DIRECTORY));
        TRY(attach(tree, target, "root"));
        TRY(set_propagation(tree, "root", Depth::recursive, MS_PRIVATE));
    }
    return sys::open(own + "root", O_RDONLY | O_DIRECTORY);
}

}  // namespace kist::container
