// unpack.cpp - a layer's bytes made into the files that the store keeps.

#include "image/unpack.h"

#include <sys/stat.h>

#include "archive/inflate.h"
#include "archive/layer.h"
#include "base/string.h"
#include "base/sys.h"

namespace kist::image {

namespace {

// The file of owners that could not be given, made when there is something to write.
class OwnersFile : public Writer {
public:
    explicit OwnersFile(const Fd& directory) : directory_(directory) {}

    Result<void> write(std::string_view bytes) override
    {
        pending_ += bytes;
        return pending_.size() < kBuffer ? Result<void>() : flush();
    }

    Result<void> flush()
    {
        if (pending_.empty())
            return {};
        if (file_.get() < 0)
            file_ = TRY(sys::open_at(directory_, kOwners, O_WRONLY | O_CREAT | O_EXCL, 0600));
        TRY(sys::write_all(file_, pending_), "%s", kOwners);
        pending_.clear();
        return {};
    }

private:
    static constexpr size_t kBuffer = 16 << 10;
    const Fd& directory_;
    Fd file_;
    String pending_;
};

}  // namespace

Result<void> drain(Reader& reader)
{
    while (!TRY(reader.next()).empty()) {
    }
    return {};
}

Result<Info> unpack(Reader& sent, const Fd& directory, const StoreMap& map)
{
    TRY(sys::mkdir_at(directory, kTree, 0755));
    Fd tree = TRY(sys::open_at(directory, kTree, O_RDONLY | O_DIRECTORY));
    if (::fchmod(tree.get(), 0755) < 0)  // whatever the umask is
        return os_error("chmod %s", kTree);

    bool rootless = map.tier != StoreMap::Tier::root;
    OwnersFile owners(directory);
    archive::ApplyOptions options = {
        .owners =
            map.tier == StoreMap::Tier::single ? archive::Owners::record : archive::Owners::apply,
        .record_to = rootless ? &owners : nullptr,
        .user_xattr = rootless,
        .make_devices = !rootless,
    };
    auto plain = TRY(archive::decompress(sent));
    Sha256 hash;
    DigestReader archive(*plain, hash);
    archive::Applied applied = TRY(archive::apply_layer(archive, tree, options));
    // Everything counts for the hashes, whatever follows the last entry.
    TRY(drain(archive));
    TRY(drain(sent));
    TRY(owners.flush());
    return Info{hash.finish(), applied.bytes, applied.entries};
}

}  // namespace kist::image
