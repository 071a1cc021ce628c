// signals.cpp - taking signals as they come.

#include "container/signals.h"

#include <sys/signalfd.h>

#include <csignal>

namespace kist::container {

Result<Fd> catch_signals()
{
    sigset_t caught;
    ::sigfillset(&caught);
    // The terminal may stop us as it stops any program, and our own mistakes stay fatal.
    for (int left : {SIGCHLD, SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT, SIGSEGV, SIGBUS, SIGILL, SIGFPE,
                     SIGABRT, SIGSYS, SIGTRAP, SIGURG})
        ::sigdelset(&caught, left);
    if (::sigprocmask(SIG_BLOCK, &caught, nullptr) < 0)
        return os_error("block signals");
    int number = ::signalfd(-1, &caught, SFD_CLOEXEC);
    if (number < 0)
        return os_error("signalfd");
    return Fd(number);
}

}  // namespace kist::container
