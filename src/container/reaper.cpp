// reaper.cpp - `--init`: a first process that does nothing but reap and forward.
//
// Its command line would still be kist's, for all in the container to read, so it is blanked.
//
// It is the process that was cloned, after it has taken on the container's identity and
// confinement, and forked: raw system calls only, nothing that a strict seccomp profile would have
// to allow beyond what every program needs.

#include "container/reaper.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "base/fs.h"
#include "base/vector.h"

namespace kist::container {

namespace {

constexpr char kName[] = "kist-init";
constexpr size_t kArgumentsBegin = 45, kArgumentsEnd = 46;  // behind the name in /proc/PID/stat

// arg_start and arg_end of proc(5) say where the words are.
void blank_command_line()
{
    (void)::prctl(PR_SET_NAME, kName, 0, 0, 0);
    auto stat = fs::read_path("/proc/self/stat", 4096);
    if (!stat)
        return;
    Vector<std::string_view> fields =
        str::words(std::string_view(*stat).substr(stat->rfind(')') + 1));
    if (fields.size() <= kArgumentsEnd)
        return;
    auto begin = str::to_integer(fields[kArgumentsBegin]),
         end = str::to_integer(fields[kArgumentsEnd]);
    if (!begin || !end || *begin <= 0 || *end <= *begin)
        return;
    char* words = reinterpret_cast<char*>(*begin);
    auto size = size_t(*end - *begin);
    memset(words, 0, size);
    memcpy(words, kName, size < sizeof kName ? size - 1 : sizeof kName);
}

}  // namespace

void reap_until_done(pid_t child)
{
    blank_command_line();
    sigset_t all;
    ::sigfillset(&all);
    int code = 0;
    for (bool running = true; running;) {
        int signal = ::sigwaitinfo(&all, nullptr);
        if (signal > 0 && signal != SIGCHLD)
            (void)::kill(child, signal);
        int status = 0;
        for (pid_t gone; (gone = ::waitpid(-1, &status, WNOHANG)) > 0;)
            if (gone == child) {
                code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
                running = false;
            }
    }
    _exit(code);
}

}  // namespace kist::container
