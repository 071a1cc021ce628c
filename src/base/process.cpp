// process.cpp - starting outside programs and waiting for children.

#include "base/process.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/string.h"
#include "base/sys.h"
#include "base/vector.h"

namespace kist::process {

namespace {

[[noreturn]] void become(char* const* argv, int errors)
{
    char* const environment[] = {nullptr};
    if (::dup2(errors, 2) >= 0)
        ::execve(argv[0], argv, environment);
    _exit(127);
}

}  // namespace

int exit_code(int wait_status)
{
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

Result<int> wait(pid_t child)
{
    int status = 0;
    if (sys::retry([&] { return ::waitpid(child, &status, 0); }) < 0)
        return os_error("wait for process %d", child);
    return exit_code(status);
}

Result<void> run(std::span<const String> argv)
{
    Vector<char*> words;
    for (const String& word : argv)
        words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);

    sys::Pipe errors = TRY(sys::pipe());
    pid_t child = ::fork();
    if (child < 0)
        return os_error("fork for %s", words[0]);
    if (child == 0)
        become(words.data(), errors.writer.get());

    errors.writer.close();
    auto said = sys::read_all(errors.reader, 4096);
    int status = TRY(wait(child));
    if (status != 0)
        return Error(ECHILD, "%s failed: %s", words[0],
                     said && !said->empty() ? String(str::trim(*said)).c_str()
                                            : str::format("status %d", status).c_str());
    return {};
}

Result<unsigned long long> start_time(pid_t pid)
{
    auto stat = fs::read_path(str::format("/proc/%d/stat", pid), 4096);
    if (!stat)
        return Error(ESRCH, "process %d is gone", pid);
    // The name, in parentheses, may itself hold spaces and parentheses.
    std::string_view rest = std::string_view(*stat).substr(stat->rfind(')') + 1);
    Vector<std::string_view> fields = str::words(rest);
    if (fields.size() < 20)
        return Error(EBADMSG, "cannot read the start time of process %d", pid);
    return static_cast<unsigned long long>(TRY(str::to_integer(fields[19])));
}

Result<String> boot_id()
{
    String text = TRY(fs::read_path("/proc/sys/kernel/random/boot_id", 64));
    return String(str::trim(text));
}

bool is_marked(const Fd& directory, CStr name)
{
    auto marked = fs::read(directory, name);
    auto boot = boot_id();
    return marked && boot && *marked == *boot;
}

Result<void> mark(const Fd& directory, CStr name)
{
    String boot = TRY(boot_id());
    return fs::replace(directory, name, boot, 0600, fs::Durable::no);
}

}  // namespace kist::process
