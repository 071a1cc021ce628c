// processes.cpp - the processes of a running container, as the host's /proc shows them.

#include "container/processes.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>

#include "base/fs.h"
#include "base/string.h"
#include "base/vector.h"
#include "container/cgroup_files.h"

namespace kist::container {

namespace {

constexpr size_t kMaxStat = 4096;

unsigned long long number(std::string_view text)
{
    auto value = str::to_integer(text);
    return value ? static_cast<unsigned long long>(*value) : 0;
}

Result<Vector<pid_t>> all_processes()
{
    Vector<pid_t> all;
    Fd proc = TRY(sys::open("/proc", O_RDONLY | O_DIRECTORY));
    for (const String& name : TRY(fs::list(proc)))
        if (auto pid = str::to_integer(name))
            all.push_back(pid_t(*pid));
    return all;
}

// The inode of its pid namespace; 0 when it is gone or not to be looked at.
ino_t pid_namespace(pid_t pid)
{
    struct stat facts;
    return ::stat(str::format("/proc/%d/ns/pid", pid).c_str(), &facts) == 0 ? facts.st_ino : 0;
}

// Whether `pid` is below `ancestor`, or it.
bool descends(pid_t pid, pid_t ancestor)
{
    constexpr int kMaxAncestors = 1024;
    for (int i = 0; i < kMaxAncestors && pid > 1 && pid != ancestor; i++) {
        auto facts = read_process(pid);
        pid = facts ? facts->parent : 0;
    }
    return pid == ancestor;
}

int by_number(const void* left, const void* right)
{
    return *static_cast<const pid_t*>(left) - *static_cast<const pid_t*>(right);
}

}  // namespace

Result<ProcessFacts> read_process(pid_t pid)
{
    String directory = str::format("/proc/%d", pid);
    struct stat owner;
    auto text = fs::read_path(directory + "/stat", kMaxStat);
    if (!text || ::stat(directory.c_str(), &owner) < 0)
        return Error(ESRCH, "process %d is gone", pid);
    size_t open = text->find('('), close = text->rfind(')');
    if (open == text->npos || close == text->npos || close < open)
        return Error(EBADMSG, "%s/stat is unreadable", directory.c_str());
    Vector<std::string_view> fields = str::words(std::string_view(*text).substr(close + 1));
    constexpr size_t kFirst = 3;  // the number that proc(5) gives to the first of them
    auto field = [&](size_t which) {
        return which - kFirst < fields.size() ? fields[which - kFirst] : std::string_view();
    };
    ProcessFacts facts;
    facts.pid = pid;
    facts.uid = owner.st_uid;
    facts.name = text->substr(open + 1, close - open - 1);
    facts.state = field(3).empty() ? '?' : field(3)[0];
    facts.parent = pid_t(number(field(4)));
    facts.terminal = int(number(field(7)));
    facts.ticks = number(field(14)) + number(field(15));
    facts.priority = static_cast<long long>(number(field(18)));
    facts.nice = static_cast<long long>(number(field(19)));
    facts.threads = static_cast<long long>(number(field(20)));
    facts.start = number(field(22));
    facts.size = number(field(23));
    facts.resident = number(field(24));
    return facts;
}

Result<pid_t> representative_of(const State& state)
{
    if (pid_namespace(state.pid))
        return state.pid;
    unsigned long long oldest = 0;
    pid_t child = state.pid;
    for (pid_t pid : TRY(all_processes())) {
        auto facts = read_process(pid);
        if (!facts || facts->parent != state.pid || (child != state.pid && facts->start >= oldest))
            continue;
        child = pid;
        oldest = facts->start;
    }
    return child;
}

Result<pid_t> hold_representative(const State& state, Fd& process)
{
    pid_t pid = TRY(representative_of(state));
    if (pid == state.pid)
        return pid;
    // Asked after the pidfd was opened: it holds on to the process that is asked about.
    process = TRY(sys::pidfd_open(pid));
    auto facts = read_process(pid);
    if (!facts || facts->parent != state.pid)
        return Error(ESRCH, "process %d is gone", pid);
    return pid;
}

Result<Vector<pid_t>> processes_of(const State& state)
{
    Vector<pid_t> found;
    if (!state.cgroup.empty())
        found = processes_below(state.cgroup);
    if (found.empty()) {
        ino_t ours = pid_namespace(TRY(representative_of(state)));
        bool shared = ours == pid_namespace(getpid());
        for (pid_t pid : TRY(all_processes()))
            if (pid == state.pid || (ours && !shared && pid_namespace(pid) == ours) ||
                (shared && descends(pid, state.pid)))
                found.push_back(pid);
    }
    ::qsort(found.data(), found.size(), sizeof(pid_t), by_number);
    return found;
}

}  // namespace kist::container
