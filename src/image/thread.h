// thread.h - a thread with a small stack that is always joined.

#pragma once

#include <pthread.h>

#include <utility>

#include "base/result.h"

namespace kist::image {

// Stacks are touched only as far as they are used; musl's default of 128 KiB is too little for TLS
// with certificates to verify.
inline constexpr size_t kThreadStack = 512 << 10;

class Thread {
public:
    // Runs entry(argument) in a thread that leaves all signals to the others.
    static Result<Thread> start(void (*entry)(void*), void* argument);
    // Runs body(), which is borrowed until join().
    template <class Body>
    static Result<Thread> start(Body& body)
    {
        return start([](void* argument) { (*static_cast<Body*>(argument))(); }, &body);
    }
    Thread(Thread&& other) noexcept
        : thread_(other.thread_), running_(std::exchange(other.running_, false))
    {
    }
    ~Thread() { join(); }

    void join()
    {
        if (std::exchange(running_, false))
            ::pthread_join(thread_, nullptr);
    }

private:
    explicit Thread(pthread_t thread) : thread_(thread), running_(true) {}
    pthread_t thread_;
    bool running_;
};

// How many processors this process may use (sched_getaffinity(2)).
unsigned usable_processors();

}  // namespace kist::image
