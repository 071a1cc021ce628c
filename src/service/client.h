// client.h - a command's connection to a container's monitor.

#pragma once

#include <optional>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/string.h"
#include "container/directories.h"

namespace kist::service {

// What of the container's streams a client wants.
struct Attachment {
    bool input = false;
    bool output = false, errors = false;
    bool until_exit = false;  // told of the exit, even without streams
    bool revived = false;     // of start(): its monitor was killed, and this counts as a restart
};

// How an attached client ended.
struct Attended {
    bool detached = false;  // the container lives on
    int exit_code = 0;
    bool oom_killed = false;
};

class Client {
public:
    // A container's monitor, whose state is in `directories`.  ENOENT: it does not run.
    // ETIME: it has not answered for ten seconds.
    static Result<Client> connect(const container::Directories& directories, const String& id,
                                  const Attachment& attachment);
    // Kills the monitor, and with it what it attends to: for one that does not answer.
    static Result<void> kill_monitor(const container::Directories& directories, const String& id);
    explicit Client(Fd socket) : socket_(std::move(socket)) {}

    Result<void> signal(int number);
    // `timeout` in seconds, -1: never kill it.  The monitor keeps the time.
    // `then`: "", kResume or kKeep (protocol.h).
    Result<void> stop(int timeout, int signal, std::string_view then);
    Result<void> reload();  // the Spec was changed

    struct Terminal {
        bool tty = false;                   // the container has a terminal: ours becomes raw
        bool signals = true;                // pass those that we get on
        std::string_view detach_keys = "";  // parsed; "": none
    };
    // Carries bytes between our 0, 1 and 2 and the container until it ends or the detach keys were
    // typed, our terminal has hung up, or nobody reads what we write.  `signals` is from
    // container::catch_signals().  ECONNRESET: its monitor was killed.  EINTR: Ctrl-C does nothing.
    Result<Attended> attend(const Attachment& attachment, const Terminal& terminal,
                            const Fd& signals);
    // Says what is wanted and waits until the monitor has started the container.  `signals` (may be
    // null) are passed on meanwhile.  The error is the one that kept it from starting.
    // ETIME: nothing has happened for `limit_ms` (-1: that may be).
    Result<void> begin(const Attachment& attachment, const Fd* signals, int limit_ms = -1);
    // Waits for the exit that the monitor tells of.
    Result<Attended> wait() const;
    // For poll(2), to which it shows when the monitor is gone.
    const Fd& socket() const { return socket_; }

private:
    static Result<Client> dial(const container::Directories& directories, const String& id);
    Fd socket_;
};

}  // namespace kist::service
