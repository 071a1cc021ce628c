// tar_header.h - one header block of a tar archive: where its fields are and how they are read.
//
// Fields have fixed places (pax(1), "ustar Interchange Format"); GNU and star put other things
// where ustar has its prefix, told apart by the magic.

#pragma once

#include "archive/tar.h"
#include "base/string.h"

namespace kist::archive::header {

using Block = char[kTarBlock];

struct Field {
    size_t offset;
    size_t size;
};

// clang-format off
constexpr Field kName     = {0, 100};
constexpr Field kMode     = {100, 8};
constexpr Field kUid      = {108, 8};
constexpr Field kGid      = {116, 8};
constexpr Field kSize     = {124, 12};
constexpr Field kMtime    = {136, 12};
constexpr Field kChecksum = {148, 8};
constexpr Field kType     = {156, 1};
constexpr Field kLink     = {157, 100};
constexpr Field kMagic    = {257, 6};
constexpr Field kMajor    = {329, 8};
constexpr Field kMinor    = {337, 8};
constexpr Field kPrefix   = {345, 155};
constexpr Field kStarPrefix  = {345, 131};
constexpr Field kStarTrailer = {508, 4};
// GNU's first format for sparse files: pieces here, and in blocks of their own behind the header
constexpr Field kSparseMap      = {386, 4 * 24};
constexpr Field kSparseMore     = {482, 1};
constexpr Field kSparseSize     = {483, 12};
constexpr Field kExtensionMap   = {0, 21 * 24};
constexpr Field kExtensionMore  = {504, 1};
// clang-format on

std::string_view raw(const Block& block, Field field);
// Up to the first NUL, or all of it.
std::string_view text(std::string_view field);
std::string_view text(const Block& block, Field field);

// Octal digits with blanks or NULs around them, or GNU's binary form.  Empty is 0.
Result<int64_t> number(std::string_view field);
Result<int64_t> number(const Block& block, Field field);
// The same, but not below 0.
Result<uint64_t> natural(std::string_view field);

bool checksum_holds(const Block& block);
bool is_zero(const Block& block);
// The name with its prefix, as far as the header alone has it.
String name(const Block& block);
// A user or group; UINT32_MAX is refused because it means "no change" to chown(2).
Result<uint32_t> owner(const Block& block, Field field);
// What an entry of this type and name is; EBADMSG for types that are not known.
Result<Kind> kind_of(char type, std::string_view name);

}  // namespace kist::archive::header
