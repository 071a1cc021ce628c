// exec_session.cpp - a command's side of a process that it started in a container.
//
// One poll(2) loop over a handful of Pumps.  A Pump reads only when its buffer is empty and writes
// only when its target is ready, at most PIPE_BUF bytes at a time: such a write to a ready pipe
// does not block (pipe(7)), and a pty's master is non-blocking.

#include "service/exec_session.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <csignal>

#include "base/process.h"
#include "base/string.h"
#include "base/sys.h"
#include "service/detach_keys.h"

namespace kist::service {

namespace {

constexpr size_t kPumpSize = 16 << 10;

class Pump {
public:
    Pump(int from, int to) : from_(from), to_(to), done_(from < 0) {}

    // What to wait for next; -1 when there is nothing left to do.
    pollfd wish() const
    {
        if (done_)
            return {-1, 0, 0};
        return empty() ? pollfd{from_, POLLIN, 0} : pollfd{to_, POLLOUT, 0};
    }
    bool done() const { return done_; }

    // Goes one step on after poll(2) said that wish() can be had.  False when `keys` were typed.
    bool step(DetachKeys* keys = nullptr)
    {
        bool detached = false;
        if (done_)
            return true;
        if (empty()) {
            char bytes[kPumpSize];
            ssize_t got = sys::retry([&] { return ::read(from_, bytes, sizeof bytes); });
            if (got > 0)
                bytes_ = keys ? keys->filter({bytes, size_t(got)}, detached)
                              : String(bytes, size_t(got));
            else if (got == 0 || errno != EAGAIN)
                done_ = true;  // the end; a pty whose last user is gone says EIO
        } else {
            ssize_t put = ::write(to_, bytes_.data(), std::min<size_t>(bytes_.size(), PIPE_BUF));
            if (put > 0)
                bytes_.erase(0, size_t(put));
            else if (put < 0 && errno != EAGAIN && errno != EINTR)
                done_ = true;  // nobody reads any more
        }
        return !detached;
    }

private:
    bool empty() const { return bytes_.empty(); }

    int from_, to_;
    bool done_;
    String bytes_;
};

class Attendant {
public:
    explicit Attendant(const ExecSession& session)
        : session_(session),
          keys_(session.detach_keys),
          input_(session.input ? 0 : -1, input_of(session)),
          output_(output_of(session), 1),
          errors_(session.streams ? session.streams->errors.get() : -1, 2)
    {
    }

    Result<int> run()
    {
        for (;;) {
            pollfd waits[] = {{session_.process.process.get(), POLLIN, 0},
                              {session_.signals.get(), POLLIN, 0},
                              input_.wish(),
                              output_.wish(),
                              errors_.wish()};
            if (sys::retry([&] { return ::poll(waits, std::size(waits), -1); }) < 0)
                return os_error("poll");
            if (waits[1].revents)
                if (int signal = take_signal())
                    return leave(128 + signal);
            if (waits[2].revents && !input_.step(&keys_))
                return leave(0);
            if (waits[3].revents)
                output_.step();
            if (waits[4].revents)
                errors_.step();
            close_done();
            if (waits[0].revents)
                break;
        }
        drain(output_);
        drain(errors_);
        return process::wait(session_.process.pid);
    }

private:
    static int input_of(const ExecSession& session)
    {
        if (session.process.console)
            return session.process.console->get();
        return session.streams && session.streams->input ? session.streams->input->get() : -1;
    }
    static int output_of(const ExecSession& session)
    {
        return session.streams ? session.streams->output.get() : session.process.console->get();
    }

    // The signal that ends us, or 0.
    int take_signal() const
    {
        signalfd_siginfo info;
        if (::read(session_.signals.get(), &info, sizeof info) != sizeof info)
            return 0;
        auto signal = int(info.ssi_signo);
        if (signal == SIGPIPE)
            return 0;  // our own: somebody has stopped reading
        if (signal != SIGWINCH)
            return signal;
        winsize size;
        if (session_.process.console && ::ioctl(0, TIOCGWINSZ, &size) == 0)
            (void)::ioctl(session_.process.console->get(), TIOCSWINSZ, &size);
        return 0;
    }

    // A closed end is told on: the process sees the end of its input, or a broken pipe.
    void close_done()
    {
        if (!session_.streams)
            return;
        if (input_.done())
            session_.streams->input.reset();
        if (output_.done())
            session_.streams->output.close();
        if (errors_.done())
            session_.streams->errors.close();
    }

    // What was written before the end, and is still in the pipes.  Bounded: what the process has
    // left in the container may write on.  A signal ends it when nobody reads us.
    void drain(Pump& pump) const
    {
        constexpr int kMaxSteps = 1024;  // more than the fullest pipe (1 MiB) takes
        for (int steps = 0; steps < kMaxSteps;) {
            pollfd waits[] = {pump.wish(), {session_.signals.get(), POLLIN, 0}};
            bool writing = waits[0].events == POLLOUT;
            if (waits[0].fd < 0 || ::poll(waits, 2, writing ? -1 : 0) <= 0)
                return;
            if (!waits[0].revents && (!writing || take_signal()))
                return;
            if (waits[0].revents) {
                pump.step();
                steps++;
            }
        }
    }

    Result<int> leave(int code) const
    {
        TRY(leave_deputy(session_));
        return code;
    }

    const ExecSession& session_;
    DetachKeys keys_;
    Pump input_, output_, errors_;
};

// Takes and drops what the process prints until it has ended and all who write are gone, or the
// process has ended and nothing more is at hand.
[[noreturn]] void keep(int process, int output, int errors)
{
    pollfd waits[] = {{process, POLLIN, 0}, {output, POLLIN, 0}, {errors, POLLIN, 0}};
    for (;;) {
        if (sys::retry([&] { return ::poll(waits, std::size(waits), -1); }) < 0)
            _exit(1);
        if (waits[0].revents)
            _exit(0);
        char dropped[4096];
        for (pollfd& wait : waits)
            if (wait.revents &&
                sys::retry([&] { return ::read(wait.fd, dropped, sizeof dropped); }) <= 0 &&
                errno != EAGAIN)
                wait.fd = -1;
    }
}

}  // namespace

Result<void> leave_deputy(const ExecSession& session)
{
    Fd nowhere = TRY(sys::open("/dev/null", O_RDWR));
    pid_t deputy = ::fork();
    if (deputy < 0)
        return os_error("fork");
    if (deputy > 0)
        return {};
    (void)::setsid();
    for (int i = 0; i < 3; i++)
        (void)::dup2(nowhere.get(), i);
    if (session.streams)
        session.streams->input.reset();
    int output = session.streams ? session.streams->output.get() : -1;
    int errors = session.streams ? session.streams->errors.get() : -1;
    if (session.process.console)
        output = session.process.console->get();
    keep(session.process.process.get(), output, errors);
}

Result<int> attend(const ExecSession& session)
{
    return Attendant(session).run();
}

}  // namespace kist::service
