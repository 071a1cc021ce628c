// tar.cpp - blocks of 512 bytes into entries.
//
// Headers of the types x, g, L and K are collected until the entry that they speak of comes; the
// order of precedence is the entry's own header, GNU's long names, global pax records, local ones.

#include "archive/tar.h"

#include <algorithm>
#include <cstring>

#include "archive/tar_header.h"
#include "base/str.h"
#include "base/string.h"

namespace kist::archive {

String shown(std::string_view name)
{
    constexpr size_t kMaxShown = 200;
    return str::printable(name, kMaxShown);
}

Result<std::string_view> Tar::some(uint64_t most)
{
    if (view_.empty()) {
        view_ = TRY(source_.next());
        if (view_.empty())
            return Error(EBADMSG, "the archive ends in the middle");
    }
    std::string_view taken = view_.substr(0, std::min<uint64_t>(most, view_.size()));
    view_.remove_prefix(taken.size());
    return taken;
}

// False when the archive ends in front of the block.
Result<bool> Tar::read_block(Block& block)
{
    if (view_.empty()) {
        view_ = TRY(source_.next());
        if (view_.empty())
            return false;
    }
    for (size_t have = 0; have < kTarBlock;) {
        std::string_view bytes = TRY(some(kTarBlock - have));
        memcpy(block + have, bytes.data(), bytes.size());
        have += bytes.size();
    }
    return true;
}

// False at the end of the archive: two blocks of zeros, or simply nothing more.
Result<bool> Tar::read_header(Block& block)
{
    if (!TRY(read_block(block)))
        return false;
    if (header::is_zero(block)) {
        if (TRY(read_block(block)) && !header::is_zero(block))
            return Error(EBADMSG, "a block of zeros between two entries");
        return false;
    }
    if (!header::checksum_holds(block))
        return Error(EBADMSG, "not a tar archive, or a damaged one (header checksum)");
    return true;
}

Result<void> Tar::skip_rest()
{
    if (left_ > view_.size()) {
        left_ -= view_.size();
        view_ = {};
        left_ -= TRY(source_.skip_over(left_));
    }
    while (left_ > 0)
        left_ -= TRY(some(left_)).size();
    while (padding_ > 0) {
        if (view_.empty()) {
            view_ = TRY(source_.next());
            if (view_.empty())  // some writers do not fill the last block
                padding_ = 0;
        }
        size_t taken = std::min<uint64_t>(padding_, view_.size());
        view_.remove_prefix(taken);
        padding_ -= taken;
    }
    return {};
}

Result<void> Tar::drain()
{
    ended_ = true;
    do
        view_ = TRY(source_.next());
    while (!view_.empty());
    return {};
}

Result<std::string_view> Tar::contents(uint64_t most)
{
    if (left_ == 0 || most == 0)
        return std::string_view();
    std::string_view bytes = TRY(some(std::min(most, left_)));
    left_ -= bytes.size();
    return bytes;
}

// The contents of a header that describes the next entry.
Result<String> Tar::read_special(const char* what, uint64_t size)
{
    if (size > kMaxSpecial)
        return Error(EBADMSG, "%s of %llu bytes, more than %zu", what, (unsigned long long)size,
                     kMaxSpecial);
    String held;
    held.reserve(size);
    left_ = size;
    padding_ = -size % kTarBlock;
    while (left_ > 0)
        held.append(TRY(contents()));
    TRY(skip_rest());
    return held;
}

Result<bool> Tar::next(Entry& entry)
{
    if (ended_)
        return false;
    TRY(skip_rest());
    local_ = global_;
    long_name_.clear();
    long_link_.clear();
    String special;
    for (;;) {
        Block block;
        if (!TRY(read_header(block))) {
            TRY(drain());
            return false;
        }
        uint64_t size = TRY(header::natural(header::raw(block, header::kSize)));
        switch (block[header::kType.offset]) {
            case 'g':
                special = TRY(read_special("a global pax header", size));
                TRY(global_.add(special));
                local_ = global_;
                break;
            case 'x':
            case 'X':  // Solaris, before the standard
                special = TRY(read_special("a pax header", size));
                TRY(local_.add(special));
                break;
            case 'L':
                special = TRY(read_special("a name", size));
                long_name_ = header::text(special);
                break;
            case 'K':
                special = TRY(read_special("a link", size));
                long_link_ = header::text(special);
                break;
            default: TRY(finish(block, entry, size)); return true;
        }
    }
}

// Puts together what the header and those before it say.
Result<void> Tar::finish(const Block& block, Entry& entry, uint64_t size)
{
    entry.name = header::name(block);
    if (!long_name_.empty())
        entry.name = long_name_;
    if (local_.path)
        entry.name = *local_.path;
    entry.link = header::text(block, header::kLink);
    if (!long_link_.empty())
        entry.link = long_link_;
    if (local_.link)
        entry.link = *local_.link;

    char type = block[header::kType.offset];
    entry.kind = TRY(header::kind_of(type, entry.name), "%s", shown(entry.name).c_str());
    entry.mode = static_cast<mode_t>(TRY(header::number(block, header::kMode)) & 07777);
    entry.uid = local_.uid ? *local_.uid : TRY(header::owner(block, header::kUid));
    entry.gid = local_.gid ? *local_.gid : TRY(header::owner(block, header::kGid));
    entry.mtime =
        local_.mtime ? *local_.mtime
                     : timespec{.tv_sec = TRY(header::number(block, header::kMtime)), .tv_nsec = 0};
    entry.device_major = entry.device_minor = 0;
    if (entry.kind == Kind::char_device || entry.kind == Kind::block_device) {
        entry.device_major =
            static_cast<unsigned>(TRY(header::natural(header::raw(block, header::kMajor))));
        entry.device_minor =
            static_cast<unsigned>(TRY(header::natural(header::raw(block, header::kMinor))));
    }
    entry.xattrs = std::move(local_.xattrs);

    left_ = local_.size.value_or(size);
    if (type >= '1' && type <= '6')  // these have no contents, whatever the size field says
        left_ = 0;
    if (left_ > kMaxFile)
        return Error(EBADMSG, "%s: %llu bytes are too many", shown(entry.name).c_str(),
                     (unsigned long long)left_);
    padding_ = -left_ % kTarBlock;
    entry.size = left_;
    entry.sparse = false;
    entry.extents.clear();
    if (entry.kind == Kind::file)
        TRY(fill_sparse(block, entry), "%s", shown(entry.name).c_str());
    return {};
}

}  // namespace kist::archive
