// cgroup_files.cpp - reading the files of a cgroup v2 directory.

#include "container/cgroup_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/str.h"
#include "base/string.h"
#include "base/vector.h"

namespace kist::container {

namespace {

void add_processes(const String& path, Vector<pid_t>& found, int depth)
{
    for (pid_t pid : processes_in(path))
        if (pid > 0)
            found.push_back(pid);
    auto directory = sys::open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!directory || depth >= kMaxCgroupDepth)
        return;
    for (const String& name : children_of(*directory))
        add_processes(path + "/" + name, found, depth + 1);
}

}  // namespace

bool has_word(const String& path, std::string_view word)
{
    auto text = fs::read_path(path);
    if (!text)
        return false;
    for (std::string_view each : str::words(str::trim(*text)))
        if (each == word)
            return true;
    return false;
}

Vector<pid_t> processes_in(const String& path)
{
    Vector<pid_t> found;
    auto text = fs::read_path(path + "/cgroup.procs");
    std::string_view rest = text ? std::string_view(*text) : "";
    while (!rest.empty())
        if (auto number = str::to_integer(str::trim(str::cut(rest, '\n'))))
            found.push_back(pid_t(*number));
    return found;
}

Vector<pid_t> processes_below(const String& path)
{
    Vector<pid_t> found;
    add_processes(path, found, 0);
    return found;
}

Vector<String> children_of(const Fd& directory)
{
    Vector<String> found;
    auto names = fs::list(directory);
    if (!names)
        return found;
    for (String& name : *names)
        if (auto about = sys::stat_at(directory, name); about && S_ISDIR(about->st_mode))
            found.push_back(std::move(name));
    return found;
}

Vector<pid_t> foreign_processes(const String& path)
{
    struct stat ours = {};
    bool known = ::stat("/proc/self/exe", &ours) == 0;
    Vector<pid_t> found;
    for (pid_t pid : processes_in(path)) {
        struct stat theirs = {};
        String program = str::format("/proc/%d/exe", pid);
        bool same = pid != 0 && ::stat(program.c_str(), &theirs) == 0 && known &&
                    theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
        // A process that just ended is nobody's.
        if (!same && (pid == 0 || ::access(str::format("/proc/%d", pid).c_str(), F_OK) == 0))
            found.push_back(pid);
    }
    return found;
}

String describe_processes(const Vector<pid_t>& processes)
{
    constexpr size_t kShown = 3;
    String text;
    for (size_t i = 0; i < processes.size() && i < kShown; i++) {
        auto name = fs::read_path(str::format("/proc/%d/comm", processes[i]), 64);
        text += text.empty() ? "" : ", ";
        text += name ? str::format("%s (%d)", String(str::trim(*name)).c_str(), processes[i])
                : processes[i] == 0 ? "one outside of this pid namespace"
                                    : str::format("process %d", processes[i]);
    }
    if (processes.size() > kShown)
        text += str::format(" and %zu more", processes.size() - kShown);
    return text;
}

unsigned long long keyed_number(std::string_view text, std::string_view key)
{
    while (!text.empty()) {
        std::string_view line = str::cut(text, '\n');
        if (str::cut(line, ' ') != key)
            continue;
        auto number = str::to_integer(str::trim(line));
        return number && *number > 0 ? static_cast<unsigned long long>(*number) : 0;
    }
    return 0;
}

}  // namespace kist::container
