// exec.cpp - starting a process in a running container.

#include "container/exec.h"

#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include "base/fs.h"
#include "base/log.h"
#include "base/process.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/become.h"
#include "container/cgroup.h"
#include "container/clone.h"
#include "container/grant.h"
#include "container/processes.h"
#include "container/report.h"
#include "container/scope.h"
#include "container/settings.h"
#include "container/sweep.h"

namespace kist::container {

namespace {

// What is decided before anybody enters.
struct Entry {
    const ExecOptions& options;
    Fd first;       // pidfd of the container's first process, or one like it
    pid_t pid = 0;  // of it
    String proc;    // "/proc/PID" of it
    std::optional<Cgroup> cgroup;
    int namespaces = 0;  // to join: CLONE_NEW*
    Confinement confinement;
    bool single = false;  // id-map tier: there is one identity
    std::optional<int> oom_score;
    rlimit limits[RLIM_NLIMITS] = {};  // those of the first process
    sys::Pipe socket;                  // reader: ours, writer: theirs
    Executed result;
};

// ---- outside ---------------------------------------------------------------------------------

// clang-format off
constexpr struct { const char* name; int flag; } kNamespaces[] = {
    {"cgroup", CLONE_NEWCGROUP},
    {"ipc",    CLONE_NEWIPC},
    {"mnt",    CLONE_NEWNS},
    {"net",    CLONE_NEWNET},
    {"pid",    CLONE_NEWPID},
    {"user",   CLONE_NEWUSER},
    {"uts",    CLONE_NEWUTS},
};
// clang-format on

Error not_running(const Spec& spec)
{
    return Error(ESRCH, "container \"%s\" is not running", spec.name.c_str())
        .with_hint(str::format("\"kist start %s\" starts it", spec.name.c_str()));
}

// Those that it does not share with us: the kernel refuses to join one's own user namespace.
Result<int> foreign_namespaces(const Entry& entry)
{
    int flags = 0;
    for (auto& row : kNamespaces) {
        struct stat ours, theirs;
        String path = str::format("%s/ns/%s", entry.proc.c_str(), row.name);
        if (::stat(str::format("/proc/self/ns/%s", row.name).c_str(), &ours) < 0)
            continue;  // not in this kernel
        if (::stat(path.c_str(), &theirs) < 0)
            return errno == ENOENT ? not_running(entry.options.spec) : os_error("%s", path.c_str());
        if (ours.st_ino != theirs.st_ino || ours.st_dev != theirs.st_dev)
            flags |= row.flag;
    }
    return flags;
}

// The line "NAME:" of /proc/PID/status, or ""; of hexadecimal digits.
uint64_t mask_in_status(const String& status, std::string_view name)
{
    for (std::string_view rest = status; !rest.empty();) {
        std::string_view line = str::cut(rest, '\n');
        if (!line.starts_with(name))
            continue;
        uint64_t mask = 0;
        for (char digit : str::trim(line.substr(name.size())))
            mask = mask << 4 | uint64_t(digit <= '9' ? digit - '0' : digit - 'a' + 10);
        return mask;
    }
    return 0;
}

// The one id that there is, by the container's own number.
Result<unsigned> mapped_id(const Entry& entry, const char* map)
{
    String text = TRY(fs::read_path(str::format("%s/%s", entry.proc.c_str(), map), 4096));
    Vector<std::string_view> words = str::words(text);
    if (words.empty())
        return not_running(entry.options.spec);
    return unsigned(TRY(str::to_integer(words[0])));
}

Result<void> plan_confinement(Entry& entry)
{
    const ExecOptions& options = entry.options;
    const Spec& spec = options.spec;
    bool user_namespace = options.state.tier != "root";
    bool all = options.privileged || spec.privileged;
    Confinement& confinement = entry.confinement;
    entry.single = options.state.tier.starts_with("single");

    confinement.capabilities =
        TRY(grantable(all ? all_capabilities() : spec.capabilities, user_namespace, all));
    // Where there is no device filter the container must not make nodes; nor may we.
    if (!user_namespace && !spec.privileged) {
        String status = TRY(fs::read_path(entry.proc + "/status", 16 << 10));
        if (!Capabilities{mask_in_status(status, "CapBnd:")}.has(CAP_MKNOD))
            confinement.capabilities.remove(CAP_MKNOD);
    }
    confinement.change_identity = !entry.single;
    confinement.keep_groups = spec.keep_groups;
    confinement.no_new_privileges = spec.no_new_privileges;
    confinement.outlives_parent = options.outlives_parent;
    Identity one;
    if (entry.single) {
        one.uid = TRY(mapped_id(entry, "uid_map"));
        one.gid = TRY(mapped_id(entry, "gid_map"));
    }
    return plan_filters(confinement, spec, entry.single ? &one : nullptr);
}

Result<void> plan(Entry& entry)
{
    const ExecOptions& options = entry.options;
    const State& state = options.state;
    std::optional<Fd> first = TRY(find_process(state));
    if (!first)
        return not_running(options.spec);
    entry.first = std::move(*first);
    // Whose namespaces we join lives no longer than the first one; a pidfd holds on to it.
    auto joined = hold_representative(state, entry.first);
    if (!joined)
        return joined.error().is(ESRCH) ? not_running(options.spec) : std::move(joined).error();
    entry.pid = *joined;
    entry.proc = str::format("/proc/%d", entry.pid);
    if (!state.cgroup.empty()) {
        entry.cgroup = TRY(Cgroup::open(state.cgroup));
        auto frozen = entry.cgroup->frozen();
        if (frozen && *frozen)
            return Error(EBUSY, "container \"%s\" is paused", options.spec.name.c_str())
                .with_hint(
                    str::format("\"kist unpause %s\" lets it go on", options.spec.name.c_str()));
    }
    entry.namespaces = TRY(foreign_namespaces(entry), "cannot see the container's namespaces");
    if (auto score = fs::read_path(entry.proc + "/oom_score_adj", 64))
        if (auto number = str::to_integer(str::trim(*score)))
            entry.oom_score = int(*number);
    return plan_confinement(entry);
}

// ---- inside ----------------------------------------------------------------------------------

Result<Identity> identify(const Entry& entry, const Fd& root)
{
    const ExecOptions& options = entry.options;
    const String& user = options.user.empty() ? options.spec.user : options.user;
    Identity identity = TRY(look_up_user(root, user, options.spec.groups));
    if (!entry.single)
        return identity;
    uid_t mapped = ::geteuid();
    if (!options.user.empty() && identity.uid != mapped)
        return Error(EPERM, "user %s: only user %u exists in this container", user.c_str(), mapped)
            .with_hint("its id-map tier is \"single\"; \"kist check\" says how to get more ids");
    identity.uid = mapped;
    identity.gid = ::getegid();
    return identity;
}

// In the new process.
Result<void> run_program(const Entry& entry, const Fd& report)
{
    const ExecOptions& options = entry.options;
    Fd root = TRY(sys::open("/", O_RDONLY | O_DIRECTORY));
    std::optional<Pty> pty;
    if (options.tty)
        pty = TRY(open_pty(root, options.rows, options.columns));
    Identity identity = TRY(identify(entry, root));
    TRY(connect_streams(options.stdio, identity, pty));
    if (pty) {
        Report console = {.kind = Report::Kind::console, .file = std::move(pty->master)};
        TRY(send_report(report, console));
        pty.reset();
    }
    root.close();
    return become_program(
        {.spec = options.spec,
         .argv = options.argv,
         .env = options.env,
         .workdir = options.workdir.empty() ? options.spec.workdir : options.workdir,
         .confinement = entry.confinement,
         .identity = identity,
         .limits = entry.limits},
        report);
}

Result<void> hide()
{
    // What we are and have open is nobody's business who shares a pid namespace with us.
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return os_error("prctl");
    return {};
}

// In the joiner; and in the new process, which comes out of its clone(2) too.
Result<void> join(Entry& entry, const Fd& report)
{
    ::umask(0);
    TRY(set_oom_score(entry.options.spec, entry.oom_score));
    TRY(hide());
    TRY(wait_for_go(report));
    if (::syscall(SYS_setns, entry.first.get(), entry.namespaces) < 0)
        return errno == ESRCH ? not_running(entry.options.spec) : os_error("enter the container");
    TRY(hide());  // joining a user namespace has undone it
    // Only now for sure with the right to do so.
    for (int i = 0; i < RLIM_NLIMITS; i++)
        if (::prlimit(entry.pid, decltype(RLIMIT_CORE)(i), nullptr, &entry.limits[i]) < 0)
            (void)::getrlimit(i, &entry.limits[i]);
    pid_t pid = TRY(clone_process({.sibling = true}), "cannot start a process in the container");
    if (pid == 0)
        return run_program(entry, report);
    Report process = {.kind = Report::Kind::process, .pid = pid};
    return send_report(report, process);
}

[[noreturn]] void run_joiner(Entry& entry, const Fd& report)
{
    auto joined = join(entry, report);
    if (!joined)
        fail(report, joined.error());
    _exit(0);
}

// ---- outside again ---------------------------------------------------------------------------

// The cgroup that the first process is in: where the container has cgroups of its own below the one
// that we made, that one can hold no process any more.
Result<Cgroup> own_cgroup(const Entry& entry)
{
    const String& ours = entry.options.state.cgroup;
    String name = "/kist/" + entry.options.spec.id;
    String text = TRY(fs::read_path(entry.proc + "/cgroup", 64 << 10));
    size_t unified = text.find("0::/");
    size_t begin = unified == text.npos ? text.npos : text.find(name, unified);
    size_t end = begin == text.npos ? text.npos : text.find('\n', begin);
    if (end == text.npos)
        return Error(ENOENT, "the container's first process has left its cgroup");
    begin += name.size();
    return Cgroup::open(ours + text.substr(begin, end - begin));
}

// Where clone3(2) cannot start a process in a cgroup.
Result<void> enter_cgroup(const Entry& entry, pid_t joiner)
{
    auto added = entry.cgroup->add(joiner);
    if (!added && added.error().is(EBUSY))
        added = TRY(own_cgroup(entry)).add(joiner);
    const String& path = entry.cgroup->path();
    if (!added && is_in_scope(path))
        added = move_into_scope(path, joiner);
    if (added)
        return {};
    // The limits are the container's as a whole; what is outside of it would escape them.
    if (entry.options.spec.limits.any())
        return std::move(added)
            .error()
            .context("cannot limit the process as the container")
            .with_hint("exec from where the container was started, under the same cgroup");
    log::debug("not in the container's cgroup: %s", added.error().message().c_str());
    return {};
}

Result<pid_t> start_joiner(Entry& entry)
{
    const Cgroup* cgroup = entry.cgroup ? &*entry.cgroup : nullptr;
    bool in_cgroup = true;
    auto pid = clone_process({.cgroup = cgroup ? &cgroup->directory() : nullptr});
    if (!pid && cgroup) {
        in_cgroup = false;
        pid = clone_process({});
    }
    if (!pid)
        return std::move(pid).error();
    if (*pid == 0) {
        entry.socket.reader.close();
        run_joiner(entry, entry.socket.writer);
    }
    entry.socket.writer.close();
    auto entered = in_cgroup ? Result<void>() : enter_cgroup(entry, *pid);
    if (entered)
        entered = say_go(entry.socket.reader);
    if (!entered) {
        entry.socket.reader.close();  // it ends without the word
        (void)process::wait(*pid);
        return std::move(entered).error();
    }
    return *pid;
}

// Until the program runs: then the last copy of their end of the socket closes.
Result<void> listen_until_executed(Entry& entry)
{
    std::optional<Error> failure;
    for (;;) {
        std::optional<Report> report = TRY(receive_report(entry.socket.reader));
        if (!report)
            break;
        if (report->kind == Report::Kind::failure)
            failure.emplace(std::move(*report).error());
        if (report->kind == Report::Kind::process)
            entry.result.pid = report->pid;
        if (report->kind == Report::Kind::console && report->file)
            entry.result.console = std::move(*report->file);
    }
    if (failure)
        return std::move(*failure);
    if (entry.result.pid == 0)
        return not_running(entry.options.spec);  // killed with the container
    return {};
}

}  // namespace

Result<Executed> execute(const ExecOptions& options)
{
    Entry entry = {.options = options};
    TRY(plan(entry));
    entry.socket = TRY(sys::socket_pair());
    pid_t joiner = TRY(start_joiner(entry));
    auto executed = listen_until_executed(entry);
    (void)process::wait(joiner);
    if (executed)
        entry.result.process = TRY(sys::pidfd_open(entry.result.pid));
    if (executed)
        return std::move(entry.result);
    if (entry.result.pid > 0) {
        (void)::kill(entry.result.pid, SIGKILL);  // our child, not waited for: the pid is its own
        (void)process::wait(entry.result.pid);
    }
    return std::move(executed).error();
}

}  // namespace kist::container
