// rootfs.h - the container's root file system: its image's layers with a layer of its own on top.
//
// overlayfs stacks store/layers/N/tree under containers/ID/upper.  The names in its options are
// short and relative, so that 127 layers fit the page that mount(2) has for them.  Where overlayfs
// cannot be used, the layers are copied into containers/ID/root.  With --rootfs it is a directory
// of the host, as it is.

#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "container/spec.h"

namespace kist::container {

inline constexpr size_t kMaxLayers = 127;  // as docker

struct RootRequest {
    const Spec& spec;
    const Fd& store;          // the store's root directory
    bool user_xattr = false;  // in a user namespace
    bool look_only = false;   // to read something in it: no layer of its own
};

// Mounts the root file system on containers/ID/root, in the calling process' own mount namespace,
// whose propagation is off, and returns its root directory.  Changes the working directory.
// E2BIG: more than kMaxLayers.
Result<Fd> mount_root(const RootRequest& request);

}  // namespace kist::container
