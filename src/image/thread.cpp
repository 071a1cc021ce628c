// thread.cpp - a thread with a small stack.

#include "image/thread.h"

#include <sched.h>
#include <signal.h>

#include <memory>

namespace kist::image {

namespace {

struct Start {
    void (*entry)(void*);
    void* argument;
};

void* run(void* start)
{
    Start what = *static_cast<Start*>(start);
    delete static_cast<Start*>(start);
    what.entry(what.argument);
    return nullptr;
}

}  // namespace

Result<Thread> Thread::start(void (*entry)(void*), void* argument)
{
    pthread_attr_t attributes;
    ::pthread_attr_init(&attributes);
    ::pthread_attr_setstacksize(&attributes, kThreadStack);

    // Signals are for the thread that knows what to do about them.
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    auto start = std::make_unique<Start>(Start{entry, argument});
    pthread_t thread;
    int failed = ::pthread_create(&thread, &attributes, run, start.get());
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ::pthread_attr_destroy(&attributes);
    if (failed) {
        errno = failed;
        return os_error("cannot start a thread");
    }
    (void)start.release();
    return Thread(thread);
}

unsigned usable_processors()
{
    cpu_set_t set;
    if (::sched_getaffinity(0, sizeof set, &set) < 0)
        return 1;
    return static_cast<unsigned>(CPU_COUNT(&set));
}

}  // namespace kist::image
