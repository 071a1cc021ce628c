// idmap.cpp - which ids the container has.

#include "container/idmap.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/given_ids.h"
#include "container/outer.h"
#include "container/users.h"

namespace kist::container {

namespace {

constexpr size_t kMaxRanges = 32;  // of one user in /etc/subuid; the kernel takes 340
constexpr size_t kMaxSubidFile = 1 << 20;
constexpr unsigned kAllIds = 4294967295U;

constexpr const char* kProgramDirectories[] = {"/usr/bin", "/bin", "/usr/sbin", "/sbin",
                                               "/usr/local/bin"};

Result<Vector<IdRange>> present_map(const char* path)
{
    return parse_id_map(TRY(fs::read_path(path, 64 << 10)));
}

bool may_administrate()
{
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2] = {};
    if (::syscall(SYS_capget, &header, data) < 0)
        return false;
    return data[0].effective >> CAP_SYS_ADMIN & 1;
}

String text_of(const Vector<IdRange>& ranges)
{
    String text;
    for (const IdRange& range : ranges)
        text += str::format("%s%u:%u", text.empty() ? "" : ",", range.outside, range.count);
    return text;
}

// We are root of a user namespace that somebody made for us: its map is the outer one.
OuterNamespace given_namespace(Vector<IdRange> uids, Vector<IdRange> gids)
{
    OuterNamespace outer;
    outer.given = true;
    unsigned long long ids = 0;
    for (const IdRange& range : uids)
        ids += range.count;
    if (ids > 1) {
        outer.map.tier = image::StoreMap::Tier::subuid;
        outer.map.text = "subuid " + text_of(uids);
    } else {
        outer.map.tier = image::StoreMap::Tier::single;
        outer.map.text = str::format("single %u", uids.empty() ? 0 : uids[0].outside);
        outer.reason = "kist was started in a user namespace with one id";
    }
    outer.uids = std::move(uids);
    outer.gids = std::move(gids);
    return outer;
}

// Why the program cannot give us ids; "" when it can.
String unfit(const char* name, String& path)
{
    path = find_map_program(name);
    if (path.empty())
        return str::format("%s is not installed", name);
    struct stat facts;
    struct statvfs mount;
    if (::stat(path.c_str(), &facts) < 0 || ::statvfs(path.c_str(), &mount) < 0)
        return str::format("%s cannot be read", path.c_str());
    bool set_id = (facts.st_mode & S_ISUID) && facts.st_uid == 0;
    if (!set_id && ::getxattr(path.c_str(), "security.capability", nullptr, 0) <= 0)
        return str::format("%s is neither set-user-id nor has the file capability", path.c_str());
    if (mount.f_flag & ST_NOSUID)
        return str::format("%s is on a file system mounted nosuid", path.c_str());
    return "";
}

String why_no_subuid(OuterNamespace& outer)
{
    if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
        return "kist was started with no_new_privs";
    String path;
    for (const char* name : {"newuidmap", "newgidmap"})
        if (String reason = unfit(name, path); !reason.empty())
            return reason;
    uid_t uid = ::geteuid();
    String number = str::format("%u", uid);
    auto passwd = fs::read_path("/etc/passwd", kMaxUsersFile);
    String name = passwd ? user_name(*passwd, number) : "";
    if (name.empty())
        return str::format("user %u has no name in /etc/passwd, which newuidmap wants", uid);
    outer.uids = subordinate_ids("/etc/subuid", uid, name, number);
    outer.gids = subordinate_ids("/etc/subgid", ::getegid(), name, number);
    if (outer.uids.size() < 2)
        return str::format("/etc/subuid has no ids for %s", name.c_str());
    if (outer.gids.size() < 2)
        return str::format("/etc/subgid has no ids for %s", name.c_str());
    return "";
}

}  // namespace

String find_map_program(const char* name)
{
    for (const char* directory : kProgramDirectories) {
        String path = str::format("%s/%s", directory, name);
        if (::access(path.c_str(), X_OK) == 0)
            return path;
    }
    return "";
}

Result<Vector<IdRange>> parse_id_map(std::string_view text)
{
    Vector<IdRange> ranges;
    while (!text.empty()) {
        Vector<std::string_view> words = str::words(str::cut(text, '\n'));
        if (words.size() != 3)
            continue;
        long long inside = TRY(str::to_integer(words[0]));
        long long outside = TRY(str::to_integer(words[1]));
        long long count = TRY(str::to_integer(words[2]));
        ranges.push_back({unsigned(inside), unsigned(outside), unsigned(count)});
    }
    return ranges;
}

Vector<IdRange> subordinate_ids(const char* path, unsigned own, const String& name,
                                const String& number)
{
    Vector<IdRange> ranges = {{0, own, 1}};
    auto text = fs::read_path(path, kMaxSubidFile);
    if (!text)
        return ranges;
    unsigned next = 1;
    for (std::string_view rest = *text; !rest.empty() && ranges.size() < kMaxRanges;) {
        std::string_view line = str::trim(str::cut(rest, '\n'));
        std::string_view owner = str::cut(line, ':');
        if (owner.empty() || (owner != name && owner != number))
            continue;
        auto start = str::to_integer(str::cut(line, ':'));
        auto count = str::to_integer(line);
        if (!start || !count || *start <= 0 || *count <= 0 || *start + *count > kAllIds ||
            *count > kAllIds - next)
            continue;
        ranges.push_back({next, unsigned(*start), unsigned(*count)});
        next += unsigned(*count);
    }
    return ranges;
}

String map_text(const Vector<IdRange>& ranges, bool identity)
{
    String text;
    for (const IdRange& range : ranges)
        text += str::format("%u %u %u\n", range.inside, identity ? range.inside : range.outside,
                            range.count);
    return text;
}

bool has_id(const Vector<IdRange>& ranges, unsigned id)
{
    if (ranges.empty())
        return true;
    for (const IdRange& range : ranges)
        if (id >= range.inside && id - range.inside < range.count)
            return true;
    return false;
}

Result<OuterNamespace> choose_outer()
{
    uid_t uid = ::geteuid();
    if (uid == 0 && may_administrate()) {
        Vector<IdRange> uids = TRY(present_map("/proc/self/uid_map"));
        if (uids.size() != 1 || uids[0].count != kAllIds)
            return given_namespace(std::move(uids), TRY(present_map("/proc/self/gid_map")));
        OuterNamespace root;
        root.map.text = "root";
        return root;
    }
    if (auto allowed = check_user_namespaces(); !allowed)
        return std::move(allowed).error();

    OuterNamespace outer;
    if (auto given = find_given_ids()) {
        outer.uids = std::move(given->uids);
        outer.gids = std::move(given->gids);
    } else {
        outer.reason = why_no_subuid(outer);
    }
    if (outer.reason.empty()) {
        outer.map.tier = image::StoreMap::Tier::subuid;
        outer.map.text = "subuid " + text_of(outer.uids);
        if (String gids = text_of(outer.gids); !outer.map.text.ends_with(gids))
            outer.map.text += "/" + gids;
        return outer;
    }
    outer.map.tier = image::StoreMap::Tier::single;
    outer.map.text = str::format("single %u", uid);
    outer.uids = {{0, uid, 1}};
    outer.gids = {{0, ::getegid(), 1}};
    return outer;
}

}  // namespace kist::container
