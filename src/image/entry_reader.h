// entry_reader.h - one entry of an archive of images as a stream of its own.

#pragma once

#include <utility>

#include "archive/tar.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/str.h"
#include "base/string.h"
#include "image/bundle.h"
#include "image/pull.h"

namespace kist::image {

// The contents of one entry of the archive, hashed and reported as they pass.
class EntryReader : public Reader {
public:
    explicit EntryReader(archive::Tar& tar) : tar_(tar) {}

    // The first block, or all there is.
    Result<std::string_view> look()
    {
        while (held_.size() < archive::kTarBlock) {
            std::string_view bytes = TRY(take());
            if (bytes.empty())
                break;
            held_ += bytes;
        }
        return std::string_view(held_);
    }

    Result<std::string_view> next() override
    {
        std::string_view bytes = held_;
        if (std::exchange(given_, true) || held_.empty())
            bytes = TRY(take());
        if (hashed_)
            hash_.add(bytes);
        passed_ += bytes.size();
        int64_t now = progress_ ? clock::steady_ms() : 0;
        if (progress_ && now - told_ >= kTellEvery) {
            told_ = now;
            tell(Progress::Phase::extracting);
        }
        return bytes;
    }

    void hash() { hashed_ = true; }
    Digest digest() { return hash_.finish(); }  // once, at the end
    bool broken() const { return broken_; }     // the archive itself, not what is in the entry

    void tell_of(Progress* progress, const LayerPart& part, size_t index)
    {
        progress_ = progress;
        index_ = index;
        size_ = part.size;
        // Its digest is not known before its end; most archives call it so.
        for (std::string_view rest = part.name; !rest.empty();)
            if (auto digest = from_hex(str::cut(rest, '/').substr(0, 64)))
                shown_ = *digest;
    }
    void tell(Progress::Phase phase)
    {
        if (progress_)
            progress_->layer(index_, index_ + 1, shown_, phase, passed_, size_);
    }

private:
    static constexpr int kTellEvery = 50;  // milliseconds

    Result<std::string_view> take()
    {
        auto bytes = tar_.contents();
        broken_ |= !bytes;
        return bytes;
    }

    archive::Tar& tar_;
    String held_;
    bool given_ = false, hashed_ = false, broken_ = false;
    uint64_t passed_ = 0, size_ = 0;
    Sha256 hash_;
    Progress* progress_ = nullptr;
    size_t index_ = 0;
    Digest shown_;
    int64_t told_ = 0;
};

}  // namespace kist::image
