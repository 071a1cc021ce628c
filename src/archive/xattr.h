// xattr.h - extended attributes from an archive, and into one.

#pragma once

#include "archive/pax.h"
#include "base/fd.h"
#include "base/result.h"
#include "base/str.h"
#include "base/vector.h"

namespace kist::archive {

enum class XattrScope { all, user };  // user: only user.*, the others would need privileges

// Sets them on `file`.  overlayfs's own are left out: an archive must not speak to it; so are those
// that the file system, the kernel or the namespace does not have, as docker does.  Capabilities
// (security.capability) are set, or that is an error.
Result<void> set_xattrs(const Vector<Xattr>& xattrs, XattrScope scope, const Fd& file);

// The same for what cannot be opened: the symlink or node `name` in `directory`.
Result<void> set_xattrs_at(const Vector<Xattr>& xattrs, XattrScope scope, const Fd& directory,
                           CStr name);

// Those of the file at `place` (links are followed) that belong into an archive: user.* but for
// overlayfs's, and capabilities.  At most kMaxXattrs; what cannot be read is left out.
Vector<Xattr> get_xattrs(CStr place);

}  // namespace kist::archive
