// sparse.cpp - the maps of sparse files, in the four ways that GNU tar has written them.
//
// Old GNU: in the header and in blocks behind it.  pax 0.0 and 0.1: in records (pax.cpp).  pax 1.0:
// in front of the contents.  Each ends as Entry::extents, checked against size and contents.

#include "archive/tar.h"
#include "archive/tar_header.h"
#include "base/string.h"

namespace kist::archive {

namespace {

// Pieces must lie in the file one behind the other; empty ones are dropped.
Result<void> check_map(Entry& entry)
{
    uint64_t end = 0;
    for (const Extent& extent : entry.extents) {
        if (extent.offset < end || extent.offset > entry.size ||
            extent.length > entry.size - extent.offset)
            return Error(EBADMSG, "a damaged map of a sparse file");
        end = extent.offset + extent.length;
    }
    erase_if(entry.extents, [](const Extent& extent) { return extent.length == 0; });
    return {};
}

}  // namespace

Result<void> Tar::fill_sparse(const Block& block, Entry& entry)
{
    const String version = local_.sparse_major + "." + local_.sparse_minor;
    bool old_format = block[header::kType.offset] == 'S';
    bool in_contents = version == "1.0";
    if (!old_format && !in_contents && !local_.has_map) {
        if (version != ".")
            return Error(EBADMSG, "sparse format %s is not known", shown(version).c_str());
        return {};
    }
    if (local_.sparse_name)
        entry.name = *local_.sparse_name;
    if (local_.sparse_size)
        entry.size = *local_.sparse_size;
    entry.sparse = true;
    if (old_format)
        TRY(read_old_map(block, entry));
    else if (in_contents)
        TRY(read_new_map(entry));
    else
        entry.extents = std::move(local_.map);

    if (entry.size > kMaxFile)
        return Error(EBADMSG, "%llu bytes are too many", (unsigned long long)entry.size);
    TRY(check_map(entry));
    uint64_t sum = 0;
    for (const Extent& extent : entry.extents)
        sum += extent.length;
    if (sum != left_)
        return Error(EBADMSG, "the map of a sparse file does not match its contents");
    return {};
}

Result<void> Tar::read_old_map(const Block& block, Entry& entry)
{
    entry.size = TRY(header::natural(header::raw(block, header::kSparseSize)));
    std::string_view map = header::raw(block, header::kSparseMap);
    bool more = block[header::kSparseMore.offset] != 0;
    Block extension;
    for (;;) {
        for (; map.size() >= 24 && map[0] != 0; map.remove_prefix(24)) {
            if (entry.extents.size() >= kMaxExtents)
                return Error(EBADMSG, "more than %zu pieces", kMaxExtents);
            uint64_t offset = TRY(header::natural(map.substr(0, 12)));
            uint64_t length = TRY(header::natural(map.substr(12, 12)));
            entry.extents.push_back({offset, length});
        }
        if (!more)
            return {};
        if (!TRY(read_block(extension)))
            return Error(EBADMSG, "the archive ends in the middle");
        map = header::raw(extension, header::kExtensionMap);
        more = extension[header::kExtensionMore.offset] != 0;
    }
}

// The map stands in front of the contents, in decimal lines: how many pieces, then for each its
// offset and length; filled up to a whole block.
Result<void> Tar::read_new_map(Entry& entry)
{
    constexpr size_t kMaxLine = 20;
    String line;
    uint64_t numbers = 0, expected = 1, used = 0;
    while (numbers < expected) {
        std::string_view bytes = TRY(contents(1));
        used++;
        if (bytes.empty() || line.size() > kMaxLine)
            return Error(EBADMSG, "a damaged map of a sparse file");
        if (bytes[0] != '\n') {
            line += bytes[0];
            continue;
        }
        uint64_t value = TRY(to_number(line));
        line.clear();
        if (numbers == 0 && value > kMaxExtents)
            return Error(EBADMSG, "more than %zu pieces", kMaxExtents);
        if (numbers == 0)
            expected = 1 + 2 * value;
        else if (numbers % 2 == 1)
            entry.extents.push_back({value, 0});
        else
            entry.extents.back().length = value;
        numbers++;
    }
    for (uint64_t rest = -used % kTarBlock; rest > 0;) {
        std::string_view bytes = TRY(contents(rest));
        if (bytes.empty())
            return Error(EBADMSG, "a damaged map of a sparse file");
        rest -= bytes.size();
    }
    return {};
}

}  // namespace kist::archive
