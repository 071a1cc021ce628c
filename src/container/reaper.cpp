// reaper.cpp - `--init`: a first process that does nothing but reap and forward.
//
// It is the process that was cloned, after it has taken on the container's identity and
// confinement, and forked: raw system calls only, nothing that a strict seccomp profile would have
// to allow beyond what every program needs.

#include "container/reaper.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace kist::container {

void reap_until_done(pid_t child)
{
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
