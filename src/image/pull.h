// pull.h - from a registry into the store.

#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "base/string.h"
#include "image/store.h"
#include "registry/distribution.h"

namespace kist::image {

// Told how a pull goes on; called from several threads, one call at a time.
class Progress {
public:
    virtual ~Progress() = default;
    enum class Phase { waiting, downloading, extracting, syncing, done, exists };
    // `layer` counts from 0 of `count`; bytes are of the compressed blob.
    virtual void layer(size_t index, size_t count, const Digest& blob, Phase phase, uint64_t bytes,
                       uint64_t total) = 0;
    virtual void said(const String& line) = 0;  // "latest: Pulling from library/alpine"
    // The outcome, when no layer is moving any more: "Digest: ...", "Status: ..."
    virtual void ended(const String& line) { said(line); }
};

struct PullOptions {
    std::optional<Platform> platform;  // this machine's otherwise
    registry::Access access;
    unsigned parallel = 3;  // layers at a time
    Progress* progress = nullptr;
};

// Pulls what `reference` names and gives it that name.  Everything is verified (manifest, config,
// each layer's digest, size and diff id); EBADMSG says which failed, and nothing of it stays.
// Layers that are whole stay when another fails, so that the next try goes on.
// Starts threads and joins them before it returns.
Result<Image> pull(Store& store, const registry::Reference& reference, const PullOptions& options);

}  // namespace kist::image
