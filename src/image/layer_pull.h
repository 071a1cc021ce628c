// layer_pull.h - one layer on its way from the registry into the store.

#pragma once

#include <atomic>
#include <mutex>

#include "image/layout.h"
#include "image/manifest.h"
#include "image/pull.h"

namespace kist::image {

struct LayerJob {
    size_t index = 0;  // in the image
    Descriptor blob;
    Digest diff_id;
    bool taken = false;
};

// What the layers of one pull share.
struct PullContext {
    const Store& store;
    registry::Repository& repository;
    Progress* progress = nullptr;
    size_t layers = 0;    // of the image
    bool overlap = true;  // a thread of its own for what comes from the network
    std::atomic<bool> cancelled = false;
    std::mutex telling;

    // Passes on to `progress`, one call at a time.
    void tell(const LayerJob& job, Progress::Phase phase, uint64_t bytes);
};

// Sees to it that the layer is in the store: waits for another pull of it, or fetches, unpacks,
// verifies and commits it.  EBADMSG: its digest, size or diff id is not what the image says.
// ECANCELED: context.cancelled became true meanwhile.  Whatever fails leaves nothing behind.
Result<void> pull_layer(PullContext& context, const LayerJob& job);

}  // namespace kist::image
