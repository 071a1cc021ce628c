// given_ids.cpp - the outer user namespace that root makes for a user at boot.

#include "container/given_ids.h"

#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/outer.h"

namespace kist::container {

namespace {

constexpr const char* kDirectory = "/run/kist-users";
constexpr const char* kNamespace = "namespace";
constexpr unsigned kFirstId = 100000;   // as useradd(8) gives them: to uid 1000
constexpr unsigned kFirstUser = 1000;   // the first range
constexpr unsigned kRangeSize = 65536;  // ids
constexpr unsigned kRanges = 60000;     // that fit below 2^32
constexpr size_t kMaxSubidFile = 1 << 20;

String directory_of(uid_t uid)
{
    return str::format("%s/%u", kDirectory, uid);
}

// The kept namespace of `uid`, with its maps.  ENOENT.
Result<GivenIds> open_given(uid_t uid)
{
    Fd directory = TRY(sys::open(directory_of(uid), O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    struct stat facts = TRY(sys::stat(directory));
    if (facts.st_uid != 0 || (facts.st_mode & 022))
        return Error(EPERM, "%s is not root's alone", directory_of(uid).c_str());
    GivenIds given;
    given.user_namespace = TRY(sys::open_at(directory, kNamespace, O_RDONLY | O_NOFOLLOW));
    uid_t owner = 0;
    if (!is_user_namespace(given.user_namespace, owner) || owner != uid)
        return Error(ENOENT, "%s holds no user namespace", directory_of(uid).c_str());
    String uids = TRY(fs::read(directory, "uid_map"));
    String gids = TRY(fs::read(directory, "gid_map"));
    given.uids = TRY(parse_id_map(uids));
    given.gids = TRY(parse_id_map(gids));
    return given;
}

// In the child: makes the namespace as the user, whose it thus is, and waits until it is kept.
[[noreturn]] void own_namespace(const Identity& identity, const Fd& made, const Fd& kept)
{
    char byte = 0;
    bool is_made = ::syscall(SYS_setgroups, 0, nullptr) == 0 &&
                   ::syscall(SYS_setresgid, identity.gid, identity.gid, identity.gid) == 0 &&
                   ::syscall(SYS_setresuid, identity.uid, identity.uid, identity.uid) == 0 &&
                   // The files in /proc/self belong to the user again (proc(5)).
                   ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0 &&
                   ::syscall(SYS_unshare, CLONE_NEWUSER) == 0;
    int code = is_made ? 0 : errno;
    (void)!::write(made.get(), &code, sizeof code);
    (void)!::read(kept.get(), &byte, 1);
    _exit(0);
}

Result<void> keep(pid_t process, const Fd& directory, const String& path,
                  const Vector<IdRange>& uids, const Vector<IdRange>& gids)
{
    Fd about = TRY(sys::open(str::format("/proc/%d", process), O_RDONLY | O_DIRECTORY));
    TRY(fs::poke(about, "gid_map", map_text(gids, false)), "cannot map group ids");
    TRY(fs::poke(about, "uid_map", map_text(uids, false)), "cannot map user ids");
    TRY(fs::replace(directory, "gid_map", map_text(gids, false), 0644, fs::Durable::no));
    TRY(fs::replace(directory, "uid_map", map_text(uids, false), 0644, fs::Durable::no));
    String target = path + "/" + kNamespace;
    (void)::umount2(target.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
    TRY(sys::open_at(directory, kNamespace, O_WRONLY | O_CREAT | O_NOFOLLOW, 0444));
    return sys::mount(str::format("/proc/%d/ns/user", process).c_str(), target, nullptr, MS_BIND,
                      nullptr);
}

Result<void> make_given(const Identity& identity, const Vector<IdRange>& uids,
                        const Vector<IdRange>& gids)
{
    String path = directory_of(identity.uid);
    Fd directory = TRY(fs::make_directories(path, 0755));
    TRY(check_user_namespaces());
    sys::Pipe made = TRY(sys::pipe());
    sys::Pipe kept = TRY(sys::pipe());
    pid_t child = ::fork();
    if (child < 0)
        return os_error("fork");
    if (child == 0) {
        kept.writer.close();
        own_namespace(identity, made.writer, kept.reader);
    }
    made.writer.close();
    Undo end([&] {
        kept.writer.close();
        (void)sys::retry([&] { return ::waitpid(child, nullptr, 0); });
    });
    int code = 0;
    if (TRY(sys::read(made.reader, &code, sizeof code)) != sizeof code)
        return Error(ECHILD, "the process that makes a user namespace died");
    if (code != 0) {
        errno = code;
        return os_error("make a user namespace for uid %u", identity.uid);
    }
    return keep(child, directory, path, uids, gids);
}

// The user's ranges in /etc/subuid or /etc/subgid, made when there are none.
Vector<IdRange> ranges_of(const char* path, unsigned own, uid_t uid, const String& name)
{
    Vector<IdRange> ranges = subordinate_ids(path, own, name, str::format("%u", uid));
    if (ranges.size() > 1)
        return ranges;
    auto text = fs::read_path(path, kMaxSubidFile);
    unsigned first = choose_range(text ? *text : "", uid);
    ranges.push_back({1, first, kRangeSize});
    auto file = sys::open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0644);
    auto added =
        file ? sys::write_all(
                   *file, str::format("%s%s:%u:%u\n",
                                      text && !text->empty() && !text->ends_with('\n') ? "\n" : "",
                                      name.c_str(), first, kRangeSize))
             : std::move(file).error();
    if (!added)
        log::debug("%s has no ids for %s, and cannot be written: %s", path, name.c_str(),
                   added.error().message().c_str());
    return ranges;
}

bool same(const Vector<IdRange>& a, const Vector<IdRange>& b)
{
    return map_text(a, false) == map_text(b, false);
}

}  // namespace

std::optional<GivenIds> find_given_ids()
{
    auto given = open_given(::geteuid());
    if (!given)
        return std::nullopt;
    return std::move(*given);
}

unsigned choose_range(std::string_view subid, unsigned uid)
{
    unsigned slot = (uid >= kFirstUser ? uid - kFirstUser : uid + kRanges / 2) % kRanges;
    for (unsigned tries = 0; tries < kRanges; tries++, slot = (slot + 1) % kRanges) {
        long long first = kFirstId + static_cast<long long>(slot) * kRangeSize;
        bool taken = false;
        for (std::string_view rest = subid; !rest.empty();) {
            std::string_view line = str::trim(str::cut(rest, '\n'));
            (void)str::cut(line, ':');
            auto start = str::to_integer(str::cut(line, ':'));
            auto count = str::to_integer(line);
            taken |= start && count && *start < first + kRangeSize && first < *start + *count;
        }
        if (!taken)
            return unsigned(first);
    }
    return kFirstId;
}

Result<void> give_ids(const Identity& identity, const String& name)
{
    Vector<IdRange> uids = ranges_of("/etc/subuid", identity.uid, identity.uid, name);
    Vector<IdRange> gids = ranges_of("/etc/subgid", identity.gid, identity.uid, name);
    auto given = open_given(identity.uid);
    if (given && same(given->uids, uids) && same(given->gids, gids))
        return {};
    return make_given(identity, uids, gids);
}

}  // namespace kist::container
