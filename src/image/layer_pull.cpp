// layer_pull.cpp - one layer on its way from the registry into the store.
//
// The bytes pass through
//
//     blob (socket, TLS), SHA-256 of what was sent | inflate, SHA-256 of the archive, tar, files
//
// and with more than one processor the bar is a Channel between two threads.  Nothing is believed
// before its end: only when both hashes are what the image says is the tree synced and given its
// place; until then it is a directory in staging that goes when this function returns.

#include "image/layer_pull.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/sys.h"
#include "image/channel.h"
#include "image/staging.h"
#include "image/thread.h"
#include "image/unpack.h"

namespace kist::image {

namespace {

using Phase = Progress::Phase;

constexpr char kLayer[] = "layer";  // in the staging directory: what will be layers/NUMBER
constexpr int kTellEvery = 50;      // milliseconds

// The blob, hashed and reported as it passes, until the pull is cancelled.
class Inlet : public Reader {
public:
    Inlet(PullContext& context, const LayerJob& job, registry::Blob& blob)
        : context_(context), job_(job), blob_(blob)
    {
    }

    Result<std::string_view> next() override
    {
        if (context_.cancelled.load(std::memory_order_relaxed))
            return Error(ECANCELED, "cancelled");
        std::string_view bytes = TRY(blob_.next());
        hash_.add(bytes);
        size_ += bytes.size();
        int64_t now = clock::steady_ms();
        if (bytes.empty() || now - told_ >= kTellEvery) {
            told_ = now;
            context_.tell(job_, bytes.empty() ? Phase::extracting : Phase::downloading, size_);
        }
        return bytes;
    }

    // To be called once, at the end.
    Result<void> verify()
    {
        if (size_ != job_.blob.size)
            return Error(EBADMSG, "it has %llu bytes instead of %llu",
                         static_cast<unsigned long long>(size_),
                         static_cast<unsigned long long>(job_.blob.size));
        Digest found = hash_.finish();
        if (found != job_.blob.digest)
            return Error(EBADMSG, "what the registry sent has another digest, %s",
                         found.text().c_str());
        return {};
    }

private:
    PullContext& context_;
    const LayerJob& job_;
    registry::Blob& blob_;
    Sha256 hash_;
    uint64_t size_ = 0;
    int64_t told_ = 0;
};

// The same, while another thread fetches.
Result<Info> unpack_beside(Reader& sent, const Fd& directory, const StoreMap& map)
{
    Channel channel;
    std::optional<Error> broken;
    auto fetch = [&] {
        auto pass = [&]() -> Result<void> {
            for (;;) {
                std::string_view bytes = TRY(sent.next());
                if (bytes.empty())
                    return {};
                TRY(channel.put(bytes));
            }
        };
        Result<void> outcome = pass();
        if (!outcome && !outcome.error().is(ECANCELED))
            broken = outcome.error();
        channel.close(std::move(outcome));
    };
    Thread fetcher = TRY(Thread::start(fetch));
    auto info = unpack(channel, directory, map);
    channel.abandon();
    fetcher.join();
    // A connection that broke is the reason, not the archive that ended too early.
    if (broken)
        return std::move(*broken);
    return info;
}

Result<void> fetch_and_commit(PullContext& context, const LayerJob& job, const Fd& staging)
{
    context.tell(job, Phase::downloading, 0);
    auto blob = TRY(context.repository.blob(job.blob.digest, job.blob.size));
    TRY(sys::mkdir_at(staging, kLayer, 0700));
    Fd directory = TRY(sys::open_at(staging, kLayer, O_RDONLY | O_DIRECTORY));
    Inlet inlet(context, job, *blob);
    auto unpack_it = context.overlap ? unpack_beside : unpack;
    Info info = TRY(unpack_it(inlet, directory, context.store.map()));
    TRY(inlet.verify());
    if (info.diff_id != job.diff_id)
        return Error(EBADMSG, "the unpacked layer has another diff id, %s, than its image says, %s",
                     info.diff_id.text().c_str(), job.diff_id.text().c_str());
    blob.reset();

    context.tell(job, Phase::syncing, job.blob.size);
    TRY(write_info(directory, info));
    TRY(sys::syncfs(directory), "cannot sync the store");
    Fd lock = TRY(context.store.lock_shared());
    TRY(commit_layer(context.store.directory(), staging, kLayer, info));
    context.tell(job, Phase::done, job.blob.size);
    return {};
}

}  // namespace

void PullContext::tell(const LayerJob& job, Progress::Phase phase, uint64_t bytes)
{
    if (!progress)
        return;
    std::lock_guard guard(telling);
    progress->layer(job.index, layers, job.blob.digest, phase, bytes, job.blob.size);
}

Result<void> pull_layer(PullContext& context, const LayerJob& job)
{
    const Fd& root = context.store.directory();
    if (!TRY(find_layer(root, job.diff_id))) {
        context.tell(job, Phase::waiting, 0);
        Staging staging = TRY(Staging::begin(root, job.diff_id.hex(), &context.cancelled));
        // Whoever held the lock before us may have brought it.
        if (!TRY(find_layer(root, job.diff_id)))
            return fetch_and_commit(context, job, staging.directory());
    }
    context.tell(job, Phase::exists, job.blob.size);
    return {};
}

}  // namespace kist::image
