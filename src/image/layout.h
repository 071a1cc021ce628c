// layout.h - the names of the files in a store, and reading and writing them one by one.
//
// docs/formats.md describes them.  Every function takes the store's root directory.  Which of them
// need the store's lock is said; Store takes it.

#pragma once

#include <optional>
#include <string_view>

#include "base/digest.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/result.h"
#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"
#include "image/store.h"
#include "registry/reference.h"

namespace kist::image {

inline constexpr char kVersion[] = "version";
inline constexpr char kLock[] = "lock";
inline constexpr char kReferences[] = "references";
inline constexpr char kImages[] = "images";
inline constexpr char kDiffIds[] = "diff-ids";
inline constexpr char kLayers[] = "layers";
inline constexpr char kStaging[] = "staging";
inline constexpr char kConfig[] = "config.json";
inline constexpr char kManifest[] = "manifest.json";
inline constexpr char kTree[] = "tree";
inline constexpr char kInfo[] = "info";
inline constexpr char kOwners[] = "owners";
inline constexpr char kNeeds[] = "needs";      // in staging/pull-*: diff ids, one a line
inline constexpr char kPulls[] = "pull-";      // staging/pull-*
inline constexpr size_t kMaxRecord = 8 << 10;  // bytes of a file in references/ or of layers/*/info

// What a name means: the contents of references/NAME.
struct Record {
    String reference;  // in full
    Digest id;         // of the configuration
    Digest digest;     // of what the registry named
    String platform;   // that was asked for
};

// The name that a reference is filed under: by its digest when it has one, else by its tag.
String full_name(const registry::Reference& reference);
bool is_by_digest(const Record& record);
// "docker.io/library/alpine" of a full name.
std::string_view repository_of(std::string_view reference);

Result<std::optional<Record>> read_record(const Fd& root, const String& reference);
Result<Vector<Record>> read_records(const Fd& root);
Result<void> write_record(const Fd& root, const Record& record);      // store locked
Result<void> remove_record(const Fd& root, const String& reference);  // store locked

// layers/NUMBER/info.
struct Info {
    Digest diff_id;
    uint64_t size = 0;     // bytes of file contents
    uint64_t entries = 0;  // of the archive
};

// The layer with this diff id; nothing when it is not in the store, or not whole.
Result<std::optional<LayerInfo>> find_layer(const Fd& root, const Digest& diff_id);
// Every layer that counts.
Result<Vector<LayerInfo>> list_layers(const Fd& root);
// Writes `info` beside the tree in `directory`; syncing is the caller's.
Result<void> write_info(const Fd& directory, const Info& info);
// Moves `name` of `staging`, whole and synced, to layers/ and links it.  Store locked shared.
Result<LayerInfo> commit_layer(const Fd& root, const Fd& staging, CStr name, const Info& info);

// images/HEX/config.json.  ENOENT: no such image.
Result<Config> read_config(const Fd& root, const Digest& id);
Result<Vector<Digest>> list_images(const Fd& root);
String image_path(const Digest& id);  // "images/HEX"

// What a user's word for an image means; the record when it was found by a name.  ENOENT: nothing;
// EINVAL: not a name, or the beginning of several ids.
struct Found {
    Digest id;
    std::optional<Record> record;
};
Result<Found> look_up(const Fd& root, std::string_view name);

bool contains(const Vector<Digest>& list, const Digest& digest);
// 64 hex digits; nothing when `text` is something else.
std::optional<Digest> from_hex(std::string_view text);

}  // namespace kist::image
