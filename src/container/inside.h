// inside.h - doing a piece of work with the ids that containers have.

#pragma once

#include <functional>

#include "base/result.h"
#include "container/idmap.h"
#include "image/places.h"

namespace kist::container {

// Calls `work` in a child inside of the outer user namespace and passes its error on; in this
// process where we have these ids already (root, and a launcher's namespace).  The caller is
// single-threaded and outside.
Result<void> do_inside(const OuterNamespace& outer, const image::Places& places,
                       const std::function<Result<void>()>& work);

// Whether files of the store may belong to ids that are not ours, so that an Error of this kind may
// go away inside.
bool needs_other_ids(const OuterNamespace& outer, const Error& error);

}  // namespace kist::container
