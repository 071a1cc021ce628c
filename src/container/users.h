// users.h - who the container's process is: names looked up in the container's own files.

#pragma once

#include <sys/types.h>

#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::container {

inline constexpr size_t kMaxUsersFile = 8 << 20;  // of /etc/passwd and /etc/group, in bytes
inline constexpr size_t kMaxGroups = 65536;       // of one process (NGROUPS_MAX)

struct Identity {
    uid_t uid = 0;
    gid_t gid = 0;
    Vector<gid_t> groups;  // supplementary
    String home = "/";
};

// `user` is "", "name", "uid", "name:group", "uid:gid" or a mix, by docker's rules: an unknown
// number is used as it is, an unknown name is an error (ENOENT); without a group the user's own
// and all that list it as a member; `more` (--group-add) are names or numbers.  Reads
// /etc/passwd and /etc/group below `root`, following links as the container would.
Result<Identity> look_up_user(const Fd& root, const String& user, const Vector<String>& more);

// The same on the texts of the two files, "" for one that is missing.
Result<Identity> look_up_user(std::string_view passwd, std::string_view group, const String& user,
                              const Vector<String>& more);

// The name of the first user with this number in the text of a passwd file; "": there is none.
String user_name(std::string_view passwd, std::string_view uid);

// Whether `user` is settled without looking: "", "0", "root" or "uid:gid".
bool is_plain_user(const String& user, Identity& identity);

}  // namespace kist::container
