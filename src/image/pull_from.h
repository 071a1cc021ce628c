// pull_from.h - pulling from a repository that is already open; for pull() and its tests.

#pragma once

#include "image/pull.h"

namespace kist::image {

// `overlap`: each layer has a thread for the network beside the one that unpacks.
Result<Image> pull_from(Store& store, registry::Repository& repository,
                        const registry::Reference& reference, const PullOptions& options,
                        bool overlap);

}  // namespace kist::image
