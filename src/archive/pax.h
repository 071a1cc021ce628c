// pax.h - the extended headers of POSIX.1-2001 (pax(1), "pax Header Block") and GNU's in them.

#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::archive {

constexpr size_t kMaxSpecial = 1 << 20;    // bytes of one extended header or long name
constexpr size_t kMaxExtents = 64 << 10;   // of a sparse file
constexpr size_t kMaxXattrs = 256;         // of one file
constexpr uint64_t kMaxFile = 1ull << 44;  // bytes of one file, holes included

struct Xattr {
    String name;
    String value;
};

// A piece of a sparse file that has data.
struct Extent {
    uint64_t offset;
    uint64_t length;
};

// What the records say; what is not set is as the entry's own header says.
struct Pax {
    std::optional<String> path;
    std::optional<String> link;
    std::optional<uint64_t> size;
    std::optional<uint32_t> uid;
    std::optional<uint32_t> gid;
    std::optional<timespec> mtime;
    Vector<Xattr> xattrs;

    // GNU.sparse.*: format 0.0 lists offsets and lengths in records, 0.1 in one map, 1.0 in front
    // of the contents.
    std::optional<String> sparse_name;
    std::optional<uint64_t> sparse_size;
    String sparse_major;
    String sparse_minor;
    bool has_map = false;
    Vector<Extent> map;

    // Takes the records of one extended header over those that are there already; an empty value
    // takes a record back.
    Result<void> add(std::string_view records);
};

// A whole number in decimal, nothing around it.
Result<uint64_t> to_number(std::string_view text);

}  // namespace kist::archive
