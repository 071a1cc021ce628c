// tar.h - the tar format as a stream of entries: v7, ustar, pax (POSIX.1-2001) and GNU.
//
// Headers that only describe the next entry (long names, pax records, sparse maps) are taken in
// here; who reads sees one Entry for each file and then its bytes.  Nothing that an archive says
// makes this use more than a few MB, and nothing is interpreted: names are given as they stand.

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <string_view>

#include "archive/pax.h"
#include "base/result.h"
#include "base/stream.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::archive {

enum class Kind : char {
    file = '0',
    hard_link = '1',
    symlink = '2',
    char_device = '3',
    block_device = '4',
    directory = '5',
    fifo = '6',
};

struct Entry {
    String name;
    String link;  // target of a hard link or symlink
    Kind kind = Kind::file;
    mode_t mode = 0;  // permissions and set-id bits, without the file type
    uint32_t uid = 0;
    uint32_t gid = 0;
    timespec mtime = {};
    unsigned device_major = 0;
    unsigned device_minor = 0;
    uint64_t size = 0;  // of the file when it is made, holes included
    bool sparse = false;
    Vector<Extent> extents;  // where the contents belong, when sparse
    Vector<Xattr> xattrs;
};

constexpr size_t kTarBlock = 512;

class Tar {
public:
    // `source` is borrowed.
    explicit Tar(Reader& source) : source_(source) {}

    // Reads the next entry, past what is left of the one before.  False at the end of the archive;
    // the source has then been read to its end, so that a digest over it is complete.
    Result<bool> next(Entry& entry);

    // The next bytes of the entry's contents, at most `most`; empty at their end.  For a sparse
    // file these are the extents' bytes one after the other.  Valid until the next call.
    Result<std::string_view> contents(uint64_t most = UINT64_MAX);

private:
    using Block = char[kTarBlock];

    Result<bool> read_block(Block& block);
    Result<bool> read_header(Block& block);
    Result<std::string_view> some(uint64_t most);
    Result<String> read_special(const char* what, uint64_t size);
    Result<void> skip_rest();
    Result<void> drain();
    Result<void> finish(const Block& block, Entry& entry, uint64_t size);
    Result<void> fill_sparse(const Block& block, Entry& entry);
    Result<void> read_old_map(const Block& block, Entry& entry);
    Result<void> read_new_map(Entry& entry);

    Reader& source_;
    std::string_view view_;  // read from the source and not used yet
    uint64_t left_ = 0;      // contents of the current entry still to come
    uint64_t padding_ = 0;   // and what fills its last block
    bool ended_ = false;
    Pax global_;
    Pax local_;
    String long_name_;
    String long_link_;
};

// A name from an archive as an error message shows it: shortened, without control characters.
String shown(std::string_view name);

}  // namespace kist::archive
