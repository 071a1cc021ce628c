// monitor.cpp - attending a running container.
//
// One poll(2) loop over a handful of Pumps.  A Pump reads only when its buffer is empty and writes
// only when its target is ready, at most PIPE_BUF bytes at a time: such a write to a ready pipe
// does not block (pipe(7)), and a pty's master is non-blocking, so a caller who does not read never
// keeps signals, or the other stream, from getting through.

#include "container/monitor.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <csignal>

#include "base/process.h"
#include "base/sys.h"

namespace kist::container {

namespace {

constexpr size_t kPumpSize = 16 << 10;

class Pump {
public:
    Pump(int from, int to) : from_(from), to_(to) {}

    // What to wait for next; -1 when there is nothing left to do.
    pollfd wish() const
    {
        if (done_)
            return {-1, 0, 0};
        return empty() ? pollfd{from_, POLLIN, 0} : pollfd{to_, POLLOUT, 0};
    }
    bool done() const { return done_; }
    void stop() { done_ = true; }

    // Goes one step on after poll(2) said that wish() can be had.
    void step()
    {
        if (done_)
            return;
        if (empty()) {
            ssize_t got = sys::retry([&] { return ::read(from_, buffer_, sizeof buffer_); });
            if (got > 0)
                begin_ = 0, end_ = size_t(got);
            else if (got == 0 || errno != EAGAIN)
                done_ = true;  // the end; a pty whose last user is gone says EIO
        } else {
            ssize_t put = ::write(to_, buffer_ + begin_, std::min<size_t>(end_ - begin_, PIPE_BUF));
            if (put > 0)
                begin_ += size_t(put);
            else if (put < 0 && errno != EAGAIN && errno != EINTR)
                done_ = true;  // nobody reads any more
        }
    }

private:
    bool empty() const { return begin_ == end_; }

    int from_, to_;
    size_t begin_ = 0, end_ = 0;
    bool done_ = false;
    char buffer_[kPumpSize];
};

void forward_signal(const Fd& signals, const Launched& container)
{
    signalfd_siginfo info;
    if (::read(signals.get(), &info, sizeof info) != sizeof info)
        return;
    auto signal = int(info.ssi_signo);
    if (signal == SIGWINCH && container.console)
        copy_size(0, *container.console);
    else if (signal != SIGPIPE)  // our own: somebody has stopped reading
        (void)sys::pidfd_send_signal(container.process, signal);  // it may have ended just now
}

// The pumps of one container, and closing what they end.
struct Plumbing {
    Pump input, output, errors;
    Streams* streams;

    // A closed end is told on: the container sees the end of its input, or a broken pipe.
    void close_done()
    {
        if (!streams)
            return;
        if (input.done() && streams->input)
            streams->input.reset();
        if (output.done())
            streams->output.close();
        if (errors.done())
            streams->errors.close();
    }
};

// What the container has written before it ended, and is still in the pipes.  Bounded: with the
// host's processes somebody may write on.  A signal ends it when nobody reads us.
void drain(Pump& pump, const Fd& signals)
{
    constexpr int kMaxSteps = 1024;  // more than the fullest pipe (1 MiB) takes
    for (int steps = 0; steps < kMaxSteps;) {
        pollfd waits[] = {pump.wish(), {signals.get(), POLLIN, 0}};
        bool writing = waits[0].events == POLLOUT;
        if (waits[0].fd < 0 || ::poll(waits, 2, writing ? -1 : 0) <= 0)
            return;
        if (waits[0].revents) {
            pump.step();
            steps++;
            continue;
        }
        signalfd_siginfo info;
        if (!writing || ::read(signals.get(), &info, sizeof info) != sizeof info)
            return;
        if (info.ssi_signo != SIGWINCH && info.ssi_signo != SIGPIPE)
            return;
    }
}

}  // namespace

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

Result<int> attend(Launched& container, Streams* streams, const Fd& signals, bool interactive)
{
    int console = container.console ? container.console->get() : -1;
    int input = streams && streams->input ? streams->input->get() : console;
    Plumbing plumbing = {
        .input = {interactive ? 0 : -1, input},
        .output = {streams ? streams->output.get() : console, 1},
        .errors = {streams ? streams->errors.get() : -1, 2},
        .streams = streams,
    };
    Pump* pumps[] = {&plumbing.input, &plumbing.output, &plumbing.errors};

    for (;;) {
        pollfd waits[5] = {{container.process.get(), POLLIN, 0}, {signals.get(), POLLIN, 0}};
        for (size_t i = 0; i < std::size(pumps); i++)
            waits[2 + i] = pumps[i]->wish();
        if (sys::retry([&] { return ::poll(waits, std::size(waits), -1); }) < 0)
            return os_error("poll");
        if (waits[1].revents)
            forward_signal(signals, container);
        for (size_t i = 0; i < std::size(pumps); i++)
            if (waits[2 + i].revents)
                pumps[i]->step();
        plumbing.close_done();
        // Our terminal, or who reads us, is gone: the container's terminal hangs up.
        if (container.console &&
            (plumbing.output.done() || (interactive && plumbing.input.done()))) {
            plumbing.input.stop();
            plumbing.output.stop();
            container.console.reset();
        }
        if (waits[0].revents)
            break;
    }
    drain(plumbing.output, signals);
    drain(plumbing.errors, signals);
    return process::wait(container.pid);
}

}  // namespace kist::container
