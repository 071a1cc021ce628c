// outer.cpp - the outer user namespace: made once, shared by all of a user's containers.

#include "container/outer.h"

#include <linux/nsfs.h>
#include <linux/sched.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

#include "base/fs.h"
#include "base/process.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/given_ids.h"

namespace kist::container {

namespace {

constexpr long kNsfsMagic = 0x6e736673;
constexpr size_t kMaxRecord = 64 << 10;
constexpr const char* kSysctlHint =
    "as root: echo %s > /etc/sysctl.d/90-kist.conf && sysctl --system";

// A small number in /proc, -1 when the file is not there.
long long number_in(const char* path)
{
    auto text = fs::read_path(path, 256);
    if (!text)
        return -1;
    auto number = str::to_integer(str::trim(*text));
    return number ? *number : -1;
}

Error forbidden(const char* why, String hint)
{
    return Error(EPERM, "containers need user namespaces here: %s", why).with_hint(std::move(hint));
}

// One line of STATE/outer.
struct Member {
    pid_t pid = 0;
    unsigned long long start = 0;
    int descriptor = -1;
    std::string_view map;
};

std::optional<Member> parse_member(std::string_view line)
{
    Member member;
    auto pid = str::to_integer(str::cut(line, ' '));
    auto start = str::to_integer(str::cut(line, ' '));
    auto descriptor = str::to_integer(str::cut(line, ' '));
    if (!pid || !start || !descriptor)
        return std::nullopt;
    member.pid = pid_t(*pid);
    member.start = static_cast<unsigned long long>(*start);
    member.descriptor = int(*descriptor);
    member.map = line;
    return member;
}

bool is_alive(const Member& member)
{
    auto start = process::start_time(member.pid);
    return start && *start == member.start;
}

// The namespace that a member holds, once it is sure that it is one of ours.
std::optional<Fd> namespace_of(const Member& member)
{
    auto opened = sys::open(str::format("/proc/%d/fd/%d", member.pid, member.descriptor), O_RDONLY);
    uid_t owner = 0;
    if (!opened || !is_alive(member) || !is_user_namespace(*opened, owner) || owner != ::geteuid())
        return std::nullopt;
    return std::move(*opened);
}

String read_record(const image::Places& places)
{
    auto text = fs::read(sys::borrow(AT_FDCWD), places.state + "/outer", kMaxRecord);
    return text ? std::move(*text) : String();
}

std::optional<Fd> find_living(const OuterNamespace& outer, const image::Places& places)
{
    auto given = find_given_ids();
    if (given && map_text(given->uids, false) == map_text(outer.uids, false) &&
        map_text(given->gids, false) == map_text(outer.gids, false))
        return std::move(given->user_namespace);
    String text = read_record(places);
    for (std::string_view rest = text; !rest.empty();) {
        auto member = parse_member(str::cut(rest, '\n'));
        if (!member || member->map != outer.map.text)
            continue;
        if (auto found = namespace_of(*member))
            return found;
    }
    return std::nullopt;
}

// Runs newuidmap or newgidmap on `process`.
Result<void> run_map_program(const char* name, pid_t process, const Vector<IdRange>& ranges)
{
    Vector<String> words = {find_map_program(name), str::format("%d", process)};
    for (const IdRange& range : ranges)
        for (unsigned number : {range.inside, range.outside, range.count})
            words.push_back(str::format("%u", number));
    return process::run(words);
}

// Stays outside and maps its parent once that has made its namespace; the parent reads the outcome
// from `result`, empty when all went well.
[[noreturn]] void map_parent(const OuterNamespace& outer, const Fd& made, const Fd& result)
{
    char go = 0;
    pid_t parent = ::getppid();
    if (::read(made.get(), &go, 1) == 1) {
        auto mapped = run_map_program("newuidmap", parent, outer.uids);
        if (mapped)
            mapped = run_map_program("newgidmap", parent, outer.gids);
        if (!mapped)
            (void)sys::write_all(result, mapped.error().message());
    }
    _exit(0);
}

Result<void> unshare_user()
{
    if (::syscall(SYS_unshare, CLONE_NEWUSER) == 0)
        return {};
    int code = errno;
    TRY(check_user_namespaces());
    errno = code;
    return os_error("make a user namespace");
}

Result<void> make_with_programs(const OuterNamespace& outer)
{
    sys::Pipe made = TRY(sys::pipe());
    sys::Pipe result = TRY(sys::pipe());
    pid_t helper = ::fork();
    if (helper < 0)
        return os_error("fork");
    if (helper == 0) {
        made.writer.close();
        map_parent(outer, made.reader, result.writer);
    }
    made.reader.close();
    result.writer.close();
    auto unshared = unshare_user();
    if (unshared)
        (void)sys::write_all(made.writer, "m");
    made.writer.close();
    auto said = sys::read_all(result.reader, 4096);
    (void)sys::retry([&] { return ::waitpid(helper, nullptr, 0); });
    TRY(std::move(unshared));
    if (!said || !said->empty())
        return Error(EPERM, "cannot map the ids of /etc/subuid: %s",
                     said ? said->c_str() : said.error().message().c_str());
    return {};
}

Result<void> make_outer(const OuterNamespace& outer)
{
    if (outer.map.tier == image::StoreMap::Tier::subuid)
        return make_with_programs(outer);
    TRY(unshare_user());
    sys::Borrowed here = sys::borrow(AT_FDCWD);
    (void)fs::poke(here, "/proc/self/setgroups", "deny");
    TRY(fs::poke(here, "/proc/self/gid_map", map_text(outer.gids, false)));
    return fs::poke(here, "/proc/self/uid_map", map_text(outer.uids, false));
}

}  // namespace

Result<void> check_user_namespaces()
{
    if (::access("/proc/self/ns/user", F_OK) < 0)
        return forbidden("this kernel was built without them",
                         "build it with CONFIG_USER_NS=y, or run kist as root");
    if (number_in("/proc/sys/user/max_user_namespaces") == 0)
        return forbidden("the sysctl user.max_user_namespaces is 0",
                         str::format(kSysctlHint, "user.max_user_namespaces=15000"));
    if (number_in("/proc/sys/kernel/unprivileged_userns_clone") == 0)
        return forbidden("the sysctl kernel.unprivileged_userns_clone is 0",
                         str::format(kSysctlHint, "kernel.unprivileged_userns_clone=1"));
    if (number_in("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1) {
        // A profile that allows them shows its name here.
        auto label = fs::read_path("/proc/self/attr/current", 256);
        if (label && str::trim(*label) == "unconfined")
            return forbidden(
                "AppArmor restricts them to programs with a profile",
                str::format(kSysctlHint, "kernel.apparmor_restrict_unprivileged_userns=0"));
    }
    return {};
}

bool is_user_namespace(const Fd& file, uid_t& owner)
{
    return fs::is_on(file, kNsfsMagic) &&
           ::ioctl(file.get(), NS_GET_NSTYPE) == int(CLONE_NEWUSER) &&
           ::ioctl(file.get(), NS_GET_OWNER_UID, &owner) == 0;
}

Result<Fd> lock_outer(const image::Places& places)
{
    TRY(fs::make_directories(places.state, 0700));
    Fd lock = TRY(sys::open(places.state + "/outer.lock", O_RDWR | O_CREAT, 0600));
    TRY(sys::lock(lock, sys::Lock::exclusive));
    return lock;
}

void unlock_outer(const Fd& lock)
{
    // Said aloud, since children hold copies of the descriptor.
    (void)::flock(lock.get(), LOCK_UN);
}

Result<void> become_root_inside()
{
    if (::syscall(SYS_setresgid, 0, 0, 0) < 0 || ::syscall(SYS_setresuid, 0, 0, 0) < 0)
        return os_error("become root of the user namespace");
    return {};
}

Result<Fd> join_outer(const OuterNamespace& outer, const image::Places& places)
{
    // Maps are written through /proc, whose files are root's for who may not be dumped, as after
    // the execution of a file that cannot be read.
    (void)::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    if (!outer.given) {
        if (auto living = find_living(outer, places)) {
            if (::syscall(SYS_setns, living->get(), CLONE_NEWUSER) < 0)
                return os_error("join the user namespace");
        } else {
            TRY(make_outer(outer), "cannot make the user namespace");
        }
        TRY(become_root_inside());
    }
    return sys::open("/proc/self/ns/user", O_RDONLY);
}

Result<void> record_outer(const OuterNamespace& outer, const image::Places& places,
                          const Fd& user_namespace)
{
    String old = read_record(places), text;
    for (std::string_view rest = old; !rest.empty();) {
        std::string_view line = str::cut(rest, '\n');
        auto member = parse_member(line);
        if (member && is_alive(*member))
            text.append(line).append("\n");
    }
    pid_t pid = ::getpid();
    text += str::format("%d %llu %d %s\n", pid, TRY(process::start_time(pid)), user_namespace.get(),
                        outer.map.text.c_str());
    Fd state = TRY(sys::open(places.state, O_RDONLY | O_DIRECTORY));
    return fs::replace(state, "outer", text, 0600, fs::Durable::no);
}

Result<void> write_nested_maps(const OuterNamespace& outer, pid_t process)
{
    Fd directory = TRY(sys::open(str::format("/proc/%d", process), O_RDONLY | O_DIRECTORY));
    TRY(fs::poke(directory, "gid_map", map_text(outer.gids, true)), "cannot map group ids");
    TRY(fs::poke(directory, "uid_map", map_text(outer.uids, true)), "cannot map user ids");
    return {};
}

Result<void> enter_outer(const OuterNamespace& outer, const image::Places& places)
{
    if (outer.map.tier == image::StoreMap::Tier::root)
        return {};
    Fd lock = TRY(lock_outer(places));
    TRY(join_outer(outer, places));
    unlock_outer(lock);
    if (::syscall(SYS_unshare, CLONE_NEWNS) < 0)
        return os_error("make a mount namespace");
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) < 0)
        return os_error("separate the mounts from the host's");
    return {};
}

}  // namespace kist::container
