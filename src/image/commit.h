// commit.h - an image that has arrived: its claim on layers meanwhile, and its place in the store.

#pragma once

#include "base/string.h"
#include "base/vector.h"
#include "image/layout.h"
#include "image/staging.h"

namespace kist::image {

// A place of its own in staging for an image, or several, on its way in or out.  With `diff_ids`
// (say() adds more) it tells the collector what is counted on, for as long as the result lives.
class Claim {
public:
    static Result<Claim> make(const Store& store, const Vector<Digest>& diff_ids);
    // To be called before it is looked which of them are there.
    Result<void> say(const Store& store, const Vector<Digest>& diff_ids);
    const Fd& directory() const { return staging_.directory(); }

private:
    Result<void> write(const Vector<Digest>& diff_ids);
    explicit Claim(Staging staging) : staging_(std::move(staging)) {}
    Staging staging_;
};

// An image's documents, byte for byte.
struct ImageFiles {
    const Digest& id;
    const String& config_text;
    const String& manifest_text;
};

// Puts the documents into their place and gives the image `names`.  Its layers are there.
Result<void> commit_image(const Store& store, const Fd& staging, const ImageFiles& files,
                          const Vector<Record>& names);

}  // namespace kist::image
